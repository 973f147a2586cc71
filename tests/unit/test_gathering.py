"""Gathering pages to units: each is committed while the next is gathered, in order, and none after one that failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from gateway.errors import LeaseLost
from gateway.model.document import Document, Fetch
from gateway.model.enums import EntityType
from gateway.ports import End, Page, Scope
from gateway.store.parts import Part, Tally
from gateway.store.unit import Writer
from gateway.sync.reading import Gatherer

SCOPE = Scope("records", EntityType.HARVEST_RECORD, "job")
FETCH = Fetch("/records", None, datetime(2026, 11, 22, tzinfo=UTC), b"page")


class SlowWriter:
    """Commits a unit when it is let, or fails at the units that it is told to fail at."""

    def __init__(self, *, failing: frozenset[int] = frozenset()) -> None:
        self.turn = asyncio.Lock()
        self.may_end = asyncio.Event()
        self.begun: list[list[str]] = []
        self.committed: list[list[str]] = []
        self._failing = failing

    async def commit(self, parts: Sequence[Part]) -> Tally:
        """Commit *parts*."""
        names = [str(element.native_id) for part in parts for element in part.elements]
        self.begun.append(names)
        await self.may_end.wait()
        if len(self.begun) in self._failing:
            raise LeaseLost("It is another worker's.")
        self.committed.append(names)
        return Tally(len(names))


class Reading:
    """A scope of pages of one element, and how far it has been read."""

    def __init__(self, pages: int) -> None:
        self._pages = pages
        self.given = 0

    async def pages(self) -> AsyncIterator[Page | End]:
        """Yield the pages, and the end."""
        for number in range(self._pages):
            self.given += 1
            yield Page([Document.of(EntityType.HARVEST_RECORD, f"r{number}", b"{}", FETCH)])
            await asyncio.sleep(0)
        yield End(proved=True)


async def quiet(_: Tally) -> None:
    """Hear nothing."""


def gatherer(writer: SlowWriter) -> Gatherer:
    """Return what makes a unit of one element, then units of two."""
    return Gatherer(cast("Writer", cast("Any", writer)), 2, quiet)


async def begun(what: Gatherer, reading: Reading) -> asyncio.Task[End]:
    """Begin to read, until nothing more can be done."""
    task = asyncio.create_task(what.read(SCOPE, reading.pages(), seen=None, baseline=False))
    for _ in range(50):
        await asyncio.sleep(0)
    return task


async def test_the_next_unit_is_gathered_while_one_is_committed() -> None:
    writer, reading = SlowWriter(), Reading(10)
    what = gatherer(writer)
    task = await begun(what, reading)
    assert reading.given == 3
    assert writer.begun == [["r0"]]
    writer.may_end.set()
    await task
    await what.flush()
    pairs = [[f"r{number}", f"r{number + 1}"] for number in range(1, 9, 2)]
    assert writer.committed == [["r0"], *pairs, ["r9"]]


async def test_the_first_units_of_a_stream_are_small() -> None:
    writer = SlowWriter()
    writer.may_end.set()
    what = Gatherer(cast("Writer", cast("Any", writer)), 12, quiet)
    await (await begun(what, Reading(40)))
    await what.flush()
    assert [len(names) for names in writer.committed] == [3, 6, 12, 12, 7]


async def test_what_was_gathered_after_a_unit_that_failed_is_dropped_with_it() -> None:
    writer = SlowWriter(failing=frozenset({2}))
    what = gatherer(writer)
    task = await begun(what, Reading(10))
    writer.may_end.set()
    with pytest.raises(LeaseLost):
        await task
    await what.flush()
    assert writer.committed == [["r0"]]


async def test_who_is_cancelled_leaves_the_unit_whole() -> None:
    writer = SlowWriter()
    what = gatherer(writer)
    task = await begun(what, Reading(10))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    resting = asyncio.create_task(what.rest())
    await asyncio.sleep(0)
    resting.cancel()
    await asyncio.sleep(0)
    assert not resting.done()
    writer.may_end.set()
    await resting
    assert writer.committed == [["r0"]]
    await what.flush()
    assert writer.committed == [["r0"], ["r1", "r2"]]
