"""One generic list of the portal, read page by page, oldest first: where it ends, and where to go on.

Pages count from 0. A list ends at a 404 that says so, at a page shorter than was asked for, or at a page
without a new id (a server that ignores ``page``). Where a page is too much for the portal or cannot be read,
fewer rows are asked for from the same place on; a row that cannot be read is rejected, its neighbours kept.

A cursor names the second of the last row, and a page after it where rows of one second fill pages: rows that
vanish while a read is interrupted shift nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from adapters.data_gov import wire
from adapters.data_gov.answers import Asking, Garbled, TooMuch
from gateway.model.document import Document, Fetch, Rejection, digest
from gateway.model.enums import EntityType
from gateway.ports import Page

PER_PAGE = 100
SIZES = (100, 50, 25, 5, 1)
"""Rows asked for at once; each divides the one before, so that positions stay page borders."""
DIFFERS = "the portal counts other rows than it listed"
UNNAMED = "some rows cannot be read, so which ones they are is not known"
POISONED = 10
"""Rows of one list that may be unreadable before the portal is."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows: a list's path, its equalities, its facets (``column op value``, all of which must hold)."""

    path: str
    equal: Mapping[str, str] = field(default_factory=dict[str, str])
    facets: tuple[str, ...] = ()

    def params(self, *facets: str) -> dict[str, str | int]:
        """Return the parameters that ask for these rows, narrowed by *facets*."""
        every = (*self.facets, *facets)
        return {**self.equal, **({"facets": ",".join(every)} if every else {})}


@dataclass(frozen=True, slots=True)
class Start:
    """Where a list is read from: rows created at *since* or later, from *page* of *size* rows on."""

    since: datetime | None = None
    page: int = 0
    size: int = PER_PAGE

    @classmethod
    def of(cls, cursor: Any) -> Start:
        """Return the start that a cursor names; the list's own where it names none."""
        if not isinstance(cursor, Mapping):
            return cls()
        page, size = cursor.get("page"), cursor.get("size", PER_PAGE)
        if not isinstance(page, int) or page < 0 or size not in SIZES:
            return cls()
        return cls(wire.instant(cursor.get("since")), page, size)

    @property
    def cursor(self) -> dict[str, Any]:
        """Return the JSON that ``of`` reads."""
        since = {} if self.since is None else {"since": stamp(self.since)}
        size = {} if self.size == PER_PAGE else {"size": self.size}
        return {**since, "page": self.page, **size}


@dataclass(frozen=True, slots=True)
class Row:
    """One element of a list, with as much of it as a crawl needs."""

    native_id: str
    job: str | None
    created: datetime | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one page that had not been seen, and where to go on after them."""

    rows: Sequence[Row | Rejection]
    fetch: Fetch
    next: Start


class _Head(msgspec.Struct):
    id: Any = None
    harvest_job_id: Any = None
    date_created: Any = None


_HEAD = msgspec.json.Decoder(_Head)


def stamp(when: datetime) -> str:
    """Return an instant as the portal's filters take it: ISO 8601 in UTC, whole seconds, no zone."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


class Listing:
    """One reading of a list. What it found is known once ``sheets`` has ended.

    *until*: rows created later than this are plans, and never move a cursor.
    """

    def __init__(
        self,
        asking: Asking,
        query: Query,
        member: EntityType,
        *,
        start: Start | None = None,
        until: datetime | None = None,
    ) -> None:
        self._asking = asking
        self._query = query
        self._member = member
        self._until = until
        self._start = start or Start()
        self._size = self._start.size
        self._poisoned = 0
        self.seen: set[str] = set()
        """Ids of the rows read; fingerprints of those without one."""
        self.unnamed = 0
        """Rows among them that cannot be read: which ones of the portal's they are is not known."""
        self.pages = 0
        """Pages that brought something new."""
        self.abrupt = False
        """Whether the list ended at a 404 and not at a short page."""

    @property
    def resumed(self) -> bool:
        """Whether the list was read from some place in its middle on."""
        return self._start != Start(size=self._start.size)

    async def sheets(self) -> AsyncIterator[Sheet]:
        """Yield the list's pages."""
        position = self._start.page * self._size
        while True:
            found = await self._page(position)
            if found is None:
                self.abrupt = True
                return
            bodies, fetch = found
            full = len(bodies) >= self._size
            rows = _fresh(bodies, self._member, fetch, self.seen, position)
            position += self._size
            if rows:
                self.pages += 1
                self.unnamed += sum(isinstance(row, Rejection) for row in rows)
                yield Sheet(rows, fetch, self._after(rows, position))
            if not (full and rows):
                return

    async def counted(self) -> bool:
        """Whether the portal counts as many rows as were read; one request."""
        skipped = self._start.page * self._start.size
        return await self._asking.count(self._query.path, self._params()) == skipped + len(self.seen)

    def _params(self) -> dict[str, str | int]:
        since = self._start.since
        return self._query.params(*(() if since is None else (f"date_created ge {stamp(since)}",)))

    async def _page(self, position: int) -> tuple[list[bytes | Rejection], Fetch] | None:
        """Return the rows from *position* on, as many as the portal can give; None past the end."""
        while True:
            asked = {**self._params(), "order_by": "asc", "per_page": self._size}
            try:
                found = await self._asking.rows(self._query.path, {**asked, "page": position // self._size})
            except TooMuch as reason:
                if smaller := next((size for size in SIZES if size < self._size), None):
                    self._size = smaller
                    continue
                return self._poison(reason, position)
            return None if found is None else ([*found[0]], found[1])

    def _poison(self, reason: TooMuch, position: int) -> tuple[list[bytes | Rejection], Fetch]:
        """Return a row that cannot be read as a rejection; raise where the portal is the matter."""
        if not isinstance(reason, Garbled) or self._poisoned >= POISONED:
            raise reason.error from reason
        if digest(reason.answer.body).hex() in self.seen:  # the same rubbish wherever one asks
            raise reason.error from reason
        self._poisoned += 1
        answer = reason.answer
        return [
            Rejection(self._member, reason.error.message, answer.body, answer.fetch, position=position)
        ], answer.fetch

    def _after(self, rows: Sequence[Row | Rejection], position: int) -> Start:
        """Return where to go on: at the last row's second where that is later, else by pages."""
        start = self._start
        dates = [row.created for row in rows if isinstance(row, Row) and row.created is not None]
        if len(dates) == len(rows) and dates == sorted(dates):
            last = next(
                (date for date in reversed(dates) if self._until is None or date <= self._until), None
            )
            if last is not None and (start.since is None or stamp(last) > stamp(start.since)):
                return Start(last.replace(microsecond=0), 0, self._size)
        return Start(start.since, position // self._size, self._size)


async def everything(asking: Asking, query: Query, member: EntityType) -> Sheet | None:
    """Return a list that the portal gives in one answer, None where it says that it is empty."""
    try:
        found = await asking.rows(query.path, query.params())
    except TooMuch as reason:
        raise reason.error from reason
    return None if found is None else Sheet(_fresh(found[0], member, found[1], set(), 0), found[1], Start())


def _fresh(
    bodies: Sequence[bytes | Rejection], member: EntityType, fetch: Fetch, seen: set[str], position: int
) -> list[Row | Rejection]:
    """Return the rows that have not been seen, and mark them as seen."""
    fresh: list[Row | Rejection] = []
    for place, body in enumerate(bodies, start=position):
        row = body if isinstance(body, Rejection) else _row(body, member, fetch, place)
        name = row.native_id or digest(row.body).hex()
        if name not in seen:
            seen.add(name)
            fresh.append(row)
    return fresh


def _row(body: bytes, member: EntityType, fetch: Fetch, position: int) -> Row | Rejection:
    try:
        head = _HEAD.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejection(member, f"it cannot be read: {error}", body, fetch, position=position)
    if not isinstance(head.id, str) or not head.id:
        return Rejection(member, "it has no id", body, fetch, position=position)
    job = head.harvest_job_id if isinstance(head.harvest_job_id, str) else None
    return Row(head.id, job, wire.instant(head.date_created), body)


def page(
    sheet: Sheet, member: EntityType, cursor: Any = None, *, of: Container[str | None] | None = None
) -> Page:
    """Return the page of a sheet's documents and rejections; *of*: only the rows of these jobs."""
    elements = [
        row if isinstance(row, Rejection) else Document.of(member, row.native_id, row.body, sheet.fetch)
        for row in sheet.rows
        if isinstance(row, Rejection) or of is None or row.job in of
    ]
    return Page(elements, cursor)
