"""Reads one job's items where the job holds them all: from a file, so that memory does not grow with the job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from tempfile import TemporaryFile
from typing import BinaryIO

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.generations import embeds
from adapters.data_gouv_fr.noted import Contradicted, Noted
from adapters.data_gouv_fr.paging import Garbled, Read, element
from adapters.data_gouv_fr.values import part
from gateway.fetch.client import Answer, Client
from gateway.fetch.decode import DecodeError
from gateway.fetch.splitting import Members
from gateway.model.document import Document
from gateway.model.enums import EntityType
from gateway.model.identity import item_id
from gateway.ports import End, Page, Scope

PAGE = 2_000
"""Items that are in memory at once."""
KEPT = 1024 * 1024
"""Bytes that are looked at, or kept in quarantine, of an answer that holds no items."""


class EmbeddedItems:
    """The items of one job, in the order in which the job holds them."""

    def __init__(self, client: Client, scope: Scope, noted: Noted) -> None:
        self._client = client
        self._scope = scope
        self._noted = noted
        self._shown = 0
        self._broken = ""
        """Why the job could not be read to its end."""

    async def read(self) -> Read:
        """Yield the pages, none of which can be gone on from, then the End.

        Raises Contradicted where the portal has items at an address of their own, PortalUnreadable for an
        answer that is no job.
        """
        with TemporaryFile() as file:
            answer = await self._client.download(wire.job_path(self._scope.key), file)
            if answer.status != 200:
                yield End(proved=False, reason=f"the portal does not show this job ({answer.status})")
                return
            items = Members(file, "items")
            documents = self._documents(items, answer)
            while page := list(islice(documents, PAGE)):
                self._shown += len(page)
                yield Page(page, total=self._scope.total)
            verdict = self._verdict(items, file)
            if self._broken or not items.found:
                garbled = Garbled(self._broken or verdict.reason, replace(answer, body=_head(file)))
                yield Page([garbled.rejection(self._scope)])
                if self._broken and not self._shown:
                    raise garbled.error(self._client.portal)
            yield verdict

    def _documents(self, items: Members, answer: Answer) -> Iterator[Document]:
        job = self._scope.key
        try:
            for position, row in enumerate(items):
                yield Document.of(
                    EntityType.HARVEST_RECORD,
                    item_id(job, position),
                    row,
                    answer.fetch,
                    parent=job,
                    position=position,
                )
        except DecodeError as error:
            self._broken = f"{answer.media_type}, {error}"

    def _verdict(self, items: Members, file: BinaryIO) -> End:
        """Return what the answer proves; Contradicted where it shows another generation."""
        if self._broken:
            return End(proved=False, reason=f"the portal's answer breaks off: {self._broken}")
        if not items.found:
            if self._noted.saw(embeds(element(_head(file)))):
                raise Contradicted
            return End(proved=False, reason="the portal does not show this job's items")
        self._noted.saw(embedded=True)
        if part(element(items.rest), "id") != self._scope.key:
            return End(proved=False, reason="the portal shows another job")
        if self._scope.total not in {None, self._shown}:
            reason = f"the portal counted {self._scope.total} items and shows {self._shown}"
            return End(proved=False, reason=reason)
        return End(proved=True, covers=(self._scope.key,))


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(KEPT)
