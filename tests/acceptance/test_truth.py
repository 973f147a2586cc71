"""The database is what the portal is: field by field, pass after pass, with as few requests as there can be.

Each wire is held against its portal's truth at one seed a case; ``make truth`` (``GATEWAY_TRUTH=all``) takes every
wire through every case at all three seeds.
"""

from __future__ import annotations

import os

import pytest
from acceptance.mirror import summary
from acceptance.syncing import BOOKKEEPING, CONTENT, Rehearsal, rehearsal
from acceptance.wires import WIRES, Wire

from gateway.ports import Pass
from gateway.sync.passes import NOTE_SECONDS
from gateway.sync.progress import RunSummary

SEEDS = (1, 2, 3)
ALL = os.environ.get("GATEWAY_TRUTH") == "all"
ALLOWANCE = 1.05


def _seeds(shift: int) -> list[tuple[Wire, int]]:
    """Return each wire with the seeds at which it is tried here: all, else one, another for each *shift*."""
    chosen = ((wire, SEEDS[(number + shift) % len(SEEDS)]) for number, wire in enumerate(WIRES))
    return [(wire, seed) for wire in WIRES for seed in SEEDS] if ALL else list(chosen)


async def _check(mirror: Rehearsal, kind: Pass) -> RunSummary:
    outcome = await mirror.run(kind)
    assert (outcome.state, outcome.notice) == ("DONE", None)
    found = await mirror.differences()
    assert not found, f"{len(found)} differences after {mirror.passes}:\n{summary(found)}"
    minimum = mirror.minimum()
    assert outcome.requests <= minimum * ALLOWANCE, f"{outcome.requests} requests, {minimum} would do"
    return outcome


async def _unchanged(mirror: Rehearsal, kind: Pass) -> None:
    before = await mirror.written()
    outcome = await _check(mirror, kind)
    after = await mirror.written()
    grown = {table: after[table] - before.get(table, 0) for table in after}
    assert {table: grown[table] for table in CONTENT if grown[table]} == {}
    streams = len(mirror.adapter.streams)
    notes = 2 + int(outcome.seconds / NOTE_SECONDS)
    most = {"sync_run": notes, "sync_stream": streams, "lease": streams + 2}
    if kind is Pass.RECONCILE:
        most["data_version"] = streams  # rows were last seen later: answers that say so are kept no longer
    for table in BOOKKEEPING:
        assert grown[table] <= most.get(table, 0), table


@pytest.mark.parametrize(("wire", "seed"), _seeds(0), ids=str)
async def test_a_mirror_kept_current_day_by_day_equals_the_truth(
    wire: Wire, seed: int, database_url: str
) -> None:
    async with rehearsal(
        wire.adapter, database_url, seed=seed, dialect=wire.dialect, settings=wire.settings
    ) as mirror:
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


@pytest.mark.parametrize(
    ("wire", "seed", "days"),
    [(wire, seed, days) for shift, days in ((1, 1), (2, 5)) for wire, seed in _seeds(shift)],
    ids=str,
)
async def test_a_first_load_of_a_moved_world_equals_the_truth(
    wire: Wire, seed: int, days: int, database_url: str
) -> None:
    async with rehearsal(
        wire.adapter, database_url, seed=seed, dialect=wire.dialect, settings=wire.settings
    ) as mirror:
        mirror.sandbox.advance(days)
        await _check(mirror, Pass.RECONCILE)
        mirror.sandbox.advance(1)
        await _check(mirror, Pass.POLL)
