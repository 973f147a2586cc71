from __future__ import annotations

import json

import pytest
from api.world import FR, NOW, World, gid, hours_ago

from gateway.cli.query import subscribes
from gateway.resources import operations
from harvest_graphql.engine import Engine

SINCE = "2026-01-01T00:00:00Z"
VARIABLES = {
    "what-broke": {"since": SINCE},
    "organization-errors": {"organization": gid("Organization", "epa")},
    "failed-jobs": {"since": SINCE},
    "source-as-of": {"portal": "data-gov", "slug": "air", "asOf": hours_ago(5).isoformat()},
    "source-live": {"portal": "data-gov", "slug": "air"},
    "job-live": {"portal": "data-gov", "nativeId": "air-00"},
    "source-detail": {"portal": "data-gov", "slug": "air"},
    "job-detail": {"id": gid("HarvestJob", "air-00")},
    "record-payload": {"id": gid("HarvestRecord", "r0")},
    "provenance": {"id": gid("HarvestRecord", "r0")},
    "failed-records": {"source": gid("HarvestSource", "air")},
    "search": {"text": "air quality"},
    "search-sources": {"name": "air"},
}
FOLLOWED = sorted(name for name, text in operations().items() if subscribes(text))
RUN = sorted(operations().keys() - set(FOLLOWED))


@pytest.mark.parametrize("name", RUN)
async def test_every_operation_answers_with_one_statement_per_root_field(engine: Engine, name: str) -> None:
    before = engine.sent
    answer = json.loads(await engine.execute(operations()[name], VARIABLES.get(name, {})))
    assert "errors" not in answer
    assert engine.sent - before == len(answer["data"])
    assert all(value for value in answer["data"].values())


@pytest.mark.parametrize("name", FOLLOWED)
async def test_every_subscription_is_told_with_one_statement_at_a_time(engine: Engine, name: str) -> None:
    before = engine.sent
    answer = json.loads(await engine.execute(operations()[name]))
    assert "errors" not in answer
    assert engine.sent - before == len(answer["data"]) == 1
    assert all(answer["data"].values())


@pytest.mark.parametrize("name", [*RUN, *FOLLOWED])
async def test_every_operation_says_what_it_answers_and_is_named_after_its_file(name: str) -> None:
    text = operations()[name]
    title = "".join(word.capitalize() for word in name.split("-"))
    assert text.startswith("# ")
    assert f"\n{'subscription' if name in FOLLOWED else 'query'} {title}" in text


def test_there_are_at_least_twelve() -> None:
    assert len(RUN) >= 12


async def test_what_broke_names_the_source_and_the_error(engine: Engine) -> None:
    answer = json.loads(await engine.execute(operations()["what-broke"], {"since": SINCE}))
    jobs = answer["data"]["harvestJobs"]
    assert [(job["status"], job["source"]["name"]) for job in jobs["nodes"]] == [
        ("FAILED", "Air quality"),
        ("PARTIAL", "Air quality"),
        ("LOST", "Air quality"),
    ]
    assert jobs["nodes"][0]["ofTheRun"]["nodes"][0]["message"].startswith("Cannot reach")
    assert jobs["nodes"][0]["ofRecords"]["totalCount"] == 3


async def test_what_vanished_and_what_is_lost(engine: Engine) -> None:
    vanished = json.loads(await engine.execute(operations()["what-vanished"]))["data"]
    assert {node["title"] for node in vanished["datasets"]["nodes"]} == {
        "Title of lost-set",
        "Title of gone-set",
    }
    assert [node["name"] for node in vanished["harvestSources"]["nodes"]] == ["Old source"]
    assert vanished["harvestSources"]["nodes"][0]["lastSeenAt"] == "2026-11-18T20:00:00.000000Z"
    lost = json.loads(await engine.execute(operations()["lost-jobs"], {"portal": ["data-gouv-fr"]}))["data"]
    assert [job["id"] for job in lost["harvestJobs"]["nodes"]] == [gid("HarvestJob", "geo-0", FR)]


async def test_what_fails_again_and_again(engine: Engine) -> None:
    failing = operations()["failing-sources"]
    for times, expected in ((1, ["geo", "air"]), (2, ["geo"]), (None, [])):
        given = {} if times is None else {"times": times}
        answer = json.loads(await engine.execute(failing, given))
        found = answer["data"]["harvestSources"]
        assert [node["url"].split("/")[2].split(".")[0] for node in found["nodes"]] == expected
        assert found["totalCount"] == len(expected)
    answer = json.loads(await engine.execute(failing, {"times": 1}))
    errors = answer["data"]["harvestSources"]["nodes"][1]["lastJob"]["errors"]
    assert errors["nodes"][0]["message"].startswith("Cannot reach")


async def test_what_runs_for_too_long(own_engine: Engine, own_world: World) -> None:
    await own_world.connection.execute("UPDATE sync_stream SET polled_at = $1 WHERE portal = 1", NOW)
    for span, expected in (("PT30M", ["Géo 100%"]), (None, [])):
        given = {} if span is None else {"longerThan": span}
        answer = json.loads(await own_engine.execute(operations()["stuck-runs"], given))
        assert [job["source"]["name"] for job in answer["data"]["harvestJobs"]["nodes"]] == expected


async def test_provenance_tells_of_the_document_and_of_the_fields(engine: Engine) -> None:
    answer = json.loads(
        await engine.execute(operations()["provenance"], {"id": gid("HarvestRecord", "geo-1/0", FR)})
    )
    record = answer["data"]["node"]
    assert record["document"]["endpoint"] == "/harvest/job/geo-1/"
    assert record["document"]["text"] is None
    assert [rule["pointer"] for rule in record["ofStatus"]["rules"]] == ["/status", None]
    assert record["ofCreatedAt"]["rules"][0]["clock"] == "UTC_ASSUMED"
    assert record["ofAction"] is None
