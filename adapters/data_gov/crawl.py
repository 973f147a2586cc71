"""The order of a pass over Data.gov: each list may ask for what the ones before have stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from adapters.data_gov.answers import Asking
from adapters.data_gov.byjob import ByJob
from adapters.data_gov.jobs import Timeline
from adapters.data_gov.lists import UNNAMED, everything
from adapters.data_gov.rows import Query, Row, page
from adapters.data_gov.settings import KEY_URL, DataGovSettings
from adapters.data_gov.windows import ERRORS, RECORDS, since
from gateway.fetch.client import Client
from gateway.model.entities import JSON
from gateway.model.enums import EntityType
from gateway.ports import End, Known, Page, Pass, Portal, Scope

STREAMS = ("organizations", "sources", "jobs", "records", "errors", "job_errors")
ORGANIZATIONS = Query("/organization_list/")
SOURCES = Query("/harvest_sources/", {"paginate": "false"})


class DataGovCrawl:
    """One pass over a Data.gov portal; *now* is its start."""

    def __init__(self, portal: Portal, client: Client, known: Known, kind: Pass, now: datetime) -> None:
        settings = portal.settings
        key_url = settings.key_url if isinstance(settings, DataGovSettings) else KEY_URL
        self._asking = Asking(client, keyed=settings.api_key is not None, key_url=key_url)
        self._known = known
        self._full = kind is Pass.RECONCILE
        self._timeline = Timeline(self._asking, known, now)
        self._by_job = {stream.name: ByJob(stream, self._asking, known, now) for stream in (RECORDS, ERRORS)}
        self._whole: dict[str, bool] = {}
        """Streams of this pass that have begun, and whether they are read whole."""
        self._sources: frozenset[str] | None = None
        """Ids of the sources that the portal listed in this pass."""

    @property
    def noted(self) -> Mapping[str, JSON]:
        """Return what is known of the portal's wire."""
        return {}

    async def scopes(self) -> AsyncIterator[Scope]:
        """Yield the pass's scopes in order.

        While a first load takes several passes, each goes on with what is not loaded yet, and reads of the rest
        only what changed: else a budget of requests that is smaller than all there is would never get further.
        """
        yield Scope("organizations", EntityType.ORGANIZATION, whole=True)
        yield Scope("sources", EntityType.HARVEST_SOURCE, whole=True)
        yield Scope("jobs", EntityType.HARVEST_JOB, whole=await self._begin("jobs"))
        for name, by_job in self._by_job.items():
            async for scope in by_job.scopes(full=await self._begin(name)):
                yield scope
        yield Scope("job_errors", EntityType.HARVEST_ERROR, whole=await self._begin("job_errors"))

    async def _begin(self, stream: str) -> bool:
        """Return whether *stream* is read whole in this pass: each stream's end leaves a watermark."""
        loading = await self._known.watermark(STREAMS[-1]) is None
        loaded = await self._known.watermark(stream) is not None
        self._whole[stream] = self._full and not (loading and loaded)
        return self._whole[stream]

    async def read(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        """Yield the pages of *scope* from *cursor*, then one End.

        Raises PortalUnavailable, PortalRefused, PortalUnreadable.
        """
        async for item in await self._reading(scope, cursor):
            yield item

    async def _reading(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        if scope.stream == "organizations":
            return self._everything(ORGANIZATIONS, scope)
        if scope.stream == "sources":
            return self._everything(SOURCES, scope)
        if scope.stream in self._by_job:
            return self._by_job[scope.stream].read(scope, cursor)
        whole = self._whole.get(scope.stream, self._full)
        moved = None if whole else since(await self._known.watermark(scope.stream))
        if scope.stream == "job_errors":
            return self._timeline.errors(moved, cursor)
        if moved is None:
            return self._timeline.all_jobs(cursor, self._sources)
        return self._timeline.changed_jobs(moved)

    async def _everything(self, query: Query, scope: Scope) -> AsyncIterator[Page | End]:
        """Yield a list of one answer; an empty one proves nothing where jobs are known."""
        sheet = await everything(self._asking, query, scope.member)
        if sheet is not None and sheet.rows:
            if scope.stream == "sources":
                self._sources = frozenset(row.native_id for row in sheet.rows if isinstance(row, Row))
            yield page(sheet, scope.member)
            named = all(isinstance(row, Row) for row in sheet.rows)
            yield End(proved=named, reason="" if named else UNNAMED)
        else:
            stored = bool(await self._known.newest_jobs())
            yield End(proved=not stored, reason="the list is empty, but there are jobs" if stored else "")
