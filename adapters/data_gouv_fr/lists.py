"""Reads lists whose rows have ids: rows are told apart by id, a list that shifted is read once more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.data_gouv_fr.paging import FAILED, Garbled, Missing, Read, Sheet, named, sheet
from gateway.fetch.client import Client
from gateway.model.document import Document, Fetch, Rejection
from gateway.ports import End, Page, Scope

Element = Mapping[str, Any]
Documents = Callable[[str, Element, bytes, Fetch], Iterable[Document]]
"""Makes the documents of one row from its id, its value, its bytes and the answer it came with."""


@dataclass(slots=True)
class _Round:
    """One reading of the list, from its first page to its last."""

    before: int
    """Rows that an earlier pass has read."""
    ids: set[str] = field(default_factory=set)
    nameless: int = 0
    totals: set[int] = field(default_factory=set)
    missing: int | None = None
    """Status of the page that ended the reading before its end."""
    shifted: bool = False
    """Whether reading once more may help."""

    def end(self, scope: Scope) -> End:
        """Return what the reading proves; rows without a name cost the proof, not their neighbours."""
        shown = self.before + len(self.ids) + self.nameless
        self.shifted = False
        if self.missing is not None and not self.ids:
            return End(proved=False, reason=f"the portal answers {self.missing}")
        if self.missing is not None or self.totals != {shown}:
            self.shifted = self.missing != FAILED
            said = ", ".join(map(str, sorted(self.totals)))
            return End(
                proved=False, reason=f"the portal says {said or 'no number of'} rows and shows {shown}"
            )
        if self.nameless:
            return End(proved=False, reason=f"{self.nameless} rows cannot be read", covers=(scope.key,))
        return End(proved=True, covers=(scope.key,))


class Listing:
    """One such list. *extra* are its own parameters; *resumable*: it may go on in the middle."""

    def __init__(
        self,
        client: Client,
        scope: Scope,
        path: str,
        *,
        size: int,
        documents: Documents,
        extra: Mapping[str, int] | None = None,
        mask: str | None = None,
        resumable: bool = True,
    ) -> None:
        self._client = client
        self._scope = scope
        self._path = path
        self._size = size
        self._documents = documents
        self._extra = extra
        self._mask = mask
        self._resumable = resumable
        self._given: dict[tuple[str, str], bytes] = {}
        """Fingerprint of each document that was yielded, so that none is twice."""

    async def page(self, number: int) -> Sheet | Missing | Garbled:
        """Return page *number*, from 1."""
        return await sheet(
            self._client, self._path, number=number, size=self._size, extra=self._extra, mask=self._mask
        )

    async def read(self, cursor: Any) -> Read:
        """Yield the pages from *cursor* (``{"page": n, "size": rows}``, from 1), then the End.

        A cursor of pages of another size is none: such a page begins at another row.
        """
        first = cursor["page"] if cursor and cursor.get("size") == self._size else 1
        end = None
        for start in (first, 1):
            reading = _Round((start - 1) * self._size)
            async for page in self._round(reading, start):
                yield page
            end = reading.end(self._scope)
            if not reading.shifted:
                break
        assert end is not None
        yield end

    async def _round(self, reading: _Round, number: int) -> AsyncIterator[Page]:
        more = True
        while more:
            found = await self.page(number)
            if isinstance(found, Garbled):
                yield Page([found.rejection(self._scope)], cursor=self._cursor(number))
                raise found.error(self._client.portal)
            if isinstance(found, Missing):
                if self._scope.within is None and not reading.ids:
                    raise found.error(self._client.portal)
                reading.missing = found.status
                return
            known = len(reading.ids)
            rows = self.taken(found, reading.ids)
            reading.totals.update(() if found.total is None else (found.total,))
            reading.nameless += sum(isinstance(one, Rejection) and one.native_id is None for one in rows)
            more = found.more and len(reading.ids) > known
            number += more  # after the last page, that page again: one past the end is a 404
            yield Page(rows, cursor=self._cursor(number), total=found.total)

    def _cursor(self, number: int) -> Any:
        return {"page": number, "size": self._size} if self._resumable else None

    def taken(self, found: Sheet, ids: set[str]) -> Sequence[Document | Rejection]:
        """Return a page's rows as documents and rejections; their ids are added to *ids*."""
        taken: list[Document | Rejection] = []
        here: dict[str, bytes] = {}
        for index, row in enumerate(map(bytes, found.rows)):
            read = named(row)
            if isinstance(read, str):
                taken.append(rejected(self._scope, read, row, found.fetch, index))
            elif here.setdefault(read["id"], row) != row:
                other = rejected(self._scope, "another row of the page has its id", row, found.fetch, index)
                taken.append(replace(other, native_id=read["id"]))
            else:
                ids.add(read["id"])
                taken.extend(self._new(self._documents(read["id"], read, row, found.fetch)))
        return taken

    def _new(self, documents: Iterable[Document]) -> list[Document]:
        """Return those *documents* that were not yielded before."""
        new = []
        for document in documents:
            key = (document.type.value, document.native_id)
            if self._given.get(key) != document.hash:
                self._given[key] = document.hash
                new.append(document)
        return new


def rejected(scope: Scope, reason: str, row: bytes, fetch: Fetch, index: int) -> Rejection:
    """Return a row of *scope*'s list that cannot be read; *index* is its place on its page."""
    return Rejection(scope.member, reason, row, fetch, parent=scope.key or None, position=index)
