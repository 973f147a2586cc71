"""Reads the list of sources: it tells each source's newest run, and by the way of it the portal's generation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.generations import embeds
from adapters.data_gouv_fr.lists import Element, Listing
from adapters.data_gouv_fr.noted import Noted
from adapters.data_gouv_fr.paging import Read, usable
from adapters.data_gouv_fr.statuses import ask_statuses
from adapters.data_gouv_fr.values import part, text
from gateway.fetch.client import Client
from gateway.fetch.decode import member, members
from gateway.model.document import Document, Fetch
from gateway.model.enums import EntityType
from gateway.ports import End, Scope, askable


@dataclass(frozen=True, slots=True)
class LastJob:
    """A source's newest run, as the list of sources tells it."""

    native_id: str
    status: str | None


class Sources:
    """The portal's sources."""

    def __init__(self, client: Client, noted: Noted) -> None:
        self._client = client
        self._noted = noted
        self.listed: dict[str, LastJob | None] = {}
        """The newest run of each source that was read and may be stored, in the portal's order."""

    async def read(self, scope: Scope) -> Read:
        """Yield the pages, always from the first: every page tells what is to be read next; then the End."""
        listing = Listing(
            self._client,
            scope,
            wire.SOURCES,
            size=wire.SOURCES_PAGE,
            documents=self.documents,
            extra=wire.SOURCES_WITH_DELETED,
            mask=wire.SOURCES_MASK,
            resumable=False,
        )
        async for one in listing.read(None):
            if isinstance(one, End):
                await ask_statuses(self._client, self._noted)
            yield one

    def without_runs(self, source: str) -> bool:
        """Whether the list names the source and no run of it."""
        return source in self.listed and self.listed[source] is None

    def documents(self, native_id: str, source: Element, row: bytes, fetch: Fetch) -> Iterator[Document]:
        """Yield a source's document and those of whom it names; its newest run is noted."""
        last = source.get("last_job")
        self._noted.saw(embeds(last))
        last_id = part(last, "id")
        if askable(native_id):
            self.listed[native_id] = LastJob(last_id, text(part(last, "status"))) if usable(last_id) else None
        yield Document.of(EntityType.HARVEST_SOURCE, native_id, row, fetch)
        yield from _named(source, row, fetch)


def _named(source: Element, row: bytes, fetch: Fetch) -> Iterator[Document]:
    """Yield the documents of the organization and the persons that a source names."""
    parts = members(row)
    validation = parts.get("validation") if isinstance(source.get("validation"), dict) else None
    by = member(validation, "by") if validation else None
    for kind, found, body in (
        (EntityType.ORGANIZATION, source.get("organization"), parts.get("organization")),
        (EntityType.PERSON, source.get("owner"), parts.get("owner")),
        (EntityType.PERSON, part(source.get("validation"), "by"), by),
    ):
        if body is not None and usable(native_id := part(found, "id")):
            yield Document.of(kind, native_id, body, fetch)
