"""The lists of jobs and of their errors: all of them, or what changed since the last pass."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.data_gov import wire
from adapters.data_gov.absentees import Absentees
from adapters.data_gov.answers import Asking
from adapters.data_gov.lists import DIFFERS, UNNAMED, Listing
from adapters.data_gov.rows import Query, Start, page, stamp
from adapters.data_gov.windows import mark, since
from gateway.model.entities import JSON
from gateway.model.enums import EntityType, JobStatus
from gateway.ports import End, Known, KnownJob, Page

JOBS = Query("/harvest_jobs/")
OPEN = Query("/harvest_jobs/", facets=("status ne complete", "status ne error"))
JOB_ERRORS = Query("/harvest_job_errors/")
FAILED = (JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.LOST)
"""A job of which an error may be stored."""


class Timeline:
    """Reads the lists that move with time alone; *now* is the start of the pass."""

    def __init__(self, asking: Asking, known: Known, now: datetime) -> None:
        self._asking = asking
        self._known = known
        self._now = now

    async def all_jobs(self, cursor: JSON, sources: frozenset[str] | None) -> AsyncIterator[Page | End]:
        """Yield every job; *sources* are those that the portal listed in this pass, where that is known."""
        listing = Listing(self._asking, JOBS, EntityType.HARVEST_JOB, start=Start.of(cursor), until=self._now)
        begun = _begun(cursor) or self._now
        async for sheet in listing.sheets():
            yield page(sheet, EntityType.HARVEST_JOB, {**sheet.next.cursor, "at": stamp(begun)})
        stored = () if listing.resumed else [*await self._known.open_jobs(), *await self._known.ended_jobs()]
        yield _end(listing, begun, certain=await self._all_listed(listing, stored, sources))

    async def _all_listed(
        self, listing: Listing, stored: Iterable[KnownJob], sources: frozenset[str] | None
    ) -> bool:
        """Whether the list names every job: asked of the portal only where one of *stored* seems lost."""
        if listing.doubtful:
            return await listing.counted()
        lost = any(job.native_id not in listing.seen and _should_be(job, sources) for job in stored)
        return not lost or await listing.counted()

    async def changed_jobs(self, moved: datetime) -> AsyncIterator[Page | End]:
        """Yield the jobs that are open, that finished at *moved* or later, or that were open.

        The open ones are asked for first, so that one which ends meanwhile is found among the finished.
        """
        opened = Listing(self._asking, OPEN, EntityType.HARVEST_JOB)
        waiting = [
            element
            async for sheet in opened.sheets()
            for element in page(sheet, EntityType.HARVEST_JOB).elements
        ]
        query = Query(JOBS.path, facets=(f"date_finished ge {stamp(moved)}",))
        finished = Listing(self._asking, query, EntityType.HARVEST_JOB)
        async for sheet in finished.sheets():
            yield page(sheet, EntityType.HARVEST_JOB)
        yield Page([element for element in waiting if element.native_id not in finished.seen])
        absent = await Absentees(self._asking).read(
            job for job in await self._known.open_jobs() if job.native_id not in opened.seen | finished.seen
        )
        yield Page(absent.found)
        certain = not opened.repeated and (not finished.doubtful or await finished.counted())
        yield _end(finished, self._now, certain=certain, vanished=absent.vanished, reason=absent.unread)

    async def jobs_of(self, source: str) -> AsyncIterator[Page | End]:
        """Yield every job of one source."""
        query = Query(JOBS.path, {"harvest_source_id": source})
        listing = Listing(self._asking, query, EntityType.HARVEST_JOB, until=self._now)
        async for sheet in listing.sheets():
            yield page(sheet, EntityType.HARVEST_JOB)
        stored = (await self._known.jobs_of(source)).values()
        certain = await self._all_listed(listing, stored, frozenset({source}))
        reason = (UNNAMED if listing.unnamed else "") if certain else DIFFERS
        yield End(proved=not reason, reason=reason)

    async def errors(self, moved: datetime | None, cursor: JSON) -> AsyncIterator[Page | End]:
        """Yield the errors of jobs themselves: all, or those created at *moved* or later."""
        facets = () if moved is None else (f"date_created ge {stamp(moved)}",)
        query = Query(JOB_ERRORS.path, facets=facets)
        start = Start.of(cursor)
        listing = Listing(self._asking, query, EntityType.HARVEST_ERROR, start=start, until=self._now)
        begun = _begun(cursor) or self._now
        async for sheet in listing.sheets():
            yield page(sheet, EntityType.HARVEST_ERROR, {**sheet.next.cursor, "at": stamp(begun)})
        certain = await self._certain(listing, polled=moved is not None) or await listing.counted()
        yield _end(listing, begun, certain=certain)

    async def _certain(self, listing: Listing, *, polled: bool) -> bool:
        """Whether the list's end needs no count: nothing could shift, or nothing stored could be lost."""
        if listing.doubtful:
            return False
        if polled or listing.resumed:
            return True
        if since(await self._known.watermark("job_errors")) is None:
            return True
        if listing.abrupt:
            return not any(job.status in FAILED for job in await self._known.ended_jobs())
        return listing.pages <= 1


def _should_be(job: KnownJob, sources: frozenset[str] | None) -> bool:
    """Whether an unlisted job is missed: it is no plan, and its source has not gone with all its jobs."""
    return job.status is not JobStatus.SCHEDULED and (sources is None or job.source in sources)


def _begun(cursor: Any) -> datetime | None:
    """Return when the pass started whose read a cursor goes on with."""
    return wire.instant(cursor.get("at")) if isinstance(cursor, Mapping) else None


def _end(
    listing: Listing, begun: datetime, *, certain: bool, vanished: Sequence[str] = (), reason: str = ""
) -> End:
    """Return a list's end; only a *certain* one moves the watermark. *reason*: why it proves nothing all the same."""
    reason = (UNNAMED if listing.unnamed else reason) if certain else DIFFERS
    return End(
        proved=not reason,
        reason=reason,
        watermark=mark(begun) if certain else None,
        vanished=tuple(vanished),
    )
