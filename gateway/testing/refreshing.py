"""What every adapter keeps that can read one thing by itself, as tests; one that cannot is not asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar
from unittest import SkipTest

from gateway.model.document import Document
from gateway.model.entities import HarvestJob, HarvestSource
from gateway.model.enums import EntityType
from gateway.ports import Adapter, Fresh, Pass, Refreshing, Wanted
from gateway.sandbox.portal import Step
from gateway.testing import truth
from gateway.testing.bench import Bench
from gateway.testing.memory import MemoryKnown, Name

FEW = 4
"""So many sources and runs are read anew."""
MOST_REQUESTS = 8
"""What one thing may cost; a source that nothing happened to costs two at most."""
QUIET_REQUESTS = 2
NOBODY = "6f6f6f6f6f6f6f6f6f6f6f6f"
"""An id of nothing."""


class RefreshContract:
    """The part of the contract that is about ``gateway.ports.Refreshing``."""

    adapter: ClassVar[Adapter]
    dialect: ClassVar[str]

    def bench(self) -> AbstractAsyncContextManager[Bench]:
        """Serve the sandbox for the length of a ``with`` block."""
        raise NotImplementedError

    async def test_a_refresh_shows_what_the_portal_does(self) -> None:
        """What moved since the last pass is there, open runs and sources; a poll after that misses nothing."""
        _ensure_able(self.adapter)
        async with self.bench() as bench:
            known = await bench.loaded()
            passes = [Step(known.now, "RECONCILE", self.dialect)]
            bench.server.advance(0.25)
            await self._shows_runs(bench, known, _truth(bench, *passes))
            bench.server.advance(0.75)
            await self._shows_sources(bench, known, _truth(bench, *passes))
            assert known.gone == set()
            assert known.rejections == []
            bench.server.advance(0.5)
            await bench.run(known, Pass.POLL)
            passes.append(Step(known.now, "POLL", self.dialect))
            assert truth.differences(known, bench.server.world.truth(passes)) == []

    async def test_a_refresh_of_what_is_unchanged_brings_the_same_bytes(self) -> None:
        """What nothing happened to is as a pass brought it, and costs little; what is not there brings nothing."""
        _ensure_able(self.adapter)
        async with self.bench() as bench:
            known = await bench.loaded()
            before = {name: document.hash for name, document in known.documents.items()}
            jobs = [job for job in (await known.newest_jobs()).values() if job.source is not None]
            for job in jobs[:FEW]:
                assert job.source is not None
                await bench.refresh(known, Wanted(EntityType.HARVEST_SOURCE, job.source))
                assert len(bench.server.requests) <= QUIET_REQUESTS + (job.ended_at is None)
                await bench.refresh(known, Wanted(EntityType.HARVEST_JOB, job.native_id, job.source))
            assert {name: document.hash for name, document in known.documents.items()} == before
            for type_ in (EntityType.HARVEST_SOURCE, EntityType.HARVEST_JOB):
                assert await bench.refresh(known, Wanted(type_, NOBODY, NOBODY)) == []
            assert known.gone == set()

    async def _shows_runs(self, bench: Bench, known: MemoryKnown, held: Held) -> None:
        """Read a few runs that were open, and hold them against the truth."""
        opened = [job for job in await known.open_jobs() if job.created_at and job.created_at <= known.now]
        named = [((EntityType.HARVEST_JOB.value, job.native_id), job) for job in opened]
        there = [(name, job) for name, job in named if name in held]
        assert there
        for name, job in there[:FEW]:
            found = await bench.refresh(known, Wanted(EntityType.HARVEST_JOB, job.native_id, job.source))
            assert len(bench.server.requests) <= MOST_REQUESTS
            runs = [one for one in _names(found) if one[0] is EntityType.HARVEST_JOB]
            assert runs == [(EntityType.HARVEST_JOB, job.native_id)]
            assert _differences(known, {name: held[name]}) == []

    async def _shows_sources(self, bench: Bench, known: MemoryKnown, held: Held) -> None:
        """Read sources that have new runs, and some that have none, and hold them against the truth."""
        for source in _moved(known, held):
            await bench.refresh(known, Wanted(EntityType.HARVEST_SOURCE, source))
            assert len(bench.server.requests) <= MOST_REQUESTS
            assert _differences(known, _of_source(held, source)) == []


def _ensure_able(adapter: Adapter) -> None:
    if not isinstance(adapter, Refreshing):
        raise SkipTest("This adapter reads nothing by itself.")


Held = Mapping[tuple[str, str], Mapping[str, Any]]
"""The rows of a truth by type and native id."""


def _truth(bench: Bench, *passes: Step) -> Held:
    """Return what a poll would hold now, after *passes*."""
    now = Step(bench.server.clock(), "POLL", passes[-1].dialect)
    rows = bench.server.world.truth([*passes, now])
    return {(row["type"], row["nativeId"]): row for row in rows if row["presence"] in truth.HELD}


def _moved(known: MemoryKnown, held: Held) -> list[str]:
    """Return a few sources that have runs which are not stored, and as many that have none such."""
    jobs, sources = known.of(HarvestJob), known.of(HarvestSource)
    news: dict[str, None] = {}
    for (type_, native_id), row in held.items():
        if type_ == EntityType.HARVEST_JOB.value and native_id not in jobs:
            news[row["fields"]["source"]] = None
    moved = [source for source in news if source in sources]
    assert moved
    return [*moved[:FEW], *[source for source in sources if source not in news][:FEW]]


def _of_source(held: Held, source: str) -> Held:
    """Return the rows of a source and of its runs."""
    job, own = EntityType.HARVEST_JOB.value, (EntityType.HARVEST_SOURCE.value, source)
    return {
        name: row
        for name, row in held.items()
        if name == own or (name[0] == job and row["fields"]["source"] == source)
    }


def _differences(known: MemoryKnown, held: Held) -> list[str]:
    """Return in words how what is stored differs from the *held* rows."""
    found: list[str] = []
    for name, row in held.items():
        stored = known.rows.get((EntityType(name[0]), name[1]))
        if stored is None:
            found.append(f"{name} is missing")
        else:
            found += [f"{name}: {words}" for words in truth.fields(stored, row["fields"])]
    return found


def _names(found: Iterable[Fresh]) -> list[Name]:
    return [
        (element.type, element.native_id)
        for fresh in found
        for element in fresh.elements
        if isinstance(element, Document)
    ]
