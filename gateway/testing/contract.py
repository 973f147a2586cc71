"""What every adapter keeps, as tests: subclass AdapterContract, name the adapter and its sandbox, run pytest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeAlias

from gateway.errors import PortalUnreadable
from gateway.model.entities import HarvestJob
from gateway.ports import Adapter, Pass, Scope
from gateway.sandbox.control import running
from gateway.sandbox.portal import SandboxPortal, Step
from gateway.testing import truth
from gateway.testing.bench import Bench
from gateway.testing.harvest import Interrupted, MemoryPass
from gateway.testing.memory import MemoryKnown, Name
from gateway.testing.normalising import NormaliserContract
from gateway.testing.refreshing import RefreshContract

FEW = 4
"""So many scopes of each stream are read where all would take too long."""
SOURCES = "sources"
"""The stream that both kinds of portals begin with."""
STOPS = 3
"""At most so many pages are tried as the last one of a pass that is stopped."""
PASSING = ("status-500", "status-503", "429", "drop", "truncate")
TURNS = (0, 2)
"""By how much the failures are moved along the endpoints."""
LASTING = ("status-500", "status-404", "html-200", "garbage", "lying-total", "shifted-page", "poison")

ScopeName: TypeAlias = tuple[str, str]
"""A scope's stream and key."""
Wanted: TypeAlias = Callable[[Scope], bool]
"""Which scopes a pass reads."""


class AdapterContract(RefreshContract, NormaliserContract):
    """The contract. A subclass names *adapter* and *sandbox*; *settings* go to the portal's settings."""

    adapter: ClassVar[Adapter]
    sandbox: ClassVar[SandboxPortal]
    settings: ClassVar[Mapping[str, Any]] = {}
    seed: ClassVar[int] = 7
    scale: ClassVar[int] = 1
    epoch: ClassVar[datetime] = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    dialect: ClassVar[str] = ""
    """What the sandbox speaks; "" the usual."""

    @asynccontextmanager
    async def bench(self) -> AsyncIterator[Bench]:
        """Serve the sandbox for the length of a ``with`` block."""
        async with running(
            self.sandbox, seed=self.seed, scale=self.scale, epoch=self.epoch, dialect=self.dialect
        ) as server:
            yield Bench(self.adapter, server, self.settings)

    async def documents(self) -> MemoryKnown:
        """Return a store after a first load of the sandbox."""
        async with self.bench() as bench:
            return await bench.loaded()

    async def test_a_first_load_brings_what_the_portal_holds(self) -> None:
        """A first load ends with what the truth says, proves every list, and asks no more than it must."""
        async with self.bench() as bench:
            known = bench.known()
            made = await bench.run(known)
            first = Step(known.now, "RECONCILE", self.dialect)
            assert known.rejections == []
            assert truth.differences(known, bench.server.world.truth([first])) == []
            assert _asked(made) == bench.minimum(first)
            assert all(end.proved for _, end in made.ends)

    async def test_a_poll_brings_what_is_new(self) -> None:
        """Polls end with what the truth says, and ask no more than they must, also where nothing happened."""
        async with self.bench() as bench:
            known = await bench.loaded()
            passes = [Step(known.now, "RECONCILE", self.dialect)]
            for days in (0, 1, 1, 0.25):
                bench.server.advance(days)
                made = await bench.run(known, Pass.POLL)
                passes.append(Step(known.now, "POLL", self.dialect))
                assert _asked(made) == bench.minimum(*passes)
            assert truth.differences(known, bench.server.world.truth(passes)) == []

    async def test_a_second_load_brings_the_same_bytes(self) -> None:
        """Nothing happened: every document is the same, and nothing is gone."""
        async with self.bench() as bench:
            known = await bench.loaded()
            before = _hashes(known)
            await bench.run(known)
            assert _hashes(known) == before
            assert known.gone == set()

    async def test_a_pass_that_is_stopped_after_any_page_goes_on(self) -> None:
        """A pass that goes on from the stored cursors ends with what an unbroken one brings."""
        async with self.bench() as bench:
            known = bench.known()
            made = await bench.run(known)
            few = _few(known, made)
            pages = sum(made.pages[scope] for scope in few)
            for stop in {*range(1, pages + 1, max(1, pages // STOPS)), pages}:
                again = bench.known()
                with suppress(Interrupted):
                    await bench.run(again, wanted=_among(few), pages=stop)
                await bench.run(again, wanted=_among(few - await _read(again, self.adapter)))
                assert _hashes(again) == _brought(known, few), f"stopped after page {stop}"

    async def test_passing_failures_change_nothing(self) -> None:
        """Failures that pass are tried again; the documents are the same."""
        async with self.bench() as bench:
            known = bench.known()
            few = _few(known, await bench.run(known))
            endpoints = [endpoint for _, endpoint in _pages(known)]
            for turn in TURNS:
                bench.server.faults.clear()
                for place, endpoint in enumerate(endpoints):
                    bench.order(PASSING[(place + turn) % len(PASSING)], endpoint)
                again = await bench.loaded(wanted=_among(few))
                assert _hashes(again) == _brought(known, few), f"turn {turn}"

    async def test_lasting_failures_bury_nothing(self) -> None:
        """Whatever a list answers, no row is taken for gone that the portal has."""
        async with self.bench() as bench:
            known = await bench.loaded()
            for (stream, key), endpoint in _pages(known):
                for kind in LASTING:
                    bench.server.faults.clear()
                    bench.order(kind, endpoint, times=None)
                    await bench.failure(known, wanted=_only(stream, key))
                    assert known.gone == set(), f"{kind} at {endpoint}"

    async def test_a_page_for_people_is_unreadable(self) -> None:
        """HTML with status 200 is PortalUnreadable."""
        async with self.bench() as bench:
            bench.order("html-200", "", times=None)
            error = await bench.failure(bench.known())
            assert isinstance(error, PortalUnreadable)
            assert error.portal == "tested"
            assert error.endpoint

    async def test_a_poison_row_costs_no_neighbour(self) -> None:
        """A row that is none is a rejection; every other row of its list arrives."""
        async with self.bench() as bench:
            known = await bench.loaded()
            for scope, endpoint in _pages(known):
                whole = known.brought[scope]
                known.rejections.clear()
                bench.order("poison", endpoint)
                await bench.run(known, wanted=_only(*scope))
                lost = [name for name in whole if name not in known.brought[scope]]
                assert known.rejections, endpoint
                assert len({name[0] for name in lost}) == len(lost), endpoint


def _asked(made: MemoryPass) -> dict[str, int]:
    return {stream: count for stream, count in made.requests.items() if count}


def _hashes(known: MemoryKnown) -> dict[Name, bytes]:
    return {name: document.hash for name, document in known.documents.items()}


def _pages(known: MemoryKnown) -> list[tuple[ScopeName, str]]:
    """Return one scope of each stream that brought something, with the endpoint of its first page."""
    found: dict[str, tuple[ScopeName, str]] = {}
    for scope, documents in known.brought.items():
        if documents:
            found.setdefault(scope[0], (scope, next(iter(documents.values())).fetch.endpoint))
    return list(found.values())


def _only(stream: str, key: str) -> Wanted:
    """Return the choice of one scope, and of the sources, which tell a crawl where to look."""
    return lambda scope: (scope.stream, scope.key) == (stream, key) or scope.stream == SOURCES


def _few(known: MemoryKnown, made: MemoryPass) -> frozenset[ScopeName]:
    """Return the first scopes of each stream of a pass, and those of the sources whose jobs they read."""
    chosen: dict[str, list[ScopeName]] = {}
    for scope, _ in made.ends:
        if len(names := chosen.setdefault(scope.stream, [])) < FEW:
            names.append((scope.stream, scope.key))
    few = {name for names in chosen.values() for name in names}
    jobs = known.of(HarvestJob)
    sources = {("jobs", jobs[key].source or "") for _, key in few if key in jobs}
    return frozenset(few | (sources & made.pages.keys()))


def _among(names: frozenset[ScopeName]) -> Wanted:
    """Return the choice of the scopes of these names."""
    return lambda scope: (scope.stream, scope.key) in names


def _brought(known: MemoryKnown, names: frozenset[ScopeName]) -> dict[Name, bytes]:
    """Return the fingerprints of the documents that these scopes brought."""
    return {name: one.hash for scope in names for name, one in known.brought[scope].items()}


async def _read(known: MemoryKnown, adapter: Adapter) -> frozenset[ScopeName]:
    """Return the scopes that a pass which goes on need not read again."""
    read = {stream: await known.scopes_read(stream) for stream in adapter.streams}
    return frozenset((stream, key) for stream, keys in read.items() for key in keys if key)
