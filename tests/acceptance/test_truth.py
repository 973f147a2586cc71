"""The database is what the portal is: field by field, pass after pass, with as few requests as there can be."""

from __future__ import annotations

import pytest
from acceptance.mirror import summary
from acceptance.syncing import BOOKKEEPING, CONTENT, Rehearsal, rehearsal

from gateway.ports import Pass

PORTALS = ("data-gouv-fr", "data-gov")
SEEDS = (1, 2, 3)
ALLOWANCE = 1.05


async def _check(mirror: Rehearsal, kind: Pass) -> None:
    outcome = await mirror.run(kind)
    assert (outcome.state, outcome.notice) == ("DONE", None)
    found = await mirror.differences()
    assert not found, f"{len(found)} differences after {mirror.passes}:\n{summary(found)}"
    minimum = mirror.minimum()
    assert outcome.requests <= minimum * ALLOWANCE, f"{outcome.requests} requests, {minimum} would do"


async def _unchanged(mirror: Rehearsal, kind: Pass) -> None:
    before = await mirror.written()
    await _check(mirror, kind)
    after = await mirror.written()
    grown = {table: after[table] - before.get(table, 0) for table in after}
    assert {table: grown[table] for table in CONTENT if grown[table]} == {}
    streams = len(mirror.adapter.streams)
    for table in BOOKKEEPING:
        assert grown[table] <= {"sync_run": 2, "sync_stream": streams, "lease": streams + 2}.get(table, 0), (
            table
        )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("portal", PORTALS)
async def test_a_mirror_kept_current_day_by_day_equals_the_truth(
    portal: str, seed: int, database_url: str
) -> None:
    async with rehearsal(portal, database_url, seed=seed) as mirror:
        await _check(mirror, Pass.RECONCILE)
        await _unchanged(mirror, Pass.POLL)
        await _unchanged(mirror, Pass.RECONCILE)
        mirror.sandbox.advance(1)
        await _check(mirror, Pass.POLL)
        await _check(mirror, Pass.RECONCILE)
        for _ in range(3):
            mirror.sandbox.advance(1)
            assert (await mirror.run(Pass.POLL)).state == "DONE"
        mirror.sandbox.advance(1)
        await _check(mirror, Pass.POLL)
        await _check(mirror, Pass.RECONCILE)
        await _unchanged(mirror, Pass.POLL)


@pytest.mark.parametrize("days", [1, 5])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("portal", PORTALS)
async def test_a_first_load_of_a_moved_world_equals_the_truth(
    portal: str, seed: int, days: int, database_url: str
) -> None:
    async with rehearsal(portal, database_url, seed=seed) as mirror:
        mirror.sandbox.advance(days)
        await _check(mirror, Pass.RECONCILE)
        mirror.sandbox.advance(1)
        await _check(mirror, Pass.POLL)
