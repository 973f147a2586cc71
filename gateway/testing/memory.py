"""A store in memory: enough of one to carry a crawl from a first load to the polls after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import TypeVar

from gateway.model.document import Document, Rejection
from gateway.model.entities import JSON, Entity, HarvestError, HarvestJob, HarvestRecord
from gateway.model.enums import EntityType, JobStatus
from gateway.ports import Adapter, End, KnownJob, Scope

LOST_AFTER = timedelta(hours=48)
OPEN = frozenset({JobStatus.SCHEDULED, JobStatus.PENDING, JobStatus.RUNNING})
COUNTS = ("added", "updated", "deleted", "failed", "warned", "succeeded", "skipped")

E = TypeVar("E", bound=Entity)
Name = tuple[EntityType, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """A scope that is being read."""

    scope: Scope
    before: frozenset[Name]
    """The rows that were there when it began."""
    resumed: bool
    named: set[Name]


class MemoryKnown:
    """What a crawl is told of its portal (``gateway.ports.Known``), and what it brought.

    *rows* are the entities as the adapter's normaliser made them, *documents* what they were made of, *rejections*
    what could not be read, *gone* the rows that a proved list no longer named; *now* is the clock of statuses.
    """

    def __init__(self, adapter: Adapter, now: datetime) -> None:
        self.now = now
        self.rows: dict[Name, Entity] = {}
        self._listed: dict[tuple[EntityType, str | None], dict[str, Entity]] = {}
        """Rows by type, and by type and the id of the source or job that they are of."""
        self.documents: dict[Name, Document] = {}
        self.rejections: list[Rejection] = []
        self.gone: set[Name] = set()
        self.wire: Mapping[str, JSON] = {}
        self.cursors: dict[tuple[str, str], JSON] = {}
        self.brought: dict[tuple[str, str], dict[Name, Document]] = {}
        """The documents that the last reading of each scope, by (stream, key), has brought."""
        self._adapter = adapter
        self._read: dict[str, set[str]] = {}
        self._watermarks: dict[str, JSON] = {}

    def begin(self, scope: Scope) -> Reading:
        """Return the account of a scope that is read from its start or its cursor."""
        resumed = self.cursors.get((scope.stream, scope.key)) is not None
        if not resumed:
            self.brought[scope.stream, scope.key] = {}
        owner = scope.key if scope.within is not None else None
        listed = self._listed.get((scope.member, owner), {}) if scope.whole and not resumed else {}
        return Reading(scope, frozenset((scope.member, native_id) for native_id in listed), resumed, set())

    def take(self, reading: Reading, elements: Iterable[Document | Rejection], cursor: JSON) -> None:
        """Store what a page brought, and where to go on after it."""
        for element in elements:
            if isinstance(element, Rejection):
                self._reject(reading, element)
            else:
                self._store(reading, element)
        self.cursors[reading.scope.stream, reading.scope.key] = cursor

    def conclude(self, reading: Reading, end: End) -> None:
        """Draw what follows from a scope's end: rows gone, scopes read, the next watermark."""
        scope = reading.scope
        self.cursors.pop((scope.stream, scope.key), None)
        self._read.setdefault(scope.stream, set()).update(end.covers)
        if end.watermark is not None:
            self._watermarks[scope.stream] = end.watermark
        if scope.whole and end.proved and not reading.resumed:
            self.gone |= {name for name in reading.before - reading.named if self._belongs(name, scope, end)}
        self.gone |= {(scope.member, native_id) for native_id in end.vanished}

    def of(self, entity: type[E]) -> dict[str, E]:
        """Return the rows of a type that are not gone, by native id."""
        return {
            native_id: row
            for native_id, row in self._listed.get((entity.type, None), {}).items()
            if isinstance(row, entity) and (entity.type, native_id) not in self.gone
        }

    def status(self, job: HarvestJob, errors: AbstractSet[str | None] = frozenset()) -> JobStatus:
        """Return what a job's words mean once the clock and the types of its own *errors* are known."""
        wire, created = job.wire_status, job.created_at
        if wire is JobStatus.PENDING and created and created > self.now:
            return JobStatus.SCHEDULED
        if wire in OPEN and created and created + LOST_AFTER <= self.now:
            return JobStatus.LOST
        if wire is JobStatus.FAILED:
            if "CancelledJob" in errors:
                return JobStatus.CANCELLED
            return JobStatus.LOST if "FailedJobCleanup" in errors else wire
        return wire

    async def noted(self) -> Mapping[str, JSON]:
        """Return what earlier passes noted of the portal's wire."""
        return self.wire

    async def stubs(self, type_: EntityType) -> Sequence[str]:
        """Return the native ids that errors name and no record has; of other types there are none."""
        if type_ is not EntityType.HARVEST_RECORD:
            return []
        named = {error.record for error in self.of(HarvestError).values() if error.record is not None}
        return sorted(named - self.of(HarvestRecord).keys())

    async def watermark(self, stream: str) -> JSON:
        """Return what the stream's last pass left, or None."""
        return self._watermarks.get(stream)

    async def scopes_read(self, stream: str) -> frozenset[str]:
        """Return the keys of the scopes of *stream* that have been read whole."""
        return frozenset(self._read.get(stream, ()))

    async def newest_jobs(self) -> Mapping[str, KnownJob]:
        """Return each source's newest job that is not SCHEDULED, by the source's native id."""
        jobs = [job for job in self._jobs() if job.status is not JobStatus.SCHEDULED]
        return {job.source: job for job in reversed(jobs) if job.source is not None}

    async def jobs_of(self, source: str) -> Mapping[str, KnownJob]:
        """Return the present jobs of a source by native id."""
        return {job.native_id: job for job in self._jobs() if job.source == source}

    async def open_jobs(self) -> Sequence[KnownJob]:
        """Return the present jobs whose status is SCHEDULED, PENDING or RUNNING."""
        return [job for job in self._jobs() if job.status in OPEN]

    async def each_ended_job(
        self, stream: str, *, unread: bool = False, since: datetime | None = None
    ) -> AsyncIterator[tuple[KnownJob, bool]]:
        """Yield what ``ended_jobs`` returns, source by source, each with whether it has been read in *stream*."""
        by_source: dict[str | None, list[KnownJob]] = {}
        for job in await self.ended_jobs(unread=stream if unread else None, since=since):
            by_source.setdefault(job.source, []).append(job)
        for job in chain.from_iterable(by_source.values()):
            yield job, job.native_id in self._read.get(stream, ())

    async def ended_jobs(
        self, *, unread: str | None = None, since: datetime | None = None
    ) -> Sequence[KnownJob]:
        """Return the present jobs that have ended or are LOST, newest first."""
        read = self._read.get(unread, set()) if unread is not None else set()
        return [
            job
            for job in self._jobs()
            if job.status not in OPEN
            and job.native_id not in read
            and (since is None or (job.created_at is not None and job.created_at >= since))
        ]

    def _jobs(self) -> list[KnownJob]:
        """Return the present jobs, newest first."""
        errors: dict[str | None, set[str | None]] = {}
        for error in self.of(HarvestError).values():
            if error.record is None:
                errors.setdefault(error.job, set()).add(error.native_type)
        jobs = [self._known(job, errors.get(job.native_id, set())) for job in self.of(HarvestJob).values()]
        return sorted(jobs, key=lambda job: (_instant(job.created_at), job.native_id), reverse=True)

    def _known(self, job: HarvestJob, errors: AbstractSet[str | None]) -> KnownJob:
        counts = {name: getattr(job, name) for name in COUNTS}
        return KnownJob(
            job.native_id,
            job.source,
            self.status(job, errors),
            job.native_status,
            job.created_at,
            job.ended_at,
            job.total,
            counts,
        )

    def _reject(self, reading: Reading, rejection: Rejection) -> None:
        self.rejections.append(rejection)
        if rejection.native_id is not None:
            reading.named.add((rejection.type, rejection.native_id))

    def _store(self, reading: Reading, document: Document) -> None:
        name = (document.type, document.native_id)
        self.documents[name] = document
        self.brought[reading.scope.stream, reading.scope.key][name] = document
        for said in self._adapter.normalise(document):
            if isinstance(said, Rejection):
                self._reject(reading, said)
                continue
            name = (said.type, said.native_id)
            self.rows[name] = said
            for owner in (None, *_owners(said)):
                self._listed.setdefault((said.type, owner), {})[said.native_id] = said
            self.gone.discard(name)
            reading.named.add(name)

    def _belongs(self, name: Name, scope: Scope, end: End) -> bool:
        """Whether a row of a list's type and owner is a member of the list that *scope* is."""
        row = self.rows[name]
        own = isinstance(row, HarvestError) and row.record is None and row.native_severity is None
        if isinstance(row, HarvestError) and own != (scope.stream == "job_errors"):
            return False
        if scope.within is not None or not isinstance(row, HarvestRecord | HarvestError) or not end.covers:
            return True
        return row.job in end.covers


def _owners(row: Entity) -> Iterable[str]:
    """Return the ids of the source and the job that a row is of."""
    owners = (getattr(row, "source", None), getattr(row, "job", None))
    return [owner for owner in owners if owner is not None]


def _instant(value: datetime | None) -> float:
    return float("-inf") if value is None else value.timestamp()
