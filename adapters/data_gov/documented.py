"""A pass in the documented dialect: jobs by source, errors by job, and one by one the records that errors name."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from urllib.parse import quote

from adapters.data_gov.answers import Asking, Garbled, TooMuch
from adapters.data_gov.dialect import WHOLE
from adapters.data_gov.jobs import FAILED, WAITING
from adapters.data_gov.lists import DIFFERS, PAGE_SIZES, UNNAMED, beyond
from adapters.data_gov.reference import PAGED, Reference
from adapters.data_gov.rounds import Round
from adapters.data_gov.rows import Query, Row, Sheet, page, sheet_of
from gateway.errors import PortalError
from gateway.model.document import Document, Fetch, Rejection
from gateway.model.enums import EntityType
from gateway.ports import End, Known, KnownJob, Page, Scope

PARTIAL = "Of its records the portal shows only those that errors name."
MARK = {"dialect": "DOCUMENTED"}
"""The watermark of every stream: it bears no date, so that the real dialect reads everything itself."""
LAST = "job_errors"
"""The stream whose watermark says that the first load is over."""
BROKEN = 3
"""So many answers in a row that cannot be had or read are the portal's matter, not a source's, job's or record's."""


def listed(name: str) -> str:
    """Return what is noted of a job whose errors were listed: for the real dialect they have not been read."""
    return f"documented/listed/{name}"


def nothing(name: str) -> str:
    """Return what is noted of a job without errors, and of a record, that the portal says it does not have."""
    return f"documented/nothing/{name}"


class DocumentedCrawl:
    """What follows the reference lists; *full*: whether the pass reads everything."""

    def __init__(
        self, asking: Asking, known: Known, reference: Reference, turn: Round, *, full: bool
    ) -> None:
        self._asking = asking
        self._known = known
        self._reference = reference
        self._turn = turn
        self._full = full
        self._sources_read: frozenset[str] = frozenset()
        self._errors_read: frozenset[str] = frozenset()
        self._records: Sequence[str] = ()
        self._broken = 0
        """Answers in a row that could not be had or read."""
        self._stopped: PortalError | None = None
        """Why the records were left in their middle."""

    async def scopes(self) -> AsyncGenerator[Scope, None]:
        """Yield the pass's scopes in order; while a first load takes several passes, those not read yet."""
        loading = await self._known.watermark(LAST) != MARK
        async for scope in self._jobs(loading=loading):
            yield scope
        whole = self._full and not loading
        async for scope in self._errors(whole=whole):
            yield scope
        yield await self._named(whole=whole)
        if self._stopped is not None:
            raise self._stopped
        yield Scope(LAST, EntityType.HARVEST_ERROR)

    async def _jobs(self, *, loading: bool) -> AsyncIterator[Scope]:
        self._sources_read = await self._known.scopes_read("jobs")
        sources = self._reference.sources or ()
        for key in self._turn.order(sources, self._sources_read, loading=loading, full=self._full):
            yield Scope("jobs", EntityType.HARVEST_JOB, key, EntityType.HARVEST_SOURCE, whole=True)
        self._turn.finish()

    async def _errors(self, *, whole: bool) -> AsyncIterator[Scope]:
        self._errors_read = await self._known.scopes_read("errors")
        for job in await self._known.ended_jobs(unread=None if whole else "errors"):
            name = job.native_id
            if _may_have_some(job) and (whole or self._errors_read.isdisjoint({listed(name), nothing(name)})):
                yield Scope("errors", EntityType.HARVEST_ERROR, name, EntityType.HARVEST_JOB, whole=True)

    async def _named(self, *, whole: bool) -> Scope:
        """Return the scope of the records that errors name; a poll leaves out what the portal did not have."""
        stubs = await self._known.stubs(EntityType.HARVEST_RECORD)
        absent = frozenset[str]() if whole else await self._known.scopes_read("records")
        self._records = [name for name in stubs if nothing(name) not in absent]
        return Scope("records", EntityType.HARVEST_RECORD, total=len(self._records))

    async def read(self, scope: Scope) -> AsyncIterator[Page | End]:
        """Yield the pages of *scope*, then one End; Absent where the portal has no such endpoint."""
        try:
            async for item in self._reading(scope):
                yield item
        except TooMuch as reason:
            self._bear(reason)
            if isinstance(reason, Garbled):
                yield Page([_rejected(scope.member, reason)])
            yield End(proved=False, reason=reason.error.message)

    def _reading(self, scope: Scope) -> AsyncIterator[Page | End]:
        if scope.stream == "jobs":
            return self._jobs_of(scope)
        if scope.stream == "errors":
            return self._errors_of(scope)
        return self._read_records() if scope.stream == "records" else _nothing_to_ask()

    def _bear(self, reason: TooMuch) -> None:
        """Take a failure for one element's own, unless there are too many in a row: raise it then."""
        self._broken += 1
        if self._broken >= BROKEN:
            raise reason.error from reason

    async def _jobs_of(self, scope: Scope) -> AsyncIterator[Page | End]:
        """Yield the jobs of a source."""
        query = Query(f"/harvest_source/{quote(scope.key, safe='')}/jobs", WHOLE)
        sheet = await self._list(query, scope.member)
        self._turn.passed(scope.key, self._sources_read)
        sheets = [] if sheet is None else [sheet]
        if sheet is not None:
            yield page(sheet, scope.member)
            async for further in self._missed(query, scope, sheet):
                yield page(further, scope.member)
                sheets.append(further)
        yield await self._end_of_jobs(scope, sheets)

    async def _missed(self, query: Query, scope: Scope, sheet: Sheet) -> AsyncIterator[Sheet]:
        """Yield further pages, where what is stored and not listed may lie on some."""
        if len(sheet.rows) not in PAGE_SIZES or not await self._lost(scope.key, [sheet]):
            return
        async for further in beyond(self._asking, query, scope.member, sheet, of_one=True):
            yield further

    async def _lost(self, source: str, sheets: Sequence[Sheet]) -> bool:
        """Whether a stored job that is more than a plan is not listed."""
        named = {row.native_id for sheet in sheets for row in sheet.rows}
        stored = await self._known.jobs_of(source)
        return any(name not in named and job.status not in WAITING for name, job in stored.items())

    async def _end_of_jobs(self, scope: Scope, sheets: Sequence[Sheet]) -> End:
        """Return the end of a source's jobs: a 404 alone proves nothing of jobs that are stored."""
        reason = UNNAMED if _unnamed(sheets) else ""
        if len(sheets) > 1:
            reason = PAGED
        elif not sheets and await self._lost(scope.key, ()):
            reason = DIFFERS
        return End(proved=not reason, reason=reason, covers=(scope.key,), watermark=MARK)

    async def _errors_of(self, scope: Scope) -> AsyncIterator[Page | End]:
        """Yield the errors of a job, its own and its records'."""
        query = Query(f"/harvest_job/{quote(scope.key, safe='')}/errors", WHOLE)
        sheet = await self._list(query, scope.member)
        if sheet is None:
            lost = listed(scope.key) in self._errors_read
            covers = () if lost else (nothing(scope.key),)
            yield End(proved=not lost, reason=DIFFERS if lost else "", covers=covers, watermark=MARK)
            return
        yield page(sheet, scope.member)
        reason = UNNAMED if _unnamed([sheet]) else ""
        yield End(proved=not reason, reason=reason, covers=(listed(scope.key),), watermark=MARK)

    async def _list(self, query: Query, member: EntityType) -> Sheet | None:
        """Return a list, None where the portal says that there is none."""
        found = await self._asking.rows(query.path, query.params(), of_one=True)
        self._broken = 0
        return None if found is None else sheet_of(found, member, set())

    async def _read_records(self) -> AsyncIterator[Page | End]:
        """Yield the records that errors name; where the pass cannot go on, what was found by then is kept."""
        absent: list[str] = []
        reason = ""
        for name in self._records:
            try:
                found = await self._record(name)
            except TooMuch as failure:
                reason = failure.error.message
                continue
            except PortalError as error:
                self._stopped = error
                break
            if found is not None:
                yield Page([found])
            if not isinstance(found, Document):
                absent.append(nothing(name))
        yield End(proved=not reason, reason=reason, partial=PARTIAL, covers=absent, watermark=MARK)

    async def _record(self, name: str) -> Document | Rejection | None:
        """Return a record, None where the portal has none of that id; TooMuch where it fails at this one."""
        try:
            found = await self._asking.one(f"/harvest_record/{quote(name, safe='')}")
        except TooMuch as reason:
            self._bear(reason)
            raise
        self._broken = 0
        return None if found is None else _of_record(name, *found)


async def _nothing_to_ask() -> AsyncIterator[Page | End]:
    """Yield the end of the jobs' own errors: they came with those of their records."""
    yield End(proved=True, watermark=MARK)


def _may_have_some(job: KnownJob) -> bool:
    """Whether an ended job may have errors."""
    return job.status in FAILED or job.counts.get("failed") != 0


def _unnamed(sheets: Sequence[Sheet]) -> bool:
    return any(isinstance(row, Rejection) for sheet in sheets for row in sheet.rows)


def _of_record(name: str, body: bytes, fetch: Fetch) -> Document | Rejection:
    """Return the document of a record, a rejection where the answer is another thing."""
    (row,) = sheet_of(([body], fetch), EntityType.HARVEST_RECORD, set()).rows
    if isinstance(row, Row) and row.native_id == name:
        return Document.of(EntityType.HARVEST_RECORD, name, body, fetch)
    reason = row.reason if isinstance(row, Rejection) else f"it is {row.native_id}"
    return Rejection(EntityType.HARVEST_RECORD, reason, body, fetch, native_id=name)


def _rejected(member: EntityType, reason: Garbled) -> Rejection:
    return Rejection(member, reason.error.message, reason.answer.body, reason.answer.fetch)
