"""The passes as a list, when the next ones are due, and who is at work."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api.world import FR, GOV, World, hours_ago

from gateway.store import lease, ledger, timetable
from harvest_graphql.engine import Engine
from harvest_graphql.visibility import READ_PRIVATE

KINDS = ("POLL", "RECONCILE", "POLL")


@pytest.fixture
async def passes(own_engine: Engine, own_world: World) -> Engine:
    """An engine over seven passes: three of data-gouv-fr, four of data-gov."""
    for portal in (FR, GOV):
        for hours, kind in enumerate(KINDS):
            await own_world.add(
                ledger.SyncRun, portal=portal, kind=kind, state="FAILED" if hours == 2 else "DONE",
                baseline=kind == "RECONCILE", started_at=hours_ago(hours), requests=hours, tallies={},
            )  # fmt: skip
    return own_engine


async def _asked(engine: Engine, document: str, **variables: Any) -> Any:
    answer = json.loads(await engine.execute(document, variables))
    assert "errors" not in answer, answer
    return answer["data"]


async def test_passes_are_listed_the_newest_first_in_pages(passes: Engine) -> None:
    page = """query ($after: Cursor) { syncRuns(first: 3, after: $after) {
        totalCount nodes { id portal { key } kind state requests } pageInfo { hasNextPage endCursor } } }"""
    seen: list[tuple[str, int]] = []
    ids: set[str] = set()
    cursor = None
    for more in (True, True, False):
        found = (await _asked(passes, page, after=cursor))["syncRuns"]
        assert (found["totalCount"], found["pageInfo"]["hasNextPage"]) == (7, more)
        seen += [(node["portal"]["key"], node["requests"]) for node in found["nodes"]]
        ids.update(node["id"] for node in found["nodes"])
        cursor = found["pageInfo"]["endCursor"]
    assert [requests for _, requests in seen] == [0, 0, 1, 1, 2, 2, 7]
    assert len(ids) == 7


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ('{portal: ["data-gouv-fr"]}', 3),
        ("{kind: [RECONCILE]}", 2),
        ("{state: [FAILED, RUNNING]}", 2),
        ('{portal: ["data-gov"], kind: [POLL], state: [DONE]}', 2),
        ("{baseline: false}", 5),
        ('{startedAtGte: "2026-11-20T11:00:00Z"}', 4),
    ],
)
async def test_passes_are_found_by_what_they_were(passes: Engine, narrowed: str, expected: int) -> None:
    found = await _asked(passes, f"{{ syncRuns(filter: {narrowed}) {{ totalCount nodes {{ kind }} }} }}")
    assert (found["syncRuns"]["totalCount"], len(found["syncRuns"]["nodes"])) == (expected, expected)


async def test_both_speeds_and_who_is_at_work_are_told(own_engine: Engine, own_world: World) -> None:
    asked = '{ portal(key: "data-gov") { sync { nextPollAt nextReconcileAt working worker } } }'
    connection = own_world.connection
    nothing = {"nextPollAt": None, "nextReconcileAt": None, "working": False, "worker": None}
    assert (await _asked(own_engine, asked))["portal"]["sync"] == nothing
    await timetable.settle(connection, GOV, {"POLL": 300.0, "RECONCILE": None}, 0)
    held = await lease.take(connection, GOV, "portal", "here:1")
    found = (await _asked(own_engine, asked))["portal"]["sync"]
    assert found.pop("nextPollAt") is not None
    assert found == {"nextReconcileAt": None, "working": True, "worker": None}
    private = json.loads(await own_engine.execute(asked, scopes=frozenset({READ_PRIVATE})))
    assert private["data"]["portal"]["sync"]["worker"] == "here:1"
    await lease.give_back(connection, held)
    assert (await _asked(own_engine, asked))["portal"]["sync"]["working"] is False


async def test_a_pass_that_gets_on_is_seen_at_once(own_engine: Engine, own_world: World) -> None:
    asked = "{ syncRuns(first: 1) { nodes { requests } } }"
    before = await _asked(own_engine, asked)
    await own_world.connection.execute("UPDATE sync_run SET requests = requests + 1")
    assert await _asked(own_engine, asked) != before
