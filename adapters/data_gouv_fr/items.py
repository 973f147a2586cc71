"""Reads one job's items: large pages, and a way around the row that makes a page fail.

Items have no id: their place in the job is their name, so places are counted from the pages asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.paging import ABSENT, Garbled, Missing, Read, Row, Sheet, sheet
from gateway.fetch.client import RETRIED, Client
from gateway.model.document import Document, Fetch, Rejection, Rows, digest
from gateway.model.enums import EntityType
from gateway.model.identity import item_id
from gateway.ports import End, Page, Scope

CONFIRMED = frozenset({502, 503, 504})
"""Statuses that are tried again once a 500 has been tried again in vain."""
GIVE_UP = 25
"""Rows that may fail one by one while the portal has shown none."""


class Items:
    """The items of one job, page by page; *instead* reads them where the portal has no such list."""

    def __init__(self, client: Client, scope: Scope, instead: Callable[[], Read]) -> None:
        self._client = client
        self._instead = instead
        self._scope = scope
        self._path = wire.items_path(scope.key)
        self._shown = 0
        self._poisoned = 0
        self._totals: set[int | None] = set()
        """What the pages said of the list's length."""
        self._end: int | None = None
        """Where the list ends, as far as is known."""
        self._before: int | None = None
        """The rows of the page before, hashed."""
        self._misplaced = ""
        """Why the rows that follow have no place that is known."""

    async def read(self, cursor: Any) -> Read:
        """Yield the pages from *cursor* (``{"page": n}``, from 1), then the End."""
        number = cursor["page"] if cursor else 1
        before = (number - 1) * wire.ITEMS_PAGE
        more = True
        elements: Sequence[Document | Rejection]
        while more:
            start = (number - 1) * wire.ITEMS_PAGE
            found = await self._sheet(number, wire.ITEMS_PAGE)
            if isinstance(found, Garbled):
                yield Page([found.rejection(self._scope)], cursor={"page": number})
                raise found.error(self._client.portal)
            mark = None
            if isinstance(found, Sheet):
                elements, mark = self._taken(found, start), found.fetch.page_hash
                more = found.more and not self._misplaced
            elif found.status == ABSENT and not self._shown:
                async with aclosing(self._instead()) as embedded:
                    async for one in embedded:
                        yield one
                return
            elif await self._poisonous(found):
                elements = await self._around(start)
                more = (self._end or 0) > start + wire.ITEMS_PAGE
            else:
                yield End(proved=False, reason=f"the portal does not show this job's items ({found.status})")
                return
            number += more  # after the last page, that page again: one past the end is a 404
            yield Page(elements, cursor={"page": number}, total=self._end, mark=mark)
        yield self._verdict(before)

    async def _sheet(
        self, number: int, size: int, retry: frozenset[int] = RETRIED
    ) -> Sheet | Missing | Garbled:
        """Return a page; one that is shorter than was asked for, with more to come, leaves no place to the others."""
        found = await sheet(self._client, self._path, number=number, size=size, retry=retry)
        if not isinstance(found, Sheet):
            return found
        if found.more and len(found.rows) != size:
            self._misplaced = f"the portal shows {len(found.rows)} items where {size} were asked for"
        if self._totals and found.total not in self._totals:
            self._misplaced = "items came or went while they were read"
        return found

    def _taken(self, found: Sheet, start: int) -> Sequence[Document]:
        """Return a page's rows as documents; the first is at *start*."""
        # Most runs are one page: no other can be like it.
        whole = not self._shown and len(found.rows) == found.total
        rows = None if whole else hash(tuple(hash(bytes(row)) for row in found.rows))
        if found.rows and rows is not None and rows == self._before:
            self._misplaced = "the portal shows a page of this job's items twice"
        if self._shown and self._misplaced:
            return []  # where these belong is not known
        self._totals.add(found.total)
        self._before = rows
        self._shown += len(found.rows)
        if found.total is not None:
            self._end = found.total
        return Rows(found.rows, _documents(self._scope.key, start, found.fetch))

    def _rejected(self, position: int, found: Missing) -> Rejection:
        self._poisoned += 1
        return Rejection(
            EntityType.HARVEST_RECORD,
            "the portal fails when it is to show this item",
            found.body,
            found.fetch,
            native_id=item_id(self._scope.key, position),
            parent=self._scope.key,
            position=position,
        )

    async def _poisonous(self, found: Missing) -> bool:
        """Whether a page failed because of a row: the job itself must be there."""
        if found.status == ABSENT:
            return False
        answer = await self._client.get(wire.job_path(self._scope.key), retry=CONFIRMED)
        return answer.status == 200

    async def _around(self, start: int) -> list[Document | Rejection]:
        """Return the rows of the failed page at *start*, with a rejection for each that cannot be shown."""
        elements: list[Document | Rejection] = []
        ranges = self._halves(start, 0)
        while ranges and not (self._hopeless() or self._misplaced):
            begin, level = ranges.pop(0)
            if self._end is not None and begin >= self._end:
                continue
            size = wire.ITEMS_PAGES[level]
            found = await self._sheet(begin // size + 1, size, retry=CONFIRMED)
            if isinstance(found, Garbled):
                raise found.error(self._client.portal)
            if isinstance(found, Sheet):
                elements.extend(self._taken(found, begin))
            elif found.status == ABSENT:
                self._end = begin
            elif size == 1:
                elements.append(self._rejected(begin, found))
            else:
                ranges = [*self._halves(begin, level), *ranges]
        return elements

    def _halves(self, start: int, level: int) -> list[tuple[int, int]]:
        """Return the smaller pages that make up the page at *start*, as (start, level)."""
        size, smaller = wire.ITEMS_PAGES[level], wire.ITEMS_PAGES[level + 1]
        return [(begin, level + 1) for begin in range(start, start + size, smaller)]

    def _hopeless(self) -> bool:
        return self._poisoned >= GIVE_UP and not self._shown

    def _verdict(self, before: int) -> End:
        """Return what the pages prove; *before* rows were read by an earlier pass."""
        if self._hopeless():
            return End(proved=False, reason="the portal shows none of this job's items")
        if self._misplaced:
            return End(proved=False, reason=self._misplaced)
        if self._poisoned:
            reason = f"{self._poisoned} of this job's items cannot be shown by the portal"
            return End(proved=False, reason=reason, covers=(self._scope.key,))
        shown = before + self._shown
        if self._totals != {shown}:
            said = ", ".join(str(total) for total in self._totals)
            return End(proved=False, reason=f"the portal says {said} items and shows {shown}")
        return End(proved=True, covers=(self._scope.key,))


def _documents(job: str, start: int, fetch: Fetch) -> Callable[[int, Row], Document]:
    """Return what makes the document of a page's row, of which there are millions: one call for each and no more."""
    type_ = EntityType.HARVEST_RECORD

    def document(index: int, row: Row) -> Document:
        body, position = bytes(row), start + index
        return Document(type_, item_id(job, position), body, fetch, digest(body), job, position)

    return document
