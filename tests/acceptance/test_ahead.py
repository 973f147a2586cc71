"""A portal that may be asked for several things at once: the same requests, the same database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from acceptance.mirror import summary
from acceptance.syncing import CONTENT, Rehearsal, rehearsal

from gateway.ports import Pass
from gateway.sandbox.faults import Fault

CONNECTIONS = 4


@pytest.fixture
async def mirror(database_url: str) -> AsyncIterator[Rehearsal]:
    settings = {"connections": CONNECTIONS}
    async with rehearsal("data-gouv-fr", database_url, seed=2, settings=settings) as found:
        found.asking["connections"] = CONNECTIONS
        yield found


async def test_passes_end_in_the_truth_with_as_few_requests(mirror: Rehearsal) -> None:
    for days in (0, 1, 3):
        mirror.sandbox.advance(days)
        outcome = await mirror.run(Pass.RECONCILE)
        assert (outcome.state, outcome.notice) == ("DONE", None)
        found = await mirror.differences()
        assert not found, summary(found)
        assert outcome.requests <= mirror.minimum() * 1.05
    before = await mirror.written()
    await mirror.run(Pass.RECONCILE)
    after = await mirror.written()
    assert {table: after[table] - before[table] for table in CONTENT if after[table] != before[table]} == {}


async def test_a_first_load_in_slices_goes_on_where_it_stopped(mirror: Rehearsal) -> None:
    mirror.max_requests = 23
    states: list[str] = []
    while not states or states[-1] != "DONE":
        assert len(states) < 60, "the first load does not end"
        states.append((await mirror.run(Pass.POLL)).state)
    assert set(states[:-1]) == {"INCOMPLETE"}
    found = await mirror.differences()
    assert not found, summary(found)


async def test_a_run_that_fails_costs_those_before_it_nothing(mirror: Rehearsal) -> None:
    mirror.backoff_seconds = 0.0
    mirror.sandbox.faults.orders.append(Fault("status-503", path="/harvest/job/", after=20, times=None))
    broken = await mirror.run(Pass.POLL)
    assert broken.state == "FAILED"
    mirror.sandbox.faults.clear()
    assert await mirror.connection.fetchval("SELECT count(*) FROM scope WHERE stream = 'records'") >= 8
    assert (await mirror.run(Pass.POLL)).state == "DONE"
    found = await mirror.differences()
    assert not found, summary(found)


@pytest.mark.parametrize(("before", "then"), [("v16", "v17"), ("v17", "v16")])
async def test_lists_asked_for_in_the_ways_of_another_generation_are_asked_for_again(
    before: str, then: str, database_url: str
) -> None:
    settings = {"connections": CONNECTIONS}
    async with rehearsal("data-gouv-fr", database_url, seed=2, dialect=before, settings=settings) as mirror:
        mirror.asking["connections"] = CONNECTIONS
        assert (await mirror.run(Pass.RECONCILE)).state == "DONE"
        mirror.sandbox.speak(then)
        mirror.sandbox.advance(1)
        for kind in (Pass.RECONCILE, Pass.POLL):
            assert (await mirror.run(kind)).state == "DONE"
            found = await mirror.differences()
            assert not found, summary(found)
        again = await mirror.run(Pass.RECONCILE)
        assert sum(each.new + each.changed + each.gone for each in again.streams.values()) == 0
