"""Reads what a poll needs of one source's runs: the newest, back to one that is stored and has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.counts import counted
from adapters.data_gouv_fr.generations import Ways, embeds
from adapters.data_gouv_fr.lists import Documents, Element, Listing
from adapters.data_gouv_fr.noted import Contradicted, Noted
from adapters.data_gouv_fr.paging import FAILED, Garbled, Missing, Read, element
from gateway.errors import PortalRefused
from gateway.fetch.client import Client
from gateway.fetch.splitting import without
from gateway.model.document import Document, Fetch
from gateway.model.enums import EntityType, JobStatus
from gateway.ports import End, Known, KnownJob, Page, Scope, addressable

OPEN = frozenset({JobStatus.PENDING, JobStatus.RUNNING})
UNENDED = OPEN | {JobStatus.SCHEDULED}


def run_documents(noted: Noted, source: str, ways: Ways) -> Documents:
    """Return what makes the document of a run of *source*, asked for in these *ways*.

    Contradicted for one of another generation, also where another list has shown it meanwhile.
    """

    def documents(native_id: str, job: Element, row: bytes, fetch: Fetch) -> Iterator[Document]:
        if noted.saw(embeds(job)) or noted.ways is not ways:
            raise Contradicted
        yield run_document(native_id, source, job, row, fetch)

    return documents


def run_document(native_id: str, source: str, job: Element, row: bytes, fetch: Fetch) -> Document:
    """Return the document of a run: without the items that it holds, their counts beside it."""
    items = job.get("items")
    if not isinstance(items, list):
        return Document.of(EntityType.HARVEST_JOB, native_id, row, fetch, parent=source)
    body = without(row, "items")
    return Document.of(EntityType.HARVEST_JOB, native_id, body, fetch, parent=source, counted=counted(items))


class NewestRuns:
    """The newest runs of one source.

    They are yielded oldest first: the run by which the next poll would see that nothing is new comes last, so
    that a pass that ends early leaves no gap.
    """

    def __init__(self, client: Client, scope: Scope, listing: Listing, known: Known, noted: Noted) -> None:
        self._client = client
        self._noted = noted
        self._scope = scope
        self._listing = listing
        self._known = known

    async def read(self) -> Read:
        """Yield the pages, then the End."""
        stored = await self._known.jobs_of(self._scope.key)
        seen: set[str] = set()
        pages: list[Page] = []
        more = True
        while more:
            found = await self._listing.page(len(pages) + 1)
            if isinstance(found, Garbled):
                yield Page([found.rejection(self._scope)])
                raise found.error(self._client.portal)
            if isinstance(found, Missing):
                if found.status == FAILED or not pages:
                    yield End(proved=False, reason=f"the portal answers {found.status}")
                    return
                break
            names: set[str] = set()
            pages.append(Page(self._listing.taken(found, names), total=found.total))
            more = found.more and not names <= seen and not _reaches_back(names, stored)
            seen |= names
        late = [document async for document in self._unseen(stored, seen)]
        for page in (Page(late), *reversed(pages)) if late else reversed(pages):
            yield page
        yield End(proved=True)

    async def _unseen(self, stored: Mapping[str, KnownJob], seen: set[str]) -> AsyncIterator[Document]:
        """Yield the stored open runs that no page has shown, read one by one; one that is absent or refused stays."""
        documents = run_documents(self._noted, self._scope.key, self._noted.ways)
        for job in sorted(name for name, job in stored.items() if job.status in OPEN and name not in seen):
            if not addressable(job):
                continue
            try:
                answer = await self._client.get(wire.job_path(job), mask=self._noted.ways.job_mask)
            except PortalRefused:
                continue
            read = element(answer.body) if answer.status == 200 else ""
            if not isinstance(read, str) and read.get("id") == job:
                for document in documents(job, read, answer.body, answer.fetch):
                    yield document


def _reaches_back(names: set[str], stored: Mapping[str, KnownJob]) -> bool:
    """Whether a page shows a run that is stored and has ended: older ones are stored then."""
    return any((job := stored.get(name)) is not None and job.status not in UNENDED for name in names)
