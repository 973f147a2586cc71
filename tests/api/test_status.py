from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import Any

import asyncpg
from api.engines import engine_on
from api.world import GOV, Ask, World, hours_ago

from gateway.fetch.breaker import Breaker
from gateway.store import breakers, ledger
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


async def test_only_a_pass_that_read_all_it_was_to_read_makes_data_fresh(
    own_engine: Engine, own_world: World
) -> None:
    pass_: dict[str, Any] = {"portal": GOV, "baseline": False, "requests": 1, "tallies": {}}
    for hours, kind, state, whole, expected in (
        (3.5, "POLL", "INCOMPLETE", False, "08:00"),
        (3, "POLL", "INCOMPLETE", True, "09:00"),  # all was read, and something could not be proved
        (2.5, "RENORMALISE", "DONE", None, "09:00"),
        (2, "POLL", "FAILED", None, "09:00"),
        (1.5, "POLL", "RUNNING", None, "09:00"),
        (1, "RECONCILE", "DONE", None, "11:00"),  # of a gateway that did not say yet what it read
    ):
        await own_world.add(
            ledger.SyncRun, kind=kind, state=state, whole=whole, started_at=hours_ago(hours), **pass_
        )
        answer = json.loads(await own_engine.execute("{ harvestSources { totalCount } }"))
        polled = answer["extensions"]["freshness"]["data-gov"]["polledAt"]
        assert polled == f"2026-11-20T{expected}:00.000000Z", (kind, state)


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

    async with engine_on(pool) as engine:
        answer = json.loads(
            await engine.execute("{ portals { key } harvestSources { nodes { id } pageInfo { endCursor } } }")
        )
        assert answer["data"] == {
            "portals": [],
            "harvestSources": {"nodes": [], "pageInfo": {"endCursor": None}},
        }
        assert {name: answer["extensions"][name] for name in ("freshness", "notices")} == {
            "freshness": {},
            "notices": [],
        }


def _failed(breaker: Breaker, now: datetime) -> None:
    breaker.failed(now, "The portal cannot answer now (503).")


async def test_users_see_that_a_portal_is_left_alone_and_why(own_engine: Engine, own_world: World) -> None:
    document = """{ portal(key: "data-gov") { breakerState breakerUntil
                    sync { breaker { state since until reason failures } } } }"""
    answer = json.loads(await own_engine.execute(document))
    closed = {"state": "CLOSED", "since": None, "until": None, "reason": None, "failures": 0}
    assert answer["data"]["portal"]["sync"]["breaker"] == closed
    for hours in (3, 2, 1):
        now = hours_ago(hours)
        await breakers.change(own_world.connection, GOV, partial(_failed, now=now))
    answer = json.loads(await own_engine.execute(document))
    assert answer["data"]["portal"] == {
        "breakerState": "OPEN",
        "breakerUntil": "2026-11-20T11:01:00.000000Z",
        "sync": {
            "breaker": {
                "state": "OPEN",
                "since": "2026-11-20T11:00:00.000000Z",
                "until": "2026-11-20T11:01:00.000000Z",
                "reason": "The portal cannot answer now (503).",
                "failures": 3,
            }
        },
    }
