"""Reads one source with its newest jobs, or one job with its own errors, as the portal shows them now.

A job's own errors belong to it, since they tell a cancelled job from one that failed.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from adapters.data_gov.answers import Asking, TooMuch
from adapters.data_gov.dialect import Dialect
from adapters.data_gov.jobs import JOB_ERRORS, JOBS
from adapters.data_gov.lists import Listing
from adapters.data_gov.rows import PER_PAGE, Query, Row, Sheet, page, sheet_of
from adapters.data_gov.single import of
from gateway.model.enums import EntityType, JobStatus
from gateway.ports import WIRE, Fresh, Known, KnownJob, Scope, Wanted

SOURCES = Query("/harvest_sources/")
MOST_ERRORS = 3
"""Of so many jobs of one source, the newest, the errors are asked for."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What may be an id: a filter takes nothing with a comma or a blank."""
_SOURCE_SCOPE = Scope("sources", EntityType.HARVEST_SOURCE)
_JOB_SCOPE = Scope("jobs", EntityType.HARVEST_JOB)
_OPEN = (JobStatus.SCHEDULED, JobStatus.PENDING, JobStatus.RUNNING)


class _Stated(msgspec.Struct):
    status: Any = None


_STATED = msgspec.json.Decoder(_Stated)


class Reads(Protocol):
    """How a dialect shows one thing."""

    async def source(self, native_id: str) -> Sheet | None:
        """Return a source, None where the portal has none of that id."""
        ...

    async def jobs(self, source: str) -> Sheet | None:
        """Return a source's newest jobs."""
        ...

    def errors(self, job: str) -> AsyncIterator[Fresh]:
        """Yield the errors of a job that failed."""
        ...


class Real:
    """The lists with filters of the real dialect."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def source(self, native_id: str) -> Sheet | None:
        """Return a source out of the list of all."""
        query = Query(SOURCES.path, facets=(f"id eq {native_id}",))
        return _sheet(await self._asking.rows(query.path, query.params()), EntityType.HARVEST_SOURCE)

    async def jobs(self, source: str) -> Sheet | None:
        """Return a page of a source's jobs, newest first, planned ones included."""
        asked: dict[str, str | int] = {"harvest_source_id": source, "per_page": PER_PAGE}
        return _sheet(await self._asking.rows(JOBS.path, asked), EntityType.HARVEST_JOB)

    async def errors(self, job: str) -> AsyncIterator[Fresh]:
        """Yield a job's own errors."""
        query = Query(JOB_ERRORS.path, {"harvest_job_id": job})
        scope = Scope("job_errors", EntityType.HARVEST_ERROR)
        async for sheet in Listing(self._asking, query, scope.member).sheets():
            yield Fresh(scope, page(sheet, scope.member).elements)


class Documented:
    """The items and their lists of the documented dialect."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def source(self, native_id: str) -> Sheet | None:
        """Return a source by its address."""
        return await _item(self._asking, "harvest_source", native_id, EntityType.HARVEST_SOURCE)

    async def jobs(self, source: str) -> Sheet | None:
        """Return a source's jobs, all of them: there is no other way to ask."""
        query = of("harvest_source", source, "/jobs")
        found = await self._asking.rows(query.path, query.params(), of_one=True)
        return _sheet(found, EntityType.HARVEST_JOB)

    async def errors(self, job: str) -> AsyncIterator[Fresh]:
        """Yield a job's errors: its own and its records' in one list."""
        query = of("harvest_job", job, "/errors")
        found = await self._asking.rows(query.path, query.params(), of_one=True)
        if (sheet := _sheet(found, EntityType.HARVEST_ERROR)) is not None:
            scope = Scope("errors", EntityType.HARVEST_ERROR, job, EntityType.HARVEST_JOB)
            yield Fresh(scope, page(sheet, scope.member).elements)


class Refresh:
    """One reading of one thing."""

    def __init__(self, asking: Asking, known: Known, reads: Reads) -> None:
        self._asking = asking
        self._known = known
        self._reads = reads

    async def source(self, native_id: str) -> AsyncIterator[Fresh]:
        """Yield a source, its newest jobs, its stored open jobs that are none of these, and errors that are news."""
        shown = _only(await self._reads.source(native_id), native_id)
        if shown is None:
            return
        yield Fresh(_SOURCE_SCOPE, page(shown, EntityType.HARVEST_SOURCE).elements)
        stored = await self._known.jobs_of(native_id)
        sheets = [sheet async for sheet in self._jobs(native_id, stored)]
        for sheet in sheets:
            yield Fresh(_JOB_SCOPE, page(sheet, EntityType.HARVEST_JOB).elements)
        for job in _news(sheets, stored)[:MOST_ERRORS]:
            async for fresh in self._reads.errors(job):
                yield fresh

    async def job(self, native_id: str) -> AsyncIterator[Fresh]:
        """Yield a job, and its errors where it failed."""
        shown = await self._one(native_id)
        if shown is None:
            return
        yield Fresh(_JOB_SCOPE, page(shown, EntityType.HARVEST_JOB).elements)
        for job in _failed([shown]):
            async for fresh in self._reads.errors(job):
                yield fresh

    async def _jobs(self, source: str, stored: Mapping[str, KnownJob]) -> AsyncIterator[Sheet]:
        newest = await self._reads.jobs(source)
        if newest is not None:
            yield newest
        seen = {row.native_id for row in newest.rows} if newest is not None else set()
        for name, job in stored.items():
            if job.status in _OPEN and name not in seen and (found := await self._one(name)) is not None:
                yield found

    async def _one(self, job: str) -> Sheet | None:
        return _only(await _item(self._asking, "harvest_job", job, EntityType.HARVEST_JOB), job)


async def refresh(asking: Asking, known: Known, wanted: Wanted) -> AsyncIterator[Fresh]:
    """Yield what the portal shows of *wanted*; see ``gateway.ports.Refreshing``."""
    if not _NAME.fullmatch(wanted.native_id):
        return
    documented = (await known.noted()).get(WIRE) == Dialect.DOCUMENTED
    reading = Refresh(asking, known, Documented(asking) if documented else Real(asking))
    source = wanted.type is EntityType.HARVEST_SOURCE
    try:
        async for fresh in reading.source(wanted.native_id) if source else reading.job(wanted.native_id):
            yield fresh
    except TooMuch as reason:
        raise reason.error from reason


async def _item(asking: Asking, kind: str, native_id: str, member: EntityType) -> Sheet | None:
    found = await asking.one(of(kind, native_id).path)
    return None if found is None else sheet_of(([found[0].strip()], found[1]), member, set())


def _sheet(found: Any, member: EntityType) -> Sheet | None:
    return None if found is None else sheet_of(found, member, set())


def _only(sheet: Sheet | None, native_id: str) -> Sheet | None:
    """Return *sheet* where its one row is the one that was asked for, or cannot be read; else None."""
    if sheet is None or len(sheet.rows) != 1:
        return None
    row = sheet.rows[0]
    return sheet if not isinstance(row, Row) or row.native_id == native_id else None


def _failed(sheets: Sequence[Sheet], but: Collection[str] = ()) -> list[str]:
    """Return the ids of the jobs that failed, in their order."""
    rows = [row for sheet in sheets for row in sheet.rows if isinstance(row, Row)]
    return [row.native_id for row in rows if row.native_id not in but and _status(row) == "error"]


def _news(sheets: Sequence[Sheet], stored: Mapping[str, KnownJob]) -> list[str]:
    """Return the ids of the jobs that failed and were not known to."""
    known = {name for name, job in stored.items() if job.status not in _OPEN}
    return _failed(sheets, known)


def _status(row: Row) -> Any:
    try:
        return _STATED.decode(row.body).status
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
