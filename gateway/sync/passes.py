"""One pass over one portal: from the crawl's pages to committed units.

The order is the whole point: scopes are committed in their order, and what follows from a stream is derived before the
next stream asks the store what it knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import structlog

from gateway.errors import GatewayError, LeaseLost, PortalError, PortalUnavailable
from gateway.fetch.budget import Spending
from gateway.fetch.client import BreakerOpen, BudgetSpent, Client
from gateway.ports import Adapter, Crawl, Pass, Portal, Scope
from gateway.store import bookkeeping, following, lease, portals, scopes
from gateway.store.absence import Cap
from gateway.store.afterwards import insist, start_anew
from gateway.store.bookkeeping import Run
from gateway.store.known import StoredKnowledge
from gateway.store.lease import Lease
from gateway.store.parts import Tally
from gateway.store.staging import Connection
from gateway.store.unit import Writer
from gateway.sync import schedule
from gateway.sync.ahead import Ahead, Begun
from gateway.sync.progress import Progress, RunSummary
from gateway.sync.reading import UNIT_ELEMENTS, Gatherer, Stream, doubtful

log = structlog.get_logger()

POLLED = frozenset({"organizations", "sources", "jobs"})
"""Streams that every poll reads."""
NOTE_SECONDS = 2.0
"""How often a pass notes at least how far it is, and lets readers see what it has told."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a unit holds and how much may vanish at once."""

    elements: int = UNIT_ELEMENTS
    cap: Cap = field(default_factory=Cap)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a pass ended: fields of RunSummary, and what only the notes tell."""

    state: str
    notice: str | None = None
    resumes_at: datetime | None = None
    whole: bool = False
    """Whether all that was to be read was read, proved or not."""


class PortalPass:
    """One pass over one portal."""

    def __init__(
        self,
        *,
        portal: Portal,
        number: int,
        adapter: Adapter,
        client: Client,
        connection: Connection,
        now: Callable[[], datetime],
        held: Lease,
        progress: Progress,
        limits: Limits,
    ) -> None:
        self._portal = portal
        self._number = number
        self._adapter = adapter
        self._client = client
        self._connection = connection
        self._now = now
        self._held = held
        self._progress = progress
        self._limits = limits
        self._known = StoredKnowledge(connection, number, self._settled)
        self._gatherer: Gatherer | None = None
        self._ahead = Ahead(portal.settings.connections - 1)
        self._current: Stream | None = None
        self._streams: dict[str, Stream] = {}

    async def run(self, kind: Pass) -> RunSummary:
        """Read what *kind* asks for, or go on with the first load while that is unfinished."""
        began = time.monotonic()
        self._unloaded = await bookkeeping.unloaded_streams(
            self._connection, self._number, self._adapter.streams
        )
        self._kind = self._needed(kind)
        self._start = self._now()
        async with self._writing():
            self._run_row = run = await bookkeeping.start_run(
                self._connection, self._number, self._kind, self._start, baseline=bool(self._unloaded)
            )
        self._noted = self._told = time.monotonic()
        self._writer = Writer(
            self._connection,
            run=run,
            held=self._held,
            normalise=self._adapter.normalise,
            inventory=self._adapter.inventory,
            cap=self._limits.cap,
            now=self._now,
            expected=self._adapter.expected,
        )
        await self._writer.open()
        self._progress.started(self._portal.key, self._kind, run.baseline)
        ending = Ending("INTERRUPTED")
        try:
            try:
                await self._crawl()
            finally:
                await self._flush()
            proved = all(stream.proved for stream in self._streams.values())
            ending = Ending("DONE" if proved else "INCOMPLETE", doubtful(self._streams.values()), whole=True)
        except BreakerOpen as left:
            ending = Ending("FAILED", str(left), self._resumes(left.retry_after))
        except BudgetSpent as spent:
            ending = self._spent(spent)
        except PortalError as error:
            ending = Ending("FAILED", str(error), await self._failed(error))
            log.warning("pass_failed", portal=self._portal.key, endpoint=error.endpoint, error=error.message)
        except LeaseLost:
            raise  # interrupted, and noted so by whoever has the lease
        except GatewayError as error:
            ending = Ending("FAILED", error.message)
            raise
        finally:
            summary = self._summary(ending, baseline=run.baseline, seconds=time.monotonic() - began)
            try:
                await insist(lambda: self._note_end(run, ending, summary))
            finally:
                self._progress.ended(summary)
        return summary

    def _writing(self) -> AbstractAsyncContextManager[None]:
        """Return a transaction under the lease: notes, too, are written by nobody who has lost it."""
        return lease.writing(self._connection, self._held)

    async def _note_end(self, run: Run, ending: Ending, summary: RunSummary) -> None:
        async with self._writing():
            await bookkeeping.end_run(
                self._connection,
                run,
                state=ending.state,
                whole=ending.whole,
                now=self._start + timedelta(seconds=summary.seconds),
                requests=summary.requests,
                tallies={name: asdict(tally) for name, tally in summary.streams.items()},
                notice=ending.notice,
            )

    def _needed(self, kind: Pass) -> Pass:
        """Return what to read: an empty mirror everything, an unfinished one what a poll finds unread."""
        if not self._unloaded:
            return kind
        return Pass.RECONCILE if len(self._unloaded) == len(self._adapter.streams) else Pass.POLL

    async def _crawl(self) -> None:
        self._client.spending = self._spending(None)
        crawl = self._adapter.crawl(self._portal, self._client, self._known, self._kind, self._start)
        try:
            await self._read(crawl)
        except BaseException:
            if self._gatherer is not None:
                await self._gatherer.rest()
            await start_anew(self._connection)
            raise
        finally:
            await insist(lambda: self._note(crawl))

    async def _note(self, crawl: Crawl) -> None:
        async with self._writing():
            await portals.note(self._connection, self._number, crawl.noted)

    async def _read(self, crawl: Crawl) -> None:
        try:
            await self._read_streams(crawl)
        finally:
            await self._ahead.give_up()
        for name in self._adapter.streams:
            if name not in self._streams and await self._is_due(name):
                await self._end_stream(await self._begin_stream(name))

    async def _read_streams(self, crawl: Crawl) -> None:
        """Read every scope in its turn; those that lie apart are asked for before it where that is allowed."""
        async for scope in crawl.scopes():
            current = self._current
            if current is None or current.name != scope.stream:
                if current is not None:
                    await self._end_stream(current)
                current = self._current = await self._begin_stream(scope.stream)
            if not (current.baseline and scope.key and scope.key in current.read_before):
                most = self._ahead.beside(scope)
                self._ahead.add(await self._begin(crawl, scope, current, at_once=most > 0))
                await self._scopes(current, most)
        if self._current is not None:
            await self._end_stream(self._current)

    async def _is_due(self, name: str) -> bool:
        """Whether a stream without scopes has to end all the same: an earlier pass may have broken before its end."""
        if self._kind is Pass.RECONCILE or name in self._unloaded:
            return True
        return name == "records" and bool(await scopes.newly_read(self._connection, self._number, name))

    async def _begin_stream(self, name: str) -> Stream:
        """Return the stream's account; on a first load it goes on where the last pass stopped."""
        baseline = name in self._unloaded
        read_before = await self._known.scopes_read(name) if baseline else frozenset[str]()
        cursors = await scopes.cursors(self._connection, self._number, name) if baseline else {}
        stream = Stream(
            name,
            baseline=baseline,
            read_before=read_before,
            cursors=cursors,
            requests_before=self._client.requests,
            resumed=bool(read_before or cursors),
        )
        self._streams[name] = stream
        self._gatherer = Gatherer(
            self._writer, self._limits.elements, lambda tally: self._advance(stream, tally)
        )
        return stream

    async def _flush(self) -> None:
        """Commit what has been gathered: before the store is asked anything, and at a stream's end."""
        if self._gatherer is not None:
            await self._gatherer.flush()

    async def _settled(self) -> None:
        """Make the store's next answer hold all that was asked for, and what follows from it."""
        if self._current is not None:
            await self._scopes(self._current)
        await self._flush()
        jobs = self._streams.get("jobs")
        if jobs is not None and jobs.ended:
            sources = None if "" in jobs.ended else list(jobs.ended)
            jobs.ended.clear()
            await self._writer.follow(sources=sources, baseline=jobs.baseline)

    async def _begin(self, crawl: Crawl, scope: Scope, stream: Stream, *, at_once: bool) -> Begun:
        cursor = stream.cursors.pop(scope.key, None)
        seen = await self._writer.begin(scope) if scope.whole and cursor is None else None
        stream.expect(scope.total)
        self._client.spending = self._spending(stream)
        return Begun(scope, seen, crawl.read(scope, cursor), at_once=at_once)

    async def _scopes(self, stream: Stream, most: int = 0) -> None:
        """Gather what scopes bring whose turn it is, so that *most* are left."""
        assert self._gatherer is not None, "a stream has begun"
        for begun in self._ahead.due(most):
            try:
                end = await self._gatherer.read(
                    begun.scope, begun.items(), seen=begun.seen, baseline=stream.baseline
                )
            except BaseException:
                await begun.give_up()
                raise
            stream.conclude(begun.scope, end)
            if stream.name == "jobs":
                stream.ended.append(begun.scope.key)

    def _spending(self, stream: Stream | None) -> Spending:
        """Return what is asked for: what may wait leaves the reserve to polls."""
        loading = stream is not None and stream.baseline and stream.name not in POLLED
        return Spending.BACKFILL if loading or self._kind is Pass.RECONCILE else Spending.POLL

    async def _advance(self, stream: Stream, tally: Tally) -> None:
        """Tell what a unit has brought; a unit that wrote nothing is noted with others, now and then."""
        stream.tally.add(tally)
        stream.requests = self._client.requests - stream.requests_before
        done, expected = stream.tally.fetched, stream.expected
        known = expected if expected is not None and expected >= done else None
        self._progress.advanced(self._portal.key, stream.name, done, known)
        if tally != Tally(tally.fetched) or time.monotonic() - self._noted >= NOTE_SECONDS:
            self._noted = time.monotonic()
            tallies = {name: each.noted() for name, each in self._streams.items()}
            async with self._writing():
                await bookkeeping.note_run(
                    self._connection, self._run_row, requests=self._client.requests, tallies=tallies
                )
                if stream.baseline and expected is not None:
                    await bookkeeping.expect(self._connection, self._number, stream.name, expected)
        if time.monotonic() - self._told >= NOTE_SECONDS:
            self._told = time.monotonic()
            await following.settle(self._connection)  # it waits for the disk, so not after each unit

    async def _end_stream(self, stream: Stream) -> None:
        """Derive what follows from a stream read to its end, and note where its next pass starts."""
        await self._settled()
        if stream.name == "sources":
            await self._writer.set_schedules(schedule.settle)
        if stream.name == "records":
            newly = await scopes.newly_read(self._connection, self._number, stream.name)
            await self._writer.follow_records(
                jobs=newly,
                batch=self._limits.elements,
                baseline=stream.baseline,
                empty=stream.baseline and not stream.resumed,
            )
        if stream.name == "job_errors":
            await self._writer.follow(baseline=stream.baseline)
        if stream.baseline:
            await self._writer.end_load()
        async with self._writing():
            await bookkeeping.end_stream(
                self._connection,
                self._number,
                stream.name,
                now=self._start,
                reconcile=self._kind is Pass.RECONCILE or stream.baseline,
                proved=stream.proved and not stream.partial,
                watermark=stream.watermark,
                note=stream.partial or None,
            )
        stream.requests = self._client.requests - stream.requests_before
        stream.seconds = time.monotonic() - stream.began

    def _spent(self, spent: BudgetSpent) -> Ending:
        """Return how a pass ends that may send no more; it goes on at once where that was its own ration."""
        if spent.retry_after is None:
            return Ending("INCOMPLETE")
        return Ending("INCOMPLETE", str(spent), self._resumes(spent.retry_after))

    async def _failed(self, error: PortalError) -> datetime | None:
        """Count what ended the pass; return when the portal may be asked again, where that is known."""
        if not isinstance(error, PortalUnavailable):
            return None
        return await self._client.failed(error) or self._resumes(error.retry_after)

    def _resumes(self, retry_after: float | None) -> datetime | None:
        return None if retry_after is None else self._now() + timedelta(seconds=retry_after)

    def _summary(self, ending: Ending, *, baseline: bool, seconds: float) -> RunSummary:
        return RunSummary(
            portal=self._portal.key,
            kind=self._kind,
            state=ending.state,
            baseline=baseline,
            requests=self._client.requests,
            seconds=round(seconds, 3),
            streams={name: stream.summary() for name, stream in self._streams.items()},
            notice=ending.notice,
            resumes_at=ending.resumes_at,
        )
