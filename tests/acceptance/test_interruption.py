"""A pass that is interrupted at any moment goes on, and ends where an undisturbed one would have ended."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest
from acceptance.mirror import summary
from acceptance.syncing import rehearsal

from gateway.ports import Pass
from gateway.sync.progress import RunSummary, Silent

PORTALS = ("data-gouv-fr", "data-gov")
SLICE = 60
AGAIN_PER_PASS = 5
"""Requests that a pass of a first load may repeat: the short lists that it always reads."""


@pytest.mark.parametrize("portal", PORTALS)
async def test_a_first_load_in_slices_of_requests_loses_and_repeats_nothing(
    portal: str, database_url: str
) -> None:
    async with rehearsal(portal, database_url, seed=4) as mirror:
        mirror.max_requests = SLICE
        outcomes: list[RunSummary] = []
        while not outcomes or outcomes[-1].state != "DONE":
            assert len(outcomes) < 60, "the first load does not end"
            outcomes.append(await mirror.run(Pass.POLL))
            assert outcomes[-1].state in {"DONE", "INCOMPLETE"}
            assert outcomes[-1].notice is None
        found = await mirror.differences()
        assert not found, summary(found)
        requests = sum(outcome.requests for outcome in outcomes)
        assert requests <= mirror.minimum() * 1.05 + AGAIN_PER_PASS * len(outcomes)


class _Impatient(Silent):
    """Cancels its task after so many units."""

    def __init__(self, units: int) -> None:
        self.left = units

    def advanced(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()


@pytest.mark.parametrize("portal", PORTALS)
async def test_a_cancelled_pass_is_gone_on_with(portal: str, database_url: str) -> None:
    dice = random.Random(portal)
    async with rehearsal(portal, database_url, seed=5) as mirror:
        for _ in range(4):
            with suppress(asyncio.CancelledError):
                await asyncio.create_task(mirror.run(Pass.POLL, progress=_Impatient(dice.randint(1, 4))))
        states = await mirror.connection.fetch("SELECT state FROM sync_run ORDER BY id")
        assert "INTERRUPTED" in {row["state"] for row in states}
        assert (await mirror.run(Pass.POLL)).state == "DONE"
        found = await mirror.differences()
        assert not found, summary(found)
