"""What an event of a subscription says: where each portal's pass stands, in one statement."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from api.world import FR, GOV, World, hours_ago

from gateway.store import ledger
from harvest_graphql.engine import Engine
from harvest_graphql.schema import core

WATCH = """subscription ($portal: String) { syncProgress(portal: $portal) { portals {
  portal { key sync { state } }
  run { kind state baseline startedAt endedAt requests notice }
  streams { stream done total new changed gone quarantined requests ended }
  lastFailure { startedAt notice }
} } }"""


async def told(engine: Engine, document: str = WATCH, **variables: Any) -> Any:
    return json.loads(await engine.execute(document, variables))


async def running(world: World, portal: int = GOV, **values: Any) -> None:
    usual = {
        "kind": "POLL",
        "state": "RUNNING",
        "baseline": False,
        "requests": 3,
        "started_at": hours_ago(0.5),
    }
    await world.add(ledger.SyncRun, portal=portal, **{**usual, **values})


async def test_an_event_tells_where_each_portal_stands(own_world: World, own_engine: Engine) -> None:
    noted = {
        "sources": {
            "fetched": 7,
            "new": 1,
            "changed": 2,
            "gone": 3,
            "quarantined": 4,
            "requests": 5,
            "expected": 9,
        }
    }
    await running(own_world, tallies=noted)
    before = own_engine.sent
    answer = await told(own_engine)
    assert own_engine.sent == before + 1
    portals = answer["data"]["syncProgress"]["portals"]
    assert [each["portal"]["key"] for each in portals] == ["data-gouv-fr", "data-gov"]
    gov = portals[1]
    assert (gov["run"]["kind"], gov["run"]["state"], gov["run"]["endedAt"]) == ("POLL", "RUNNING", None)
    sources = next(each for each in gov["streams"] if each["stream"] == "sources")
    assert sources == {
        "stream": "sources", "done": 7, "total": 9, "new": 1, "changed": 2, "gone": 3, "quarantined": 4,
        "requests": 5, "ended": False,
    }  # fmt: skip
    assert answer["extensions"]["cost"]["nodes"] > 0


async def test_an_event_tells_of_one_portal(own_engine: Engine) -> None:
    answer = await told(own_engine, portal="data-gouv-fr")
    assert [each["portal"]["key"] for each in answer["data"]["syncProgress"]["portals"]] == ["data-gouv-fr"]
    assert (await told(own_engine, portal=None))["data"]["syncProgress"]["portals"][1:]


async def test_an_unknown_portal_is_refused_as_in_a_filter(own_engine: Engine) -> None:
    watched = await told(own_engine, portal="nowhere")
    listed = await told(own_engine, '{ harvestSources(filter: {portal: ["nowhere"]}) { totalCount } }')
    assert watched["errors"] == listed["errors"]
    assert watched["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_last_failure_stays_known(own_world: World, own_engine: Engine) -> None:
    failed = {"state": "FAILED", "notice": "It is down.", "ended_at": hours_ago(1), "tallies": {}}
    await running(own_world, FR, started_at=hours_ago(2), **failed)
    await running(own_world, FR, tallies={})
    (portal,) = (await told(own_engine, portal="data-gouv-fr"))["data"]["syncProgress"]["portals"]
    assert portal["run"]["state"] == "RUNNING"
    assert portal["lastFailure"]["notice"] == "It is down."
    assert portal["lastFailure"]["startedAt"] == "2026-11-20T10:00:00.000000Z"


async def test_streams_of_which_nothing_is_noted_yet_are_at_zero(
    own_world: World, own_engine: Engine
) -> None:
    await running(own_world, tallies={})
    (portal,) = (await told(own_engine, portal="data-gov"))["data"]["syncProgress"]["portals"]
    assert [each["done"] for each in portal["streams"]] == [0] * len(portal["streams"])
    assert portal["streams"]
    assert not any(each["ended"] for each in portal["streams"])
    assert all(each["total"] is None for each in portal["streams"])


async def test_a_portal_without_a_pass_has_no_streams(own_engine: Engine, pool: asyncpg.Pool) -> None:
    await pool.execute("DELETE FROM sync_run")
    (portal,) = (await told(own_engine, portal="data-gov"))["data"]["syncProgress"]["portals"]
    assert (portal["run"], portal["streams"], portal["lastFailure"]) == (None, [], None)


@pytest.mark.parametrize(
    "document",
    [
        "subscription { a: syncProgress { portals { __typename } } b: syncProgress { portals { __typename } } }",
        "subscription { __typename }",
        "subscription { syncProgress @skip(if: true) { portals { portal { key } } } }",
    ],
)
async def test_a_subscription_has_one_field(own_engine: Engine, document: str) -> None:
    answer = await told(own_engine, document)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_renormalisation_is_a_kind_of_pass(own_world: World, own_engine: Engine) -> None:
    tallies = {"HarvestJob": {"fetched": 2, "changed": 1}}
    await running(own_world, kind="RENORMALISE", tallies=tallies, started_at=hours_ago(0.1))
    (portal,) = (await told(own_engine, portal="data-gov"))["data"]["syncProgress"]["portals"]
    assert portal["run"]["kind"] in core().type_map["PassKind"].values
    jobs = next(each for each in portal["streams"] if each["stream"] == "HarvestJob")
    assert (jobs["done"], jobs["changed"]) == (2, 1)


async def test_the_example_of_the_readme_can_be_watched(own_engine: Engine) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (document,) = re.findall(r"`(subscription \{ syncProgress.*?)`;", readme, re.DOTALL)
    assert "errors" not in await told(own_engine, document)
