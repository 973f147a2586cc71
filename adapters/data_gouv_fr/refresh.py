"""Reads one source with its newest runs, or one run, as the portal shows it now: documents as a pass brings them.

A missing run is the portal's own fault (500), as is a missing source before udata 10.8.2: neither is taken for gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.crawl import JOBS, SOURCES, GouvCrawl
from adapters.data_gouv_fr.generations import Generation, embeds
from adapters.data_gouv_fr.noted import Noted
from adapters.data_gouv_fr.paging import ABSENT, FAILED, Missing, named
from adapters.data_gouv_fr.runs import OPEN, run_document
from adapters.data_gouv_fr.sources import Sources
from adapters.data_gouv_fr.values import part
from gateway.fetch.client import DOWN, Answer, Client
from gateway.model.enums import EntityType
from gateway.ports import Fresh, Known, Page, Pass, Portal, Scope, Wanted, addressable

RETRY = DOWN - {429}
"""Statuses that are tried again: a 500 is how the portal says that it has no such thing."""
MOVED = 308
"""What a path answers that wants a slash at its end, or none, and a former slug."""
UNKNOWN = frozenset({400, ABSENT, 410, FAILED})
"""What the portal answers for a run that it does not have."""


class Refresh:
    """One reading of one thing, at *now*."""

    def __init__(self, portal: Portal, client: Client, known: Known, noted: Noted, now: datetime) -> None:
        self._client = client
        self._known = known
        self._noted = noted
        self._sources = Sources(client, noted)
        self._crawl = GouvCrawl(portal, client, known, Pass.POLL, now, noted)

    async def source(self, native_id: str) -> AsyncIterator[Fresh]:
        """Yield a source and whom it names; then its runs, where its newest is news or one was open."""
        answer = await self._shown(native_id)
        read = None if answer is None else self._read(answer, native_id)
        if answer is None or read is None:
            return
        documents = [*self._sources.documents(native_id, read, answer.body.strip(), answer.fetch)]
        yield Fresh(Scope(SOURCES, EntityType.HARVEST_SOURCE), documents)
        if (scope := await self._runs(native_id)) is None:
            return
        async with aclosing(self._crawl.one_of_many(scope, None)) as reading:
            async for one in reading:
                if isinstance(one, Page):
                    yield Fresh(scope, one.elements)

    async def job(self, native_id: str, source: str | None) -> AsyncIterator[Fresh]:
        """Yield a run; it is asked for once more where it shows that the portal is of another generation."""
        found = await self._run(native_id)
        if found is not None and self._noted.saw(embeds(found[0])):
            found = await self._run(native_id)
        if found is None:
            return
        read, answer = found
        owner = source or part(read.get("source"), "id")
        if isinstance(owner, str):
            scope = Scope(JOBS, EntityType.HARVEST_JOB, owner, within=EntityType.HARVEST_SOURCE)
            yield Fresh(scope, [run_document(native_id, owner, read, answer.body.strip(), answer.fetch)])

    async def _run(self, native_id: str) -> tuple[Mapping[str, Any], Answer] | None:
        mask = self._noted.ways.job_mask
        answer = await self._client.get(wire.job_path(native_id), mask=mask, retry=RETRY)
        read = None if answer.status in UNKNOWN else self._read(answer, native_id)
        return None if read is None else (read, answer)

    async def _shown(self, native_id: str) -> Answer | None:
        """Return the answer that shows a source, at that of its two addresses which the portal has."""
        slash = self._noted.slash is not False
        answer = await self._get(native_id, slash=slash)
        if answer.status == MOVED or (answer.status == ABSENT and self._noted.slash is None):
            answer = await self._get(native_id, slash=not slash)
        old = self._noted.generation is Generation.V9
        if answer.status in {ABSENT, MOVED} or (answer.status == FAILED and old):
            return None
        if answer.status == FAILED:
            raise Missing(answer.status, answer.body, answer.fetch).error(self._client.portal)
        return answer

    async def _get(self, native_id: str, *, slash: bool) -> Answer:
        path = wire.source_path(native_id, slash=slash)
        return await self._client.get(path, mask=wire.SOURCE_MASK, retry=RETRY)

    async def _runs(self, source: str) -> Scope | None:
        """Return which of a source's runs are read, as in a poll; None where nothing can have changed."""
        last = self._sources.listed[source]
        if last is None:
            return None
        whole = source not in await self._known.scopes_read(JOBS)
        stored = await self._known.jobs_of(source)
        newest = stored.get(last.native_id)
        waits = any(job.status in OPEN for job in stored.values())
        if not (whole or waits or newest is None or newest.native_status != last.status):
            return None
        return Scope(JOBS, EntityType.HARVEST_JOB, source, within=EntityType.HARVEST_SOURCE, whole=whole)

    def _read(self, answer: Answer, native_id: str) -> Mapping[str, Any] | None:
        """Return the object that an answer holds, None where that is another thing: a slug names one, too."""
        found = named(answer.body) if answer.status == 200 else f"status {answer.status}"
        if isinstance(found, str):
            raise self._client.unreadable(answer.fetch, found)
        return found if found["id"] == native_id else None


async def refresh(
    portal: Portal, client: Client, known: Known, wanted: Wanted, now: datetime
) -> AsyncIterator[Fresh]:
    """Yield what the portal shows of *wanted*; see ``gateway.ports.Refreshing``."""
    if not addressable(wanted.native_id):
        return
    noted = Noted()
    noted.recall(await known.noted())
    reading = Refresh(portal, client, known, noted, now)
    source = wanted.type is EntityType.HARVEST_SOURCE
    found = reading.source(wanted.native_id) if source else reading.job(wanted.native_id, wanted.source)
    async for fresh in found:
        yield fresh
