"""A pass over the portal: which lists it reads, in which order, with as few requests as the portal allows.

The list of sources tells each source's newest run. A poll asks for the runs of those sources alone where that
run is news or where a stored run was still open. Reads are public and go without a key.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.items import Items
from adapters.data_gouv_fr.lists import Element, Listing, bare
from adapters.data_gouv_fr.paging import usable
from adapters.data_gouv_fr.runs import OPEN, NewestRuns, run_documents
from adapters.data_gouv_fr.values import part, text
from gateway.fetch.client import Client
from gateway.fetch.decode import member, members
from gateway.model.document import Document, Fetch
from gateway.model.entities import JSON
from gateway.model.enums import EntityType
from gateway.ports import End, Known, KnownJob, Page, Pass, Portal, Scope

STREAMS = BACKENDS, SOURCES, JOBS, RECORDS = ("backends", "sources", "jobs", "records")


@dataclass(frozen=True, slots=True)
class LastJob:
    """A source's newest run, as the list of sources tells it."""

    native_id: str
    status: str | None


class GouvCrawl:
    """One pass; see ``gateway.ports.Crawl``."""

    def __init__(self, portal: Portal, client: Client, known: Known, kind: Pass, now: datetime) -> None:
        self._client = client
        self._known = known
        self._full = kind is Pass.RECONCILE
        days = portal.settings.backfill_days
        self._since = None if days is None else now - timedelta(days=days)
        self._listed: dict[str, LastJob | None] = {}
        """The portal's sources in its order."""
        self._empty: tuple[str, ...] = ()
        """Ended jobs that have no items, by their counters."""

    @property
    def noted(self) -> Mapping[str, JSON]:
        """Return what is known of the portal's wire."""
        return {}

    async def scopes(self) -> AsyncIterator[Scope]:
        """Yield the pass's scopes; the sources' list decides on the jobs', what is stored on the items'."""
        if self._full:
            yield Scope(BACKENDS, EntityType.HARVEST_BACKEND)
        yield Scope(SOURCES, EntityType.HARVEST_SOURCE, whole=True)
        async for scope in self._every_source() if self._full else self._moved_sources():
            yield scope
        async for scope in self._jobs_with_items():
            yield scope

    def read(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        """Yield the pages of *scope*, then its End."""
        if scope.stream == BACKENDS:
            return bare(self._client, scope, wire.BACKENDS)
        if scope.stream == SOURCES:
            return self._read_sources(scope)
        if scope.stream == JOBS:
            return self._read_jobs(scope, cursor)
        return self._read_items(scope, cursor)

    def _read_sources(self, scope: Scope) -> AsyncIterator[Page | End]:
        """Read all sources: always from the start, since the jobs' scopes are told by every page."""
        return Listing(
            self._client,
            scope,
            wire.SOURCES,
            size=wire.SOURCES_PAGE,
            documents=self._source_documents,
            extra=wire.SOURCES_WITH_DELETED,
            mask=wire.SOURCES_MASK,
            resumable=False,
        ).read(None)

    def _source_documents(
        self, native_id: str, source: Element, row: bytes, fetch: Fetch
    ) -> Iterator[Document]:
        """Yield a source's document and those of whom it names; its newest run is noted."""
        last = source.get("last_job")
        last_id = part(last, "id")
        self._listed[native_id] = LastJob(last_id, text(part(last, "status"))) if usable(last_id) else None
        yield Document.of(EntityType.HARVEST_SOURCE, native_id, row, fetch)
        parts = members(row)
        validation = parts.get("validation") if isinstance(source.get("validation"), dict) else None
        embedded = (
            (EntityType.ORGANIZATION, source.get("organization"), parts.get("organization")),
            (EntityType.PERSON, source.get("owner"), parts.get("owner")),
            (
                EntityType.PERSON,
                part(source.get("validation"), "by"),
                member(validation, "by") if validation else None,
            ),
        )
        for kind, found, body in embedded:
            if body is not None and usable(named := part(found, "id")):
                yield Document.of(kind, named, body, fetch)

    async def _every_source(self) -> AsyncIterator[Scope]:
        """Yield each source that has or had runs, those never read first, so that a small budget gets on."""
        read = await self._known.scopes_read(JOBS)
        stored = await self._known.newest_jobs()
        for source in sorted(self._listed, key=read.__contains__):
            if self._listed[source] or source in stored:
                yield self._whole(source)

    async def _moved_sources(self) -> AsyncIterator[Scope]:
        """Yield the sources whose newest run is news, with an open run, or that were never read whole."""
        read = await self._known.scopes_read(JOBS)
        newest = await self._known.newest_jobs()
        unfinished = {job.source for job in await self._known.open_jobs() if job.status in OPEN}
        for source, last in self._listed.items():
            if last is None:
                continue
            if source not in read:
                yield self._whole(source)
            elif source in unfinished or await self._news(source, last, newest.get(source)):
                yield Scope(JOBS, EntityType.HARVEST_JOB, source, within=EntityType.HARVEST_SOURCE)

    def _whole(self, source: str) -> Scope:
        return Scope(JOBS, EntityType.HARVEST_JOB, source, within=EntityType.HARVEST_SOURCE, whole=True)

    async def _news(self, source: str, last: LastJob, newest: KnownJob | None) -> bool:
        """Whether the source's newest run is not stored, or not as it is now."""
        stored: KnownJob | None = newest
        if newest is None or newest.native_id != last.native_id:
            stored = (await self._known.jobs_of(source)).get(last.native_id)
        return stored is None or stored.native_status != last.status

    def _read_jobs(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        if scope.key in self._listed and self._listed[scope.key] is None:
            return _nothing((scope.key,))
        listing = Listing(
            self._client,
            scope,
            wire.jobs_path(scope.key),
            size=wire.JOBS_FULL_PAGE if scope.whole else wire.JOBS_POLL_PAGE,
            documents=run_documents(self._client, scope.key),
        )
        if scope.whole:
            return listing.read(cursor)
        return NewestRuns(self._client, scope, listing, self._known).read()

    async def _jobs_with_items(self) -> AsyncIterator[Scope]:
        """Yield the ended jobs whose items are to be read: unread ones first, newest first."""
        unread = await self._known.ended_jobs(unread=RECORDS, since=self._since)
        self._empty = tuple(job.native_id for job in unread if _without_items(job))
        if self._empty:
            yield Scope(RECORDS, EntityType.HARVEST_RECORD)
        names = {job.native_id for job in unread}
        again = await self._known.ended_jobs(since=self._since) if self._full else ()
        for job in (*unread, *(job for job in again if job.native_id not in names)):
            if not _without_items(job):
                yield Scope(
                    RECORDS,
                    EntityType.HARVEST_RECORD,
                    job.native_id,
                    within=EntityType.HARVEST_JOB,
                    whole=True,
                    total=job.total,
                )

    def _read_items(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        if not scope.key:
            return _nothing(self._empty)
        return Items(self._client, scope).read(cursor)


def _without_items(job: KnownJob) -> bool:
    """Whether a job's counters prove that it has no items."""
    return job.total == 0 and job.created_at is not None and job.created_at >= wire.COUNTED_SINCE


async def _nothing(covers: tuple[str, ...]) -> AsyncIterator[Page | End]:
    """Yield the End of scopes that are known without a request to be empty."""
    yield End(proved=True, covers=covers)
