"""How the rows of many jobs are asked for with the fewest requests: job by job, or by one window of time.

The portal's records and record errors are logs. The rows of a job lie between its creation and its end: one
window over many jobs costs pages for the sum of their rows, reading job by job costs pages for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.data_gov import wire
from adapters.data_gov.rows import PER_PAGE, Query, Start, stamp
from gateway.model.enums import EntityType, JobStatus
from gateway.ports import KnownJob

OVERLAP = timedelta(seconds=180)
"""How far back is asked: caches keep answers for a minute, and commits come out of order."""
PATIENCE = timedelta(hours=48)
"""After which a job that is still open is lost."""
SECOND = timedelta(seconds=1)
"""The portal cuts its dates to seconds."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A list whose rows belong to jobs."""

    name: str
    path: str
    member: EntityType
    counters: tuple[str, ...]
    """Counters of a job whose sum says how many rows it has."""
    exact: bool
    """Whether that sum should be the number of rows, or only says whether there are any."""

    def expected(self, job: KnownJob) -> int | None:
        """Return how many rows a job should have, None where the portal does not count."""
        counts = [job.counts.get(name) for name in self.counters]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    def of_job(self, job: str) -> Query:
        """Return the rows of one job."""
        return Query(self.path, {"harvest_job_id": job})


RECORDS = Stream(
    "records",
    "/harvest_records/",
    EntityType.HARVEST_RECORD,
    ("added", "updated", "deleted", "failed"),
    exact=True,
)
ERRORS = Stream(
    "errors", "/harvest_record_errors/", EntityType.HARVEST_ERROR, ("failed", "warned"), exact=False
)


@dataclass(frozen=True, slots=True)
class Window:
    """All rows created at *a* or later and before *b*, as the jobs stood at *at*."""

    a: datetime
    b: datetime
    at: datetime

    def query(self, stream: Stream) -> Query:
        """Return the rows of the window."""
        return Query(
            stream.path, facets=(f"date_created ge {stamp(self.a)}", f"date_created lt {stamp(self.b)}")
        )

    def cursor(self, start: Start) -> dict[str, Any]:
        """Return the JSON by which an interrupted reading of the window goes on."""
        return {"a": stamp(self.a), "b": stamp(self.b), "at": stamp(self.at), **start.cursor}

    @classmethod
    def of(cls, cursor: Any) -> Window | None:
        """Return the window of a cursor, None where it names none."""
        if not isinstance(cursor, Mapping):
            return None
        a, b, at = (wire.instant(cursor.get(key)) for key in ("a", "b", "at"))
        return None if a is None or b is None or at is None else cls(a, b, at)

    def meets(self, job: KnownJob) -> bool:
        """Whether rows of *job* lie in the window's span."""
        return (
            job.created_at is not None
            and job.created_at < self.b
            and (job.ended_at is None or job.ended_at >= self.a)
        )

    def holds(self, job: KnownJob) -> bool:
        """Whether the window, when it was begun, held all rows of *job* and took them: it had ended by then.

        Jobs that ended just before may not have been seen as ended yet. A job that was lost by then made the
        window reach to its beginning's present.
        """
        if job.created_at is None or job.created_at < self.a:
            return False
        if job.ended_at is not None:
            return job.ended_at + SECOND <= self.b and job.ended_at <= self.at - OVERLAP
        lost = job.status is JobStatus.LOST and job.created_at + PATIENCE <= self.at - OVERLAP
        return lost and self.b > self.at


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of some jobs are read."""

    nothing: tuple[KnownJob, ...]
    """Jobs that have no rows: read without a request."""
    window: Window | None
    """The window to read *together* by, None where there is nothing to read so."""
    together: tuple[KnownJob, ...]
    singly: tuple[KnownJob, ...]


def pages(rows: int) -> int:
    """Return the requests that a list of so many rows costs: it ends at a short page or at a 404."""
    return rows // PER_PAGE + 1


def plan(
    stream: Stream, jobs: Iterable[KnownJob], around: Iterable[KnownJob], now: datetime, *, full: bool
) -> Plan:
    """Return the cheaper way to read the rows of *jobs*; *full*: a window where it costs no more.

    *around*: other jobs, whose rows a window brings along where they lie in its span.
    """
    every = tuple(jobs)
    asked = tuple(job for job in every if stream.expected(job) != 0)
    nothing = tuple(job for job in every if stream.expected(job) == 0)
    window = span(asked, now)
    if window is not None and _together(stream, asked, [*filter(window.meets, around)], full=full):
        return Plan(nothing, window, asked, ())
    return Plan(nothing, None, (), asked)


def _together(stream: Stream, jobs: Sequence[KnownJob], others: Sequence[KnownJob], *, full: bool) -> bool:
    counts = [stream.expected(job) or 0 for job in jobs]
    together = pages(sum(counts) + sum(stream.expected(job) or 0 for job in others))
    singly = sum(pages(count) for count in counts)
    return together <= singly if full else together < singly


def span(jobs: Sequence[KnownJob], now: datetime) -> Window | None:
    """Return the window that holds all rows of *jobs*, None where there is no job or one without a date."""
    created = [job.created_at for job in jobs if job.created_at is not None]
    if not jobs or len(created) < len(jobs):
        return None
    last = max(_last(job, now) for job in jobs)
    return Window(min(created), last + SECOND, now)


def _last(job: KnownJob, now: datetime) -> datetime:
    """Return the instant after which a job has written no row."""
    if job.ended_at is not None:
        return job.ended_at
    if job.status is JobStatus.LOST or job.created_at is None:
        return now
    return job.created_at


def since(watermark: Any) -> datetime | None:
    """Return from when on a poll asks: the start of the last pass that ended well, with an overlap."""
    found = wire.instant(watermark.get("since")) if isinstance(watermark, Mapping) else None
    return None if found is None else found - OVERLAP


def mark(now: datetime) -> dict[str, str]:
    """Return the watermark of a pass that started at *now*."""
    return {"since": now.astimezone(UTC).isoformat()}
