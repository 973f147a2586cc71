"""A pass over the portal: which lists it reads, in which order, with as few requests as the portal allows.

The list of sources tells each source's newest run, and with it the portal's generation. A poll asks for the runs of
those sources alone where that run is news or where a stored run was still open. Reads are public and go without a key.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from itertools import chain
from typing import TypeAlias

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.backends import backends
from adapters.data_gouv_fr.borne import borne
from adapters.data_gouv_fr.embedded import EmbeddedItems
from adapters.data_gouv_fr.items import Items
from adapters.data_gouv_fr.lists import Listing
from adapters.data_gouv_fr.noted import Contradicted, Noted
from adapters.data_gouv_fr.paging import Read
from adapters.data_gouv_fr.runs import OPEN, NewestRuns, run_documents
from adapters.data_gouv_fr.sources import LastJob, Sources
from adapters.data_gouv_fr.waiting import Waiting
from gateway.fetch.bearing import Bearing
from gateway.fetch.client import Client
from gateway.model.entities import JSON
from gateway.model.enums import EntityType
from gateway.ports import End, Known, KnownJob, Page, Pass, Portal, Scope

Reading: TypeAlias = Callable[[Scope, JSON], Read]

STREAMS = BACKENDS, SOURCES, JOBS, RECORDS = ("backends", "sources", "jobs", "records")

UNDECIDED = End(proved=False, reason="the portal answers now as one of its generations, now as another")
"""The end of a list that shows jobs of more than one generation."""


class GouvCrawl:
    """One pass; see ``gateway.ports.Crawl``."""

    def __init__(
        self,
        portal: Portal,
        client: Client,
        known: Known,
        kind: Pass,
        now: datetime,
        noted: Noted | None = None,
    ) -> None:
        self._client = client
        self._known = known
        self._full = kind is Pass.RECONCILE
        days = portal.settings.backfill_days
        self._since = None if days is None else now - timedelta(days=days)
        self._bearing = Bearing()
        self._one_by_one = portal.settings.connections == 1
        """Whether each scope has been read when the next one is yielded."""
        self._noted = noted or Noted()
        self._sources = Sources(client, self._noted)
        self._empty: tuple[str, ...] = ()
        """Ended jobs that have no items, by their counters."""

    @property
    def noted(self) -> Mapping[str, JSON]:
        """Return what is known of the portal's wire: ``{generation, trailingSlash, jobStatuses}``."""
        return self._noted.as_json()

    async def scopes(self) -> AsyncIterator[Scope]:
        """Yield the pass's scopes; the sources' list decides on the jobs', what is stored on the items'."""
        self._noted.recall(await self._known.noted())
        if self._full:
            yield Scope(BACKENDS, EntityType.HARVEST_BACKEND)
        yield Scope(SOURCES, EntityType.HARVEST_SOURCE, whole=True)
        async for scope in self._every_source() if self._full else self._moved_sources():
            yield scope
        self._bearing.settle()
        async for scope in self._jobs_with_items():
            yield scope
        if self._one_by_one:
            self._bearing.settle()

    def read(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        """Yield the pages of *scope*, then its End."""
        if scope.stream == BACKENDS:
            return backends(self._client, scope, self._noted)
        if scope.stream == SOURCES:
            return self._sources.read(scope)
        reading = self.one_of_many(scope, cursor)
        return borne(scope, reading, self._bearing) if scope.key else reading

    def one_of_many(self, scope: Scope, cursor: JSON) -> Read:
        """Yield the same of one source's runs or one run's items; raises where the portal refuses them."""
        return self._twice(self._jobs if scope.stream == JOBS else self._items, scope, cursor)

    async def _twice(self, read: Reading, scope: Scope, cursor: JSON) -> Read:
        """Read a scope, and once more from its start where the portal turns out to be of another generation.

        Where it shows jobs of both all the same, they are read as they are, so that a broken job costs its neighbours
        nothing, and nothing is proved.
        """
        for start, settled in ((cursor, False), (None, False), (None, True)):
            self._noted.settled += settled
            try:
                async with aclosing(read(scope, start)) as reading:
                    async for one in reading:
                        yield UNDECIDED if settled and isinstance(one, End) else one
            except Contradicted:
                continue
            finally:
                self._noted.settled -= settled
            return

    async def _every_source(self) -> AsyncIterator[Scope]:
        """Yield each source that has or had runs, those never read first, so that a small budget gets on."""
        read = await self._known.scopes_read(JOBS)
        stored = await self._known.newest_jobs()
        for source in sorted(self._sources.listed, key=read.__contains__):
            if self._sources.listed[source] or source in stored:
                yield self._whole(source)

    async def _moved_sources(self) -> AsyncIterator[Scope]:
        """Yield the sources whose newest run is news, with an open run, or that were never read whole."""
        read = await self._known.scopes_read(JOBS)
        newest = await self._known.newest_jobs()
        unfinished = {job.source for job in await self._known.open_jobs() if job.status in OPEN}
        for source, last in self._sources.listed.items():
            if last is None:
                continue
            if source not in read:
                yield self._whole(source)
            elif source in unfinished or await self._news(source, last, newest.get(source)):
                yield Scope(JOBS, EntityType.HARVEST_JOB, source, within=EntityType.HARVEST_SOURCE)

    def _whole(self, source: str) -> Scope:
        return Scope(
            JOBS, EntityType.HARVEST_JOB, source, within=EntityType.HARVEST_SOURCE, whole=True, apart=True
        )

    async def _news(self, source: str, last: LastJob, newest: KnownJob | None) -> bool:
        """Whether the source's newest run is not stored, or not as it is now."""
        stored: KnownJob | None = newest
        if newest is None or newest.native_id != last.native_id:
            stored = (await self._known.jobs_of(source)).get(last.native_id)
        return stored is None or stored.native_status != last.status

    def _jobs(self, scope: Scope, cursor: JSON) -> Read:
        if self._sources.without_runs(scope.key):
            return _nothing((scope.key,))
        ways = self._noted.ways
        listing = Listing(
            self._client,
            scope,
            wire.jobs_path(scope.key),
            size=ways.jobs_page if scope.whole else wire.JOBS_POLL_PAGE,
            documents=run_documents(self._noted, scope.key, ways),
            mask=ways.jobs_mask,
        )
        if scope.whole:
            return listing.read(cursor)
        return NewestRuns(self._client, scope, listing, self._known, self._noted).read()

    async def _jobs_with_items(self) -> AsyncIterator[Scope]:
        """Yield the ended jobs whose items are to be read: unread ones first, source by source."""
        unread, again = await self._ended_jobs()
        if self._empty:
            yield Scope(RECORDS, EntityType.HARVEST_RECORD)
        for job, total in chain(unread, again):
            yield Scope(
                RECORDS,
                EntityType.HARVEST_RECORD,
                job,
                within=EntityType.HARVEST_JOB,
                whole=True,
                total=total,
                apart=not self._noted.ways.embedded,
            )

    async def _ended_jobs(self) -> tuple[Waiting, Waiting]:
        """Return the ended jobs that have items: those that are unread, those that are read again."""
        unread, again, empty = Waiting(), Waiting(), list[str]()
        async for job, read in self._known.each_ended_job(RECORDS, unread=not self._full, since=self._since):
            if not self._without_items(job):
                (again if read else unread).add(job.native_id, job.total)
            elif not read:
                empty.append(job.native_id)
        self._empty = tuple(empty)
        return unread, again

    def _without_items(self, job: KnownJob) -> bool:
        """Whether a job's counters prove that it has no items."""
        if job.total != 0 or self._noted.ways.counts_always:
            return job.total == 0
        return job.created_at is not None and job.created_at >= wire.COUNTED_SINCE

    def _items(self, scope: Scope, cursor: JSON) -> Read:
        if not scope.key:
            return _nothing(self._empty)
        embedded = EmbeddedItems(self._client, scope, self._noted)
        if self._noted.ways.embedded:
            return embedded.read()
        return Items(self._client, scope, embedded.read).read(cursor)


async def _nothing(covers: tuple[str, ...]) -> Read:
    """Yield the End of scopes that are known without a request to be empty."""
    yield End(proved=True, covers=covers)
