"""Reading the rows of jobs, by a window or job by job, and proving that none is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from adapters.data_gov.answers import Asking
from adapters.data_gov.lists import DIFFERS, UNNAMED, Listing
from adapters.data_gov.rows import Query, Row, Sheet, Start, page
from adapters.data_gov.windows import Plan, Stream, Window, mark, plan, since
from gateway.model.entities import JSON
from gateway.model.enums import EntityType
from gateway.ports import End, Known, KnownJob, Page, Scope


class ByJob:
    """One pass over a list whose rows belong to jobs.

    A reconcile reads the rows of all jobs that have ended, a poll and a first load those of jobs not read yet:
    a first load may take many passes, and goes on where the last one stopped.
    """

    def __init__(self, stream: Stream, asking: Asking, known: Known, now: datetime) -> None:
        self._stream = stream
        self._asking = asking
        self._known = known
        self._now = now
        self._full = False
        self._jobs: dict[str, KnownJob] = {}
        """What is to be read, by id."""
        self._asked: frozenset[str] = frozenset()
        """Those of them that may have rows: what a window brings of other jobs is left out."""
        self._before: frozenset[str] = frozenset()
        """Jobs whose rows are stored from an earlier pass."""
        self._left: dict[str, KnownJob] | None = None
        """What the rest of an interrupted window did not cover; None where there was none."""
        self._plan = Plan((), None, (), ())

    async def scopes(self, *, full: bool, again: bool = False) -> AsyncIterator[Scope]:
        """Yield the window's scope, which also covers the jobs without rows, then one for each other job.

        *full*: of all jobs, else of those that have not been read; *again*: what a first load has read so far was
        told otherwise, and is read again.
        Where the window's scope went on with an interrupted one, another follows for what that left.
        """
        name = self._stream.name
        self._full = full
        first = self._full and not again and since(await self._known.watermark(name)) is None
        jobs = await self._known.ended_jobs(unread=None if self._full and not first else name)
        self._before = await self._known.scopes_read(name) if self._full else frozenset()
        self._jobs = {job.native_id: job for job in jobs}
        self._asked = frozenset(job.native_id for job in jobs if self._stream.expected(job) != 0)
        self._plan = await self._cheapest(jobs)
        yield self._window(whole=self._full and not (first and self._before))
        if self._left is not None:
            self._plan = await self._cheapest(list(self._left.values()))
            yield self._window(whole=False)
        for job in self._plan.singly:
            total = self._stream.expected(job)
            yield Scope(
                name, self._stream.member, job.native_id, EntityType.HARVEST_JOB, whole=True, total=total
            )

    async def _cheapest(self, jobs: Sequence[KnownJob]) -> Plan:
        """Return how to read the rows of *jobs*, given what else a window would bring."""
        names = {job.native_id for job in jobs}
        around = [job for job in await self._known.ended_jobs() if job.native_id not in names] if jobs else []
        return plan(self._stream, jobs, around, self._now, full=self._full)

    def _window(self, *, whole: bool) -> Scope:
        total = sum(self._stream.expected(job) or 0 for job in self._plan.together)
        whole = whole and self._plan.window is not None
        return Scope(self._stream.name, self._stream.member, whole=whole, total=total)

    def read(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        """Yield the pages of a scope, then its end."""
        if scope.key:
            return self._read_singly(scope.key, cursor)
        begun = Window.of(cursor)
        return self._read_together() if begun is None else self._read_rest(begun, cursor)

    async def _read_rest(self, begun: Window, cursor: JSON) -> AsyncIterator[Page | End]:
        """Yield the rest of an interrupted window."""
        taken = Taken(self._stream, self._asking, begun.query(self._stream), Start.of(cursor))
        async for sheet in taken.sheets():
            yield page(sheet, self._stream.member, begun.cursor(sheet.next), of=self._asked)
        certain = await self._certain(taken, ())
        covers = [name for name, job in self._jobs.items() if certain and begun.holds(job)]
        self._left = {name: job for name, job in self._jobs.items() if name not in set(covers)}
        yield _end(certain, taken.listing.unnamed, covers)

    async def _read_together(self) -> AsyncIterator[Page | End]:
        """Yield the rows of the window, where there is one."""
        covers = [job.native_id for job in self._plan.nothing]
        certain, unnamed = True, 0
        if (window := self._plan.window) is not None:
            taken = Taken(self._stream, self._asking, window.query(self._stream), Start())
            async for sheet in taken.sheets():
                yield page(sheet, self._stream.member, window.cursor(sheet.next), of=self._asked)
            certain = await self._certain(taken, self._plan.together)
            covers += self._covered(taken, self._plan.together, certain=certain)
            unnamed = taken.listing.unnamed
        yield _end(certain, unnamed, covers, None if self._plan.singly else self._now)

    async def _read_singly(self, key: str, cursor: JSON) -> AsyncIterator[Page | End]:
        """Yield the rows of one job."""
        taken = Taken(self._stream, self._asking, self._stream.of_job(key), Start.of(cursor))
        async for sheet in taken.sheets():
            yield page(sheet, self._stream.member, sheet.next.cursor, of=(key,))
        job = self._jobs.get(key)
        certain = await self._certain(taken, () if job is None else (job,))
        last = bool(self._plan.singly) and self._plan.singly[-1].native_id == key
        covers = (key,) if certain else ()
        yield _end(certain, taken.listing.unnamed, covers, self._now if last else None)

    async def _certain(self, taken: Taken, jobs: Sequence[KnownJob]) -> bool:
        """Whether no row is missing: by the jobs' counters, else by one count of the portal's."""
        return taken.agrees(jobs, self._before) or await taken.listing.counted()

    def _covered(self, taken: Taken, jobs: Sequence[KnownJob], *, certain: bool) -> list[str]:
        """Return the jobs that have been read whole: of an uncertain window those whose counters agree."""
        return [
            job.native_id
            for job in jobs
            if certain or (self._stream.exact and taken.rows[job.native_id] == self._stream.expected(job))
        ]


class Taken:
    """What one listing brought of each job."""

    def __init__(self, stream: Stream, asking: Asking, query: Query, start: Start) -> None:
        self._stream = stream
        self.listing = Listing(asking, query, stream.member, start=start)
        self.rows: Counter[str] = Counter()
        """Rows by job."""

    async def sheets(self) -> AsyncIterator[Sheet]:
        """Yield the listing's pages and count their rows."""
        async for sheet in self.listing.sheets():
            self.rows.update(row.job for row in sheet.rows if isinstance(row, Row) and row.job is not None)
            yield sheet

    def agrees(self, jobs: Sequence[KnownJob], before: frozenset[str]) -> bool:
        """Whether nothing needs asking after these rows; *before*: jobs whose rows are stored already.

        Rows that are fewer than the jobs count may be rows that the portal could not read, or rows that shifted
        while the list was paged. Where the jobs do not count them, one short page is the portal's word on all.
        """
        listing = self.listing
        expected = {job.native_id: self._stream.expected(job) for job in jobs}
        if listing.resumed or listing.repeated:
            return False
        if expected and all(self.rows[job] == count for job, count in expected.items()):
            return True
        known = {job: count for job, count in expected.items() if count is not None}
        if self._stream.exact and any(self.rows[job] != count for job, count in known.items()):
            return False
        stored = not before.isdisjoint(expected)
        if listing.scant and stored:
            return False
        if listing.pages <= 1 and not (listing.abrupt and listing.seen):
            return not (listing.abrupt and stored)
        return not stored and not listing.abrupt


def _end(certain: bool, unnamed: int, covers: Sequence[str], last: datetime | None = None) -> End:
    """Return a scope's end; the *last* of a pass leaves the mark that the first load is over."""
    reason = (UNNAMED if unnamed else "") if certain else DIFFERS
    watermark = None if last is None else mark(last)
    return End(proved=not reason, reason=reason, covers=tuple(covers), watermark=watermark)
