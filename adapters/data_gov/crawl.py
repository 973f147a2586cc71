"""The order of a pass in the real dialect: each list may ask for what the ones before have stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from adapters.data_gov.answers import Asking
from adapters.data_gov.byjob import ByJob
from adapters.data_gov.jobs import Timeline
from adapters.data_gov.reference import Reference
from adapters.data_gov.windows import ERRORS, RECORDS, since
from gateway.model.entities import JSON
from gateway.model.enums import EntityType
from gateway.ports import End, Known, Page, Scope

STREAMS = ("organizations", "sources", "jobs", "records", "errors", "job_errors")


class RealCrawl:
    """What follows the reference lists; *now* is the pass's start, *full* whether it reads everything.

    *upgraded*: what is stored was told in the documented dialect, whose errors do not say of what they are.
    """

    def __init__(
        self,
        asking: Asking,
        known: Known,
        reference: Reference,
        now: datetime,
        *,
        full: bool,
        upgraded: bool = False,
    ) -> None:
        self._known = known
        self._reference = reference
        self._full = full
        self._upgraded = upgraded
        self._timeline = Timeline(asking, known, now)
        self._by_job = {stream.name: ByJob(stream, asking, known, now) for stream in (RECORDS, ERRORS)}
        self._whole: dict[str, bool] = {}
        """Streams of this pass that have begun, and whether they are read whole."""

    async def scopes(self) -> AsyncIterator[Scope]:
        """Yield the pass's scopes in order.

        While a first load takes several passes, each goes on with what is not loaded yet, and reads of the rest
        only what changed: else a budget of requests that is smaller than all there is would never get further.
        """
        yield Scope("jobs", EntityType.HARVEST_JOB, whole=await self._begin("jobs"))
        mixed = await self._mixed()
        for name, by_job in self._by_job.items():
            async for scope in by_job.scopes(full=await self._begin(name), again=self._upgraded):
                yield scope
        whole = await self._begin("job_errors")
        yield Scope("job_errors", EntityType.HARVEST_ERROR, whole=whole and not mixed)

    async def _mixed(self) -> bool:
        """Whether errors are stored that may be of a run or of a record: those prove nothing gone of either list."""
        unfinished = since(await self._known.watermark(ERRORS.name)) is None
        return unfinished and bool(await self._known.scopes_read(ERRORS.name))

    async def _begin(self, stream: str) -> bool:
        """Return whether *stream* is read whole in this pass: each stream's end leaves a date in its watermark."""
        loading = since(await self._known.watermark(STREAMS[-1])) is None
        loaded = since(await self._known.watermark(stream)) is not None
        self._whole[stream] = self._full and not (loading and loaded)
        return self._whole[stream]

    async def read(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        """Yield the pages of *scope* from *cursor*, then one End; also of a source's jobs, a job's errors."""
        async for item in await self._reading(scope, cursor):
            yield item

    async def _reading(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        if scope.stream in self._by_job:
            return self._by_job[scope.stream].read(scope, cursor)
        if scope.key:
            return self._timeline.jobs_of(scope.key)
        whole = self._whole.get(scope.stream, self._full)
        moved = None if whole else since(await self._known.watermark(scope.stream))
        if scope.stream == "job_errors":
            return self._timeline.errors(moved, cursor)
        if moved is None:
            return self._timeline.all_jobs(cursor, self._reference.sources)
        return self._timeline.changed_jobs(moved)
