from __future__ import annotations

import json

import asyncpg
from api.world import Ask

from harvest_graphql.engine import Engine


async def test_every_answer_says_how_fresh_it_is(answer: Ask) -> None:
    found = await answer("{ harvestSources { totalCount } }")
    assert found["extensions"]["freshness"] == {
        "data-gouv-fr": {"state": "LOADING", "polledAt": None, "reconciledAt": None, "complete": False},
        "data-gov": {
            "state": "READY",
            "polledAt": "2026-11-20T08:00:00.000000Z",
            "reconciledAt": "2026-11-19T11:00:00.000000Z",
            "complete": True,
        },
    }


async def test_sandboxes_failures_and_first_loads_are_noticed(answer: Ask) -> None:
    found = await answer("{ harvestSources { totalCount } }")
    assert [(notice["code"], notice["portal"]) for notice in found["extensions"]["notices"]] == [
        ("PORTAL_FAILED", "data-gouv-fr"),
        ("SANDBOX", "data-gov"),
    ]
    assert "SANDBOX" in found["extensions"]["notices"][1]["message"]


async def test_private_fields_are_null_with_a_notice(answer: Ask) -> None:
    document = """{ harvestSource(portal: "data-gov", slug: "air") { notificationFrequency notificationEmails }
                    harvestSources { nodes { emails: notificationEmails } } }"""
    found = await answer(document)
    assert found["data"]["harvestSource"] == {"notificationFrequency": "ON_ERROR", "notificationEmails": None}
    assert [node["emails"] for node in found["data"]["harvestSources"]["nodes"]] == [None] * 3
    private = [notice for notice in found["extensions"]["notices"] if notice["code"] == "PRIVATE"]
    assert [notice["field"] for notice in private] == ["HarvestSource.notificationEmails"]
    assert "secret@example.org" not in json.dumps(found)


async def test_an_empty_database_answers(pool: asyncpg.Pool) -> None:

    engine = Engine(pool)
    answer = json.loads(
        await engine.execute("{ portals { key } harvestSources { nodes { id } pageInfo { endCursor } } }")
    )
    assert answer["data"] == {"portals": [], "harvestSources": {"nodes": [], "pageInfo": {"endCursor": None}}}
    assert {name: answer["extensions"][name] for name in ("freshness", "notices")} == {
        "freshness": {},
        "notices": [],
    }
    await engine.close()
