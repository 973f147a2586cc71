"""One generic list of the portal, read page by page, oldest first: where it ends, and where to go on.

Pages count from 0. A list ends at a 404 that says so, at a page shorter than was asked for, or at a page
without a new id (a server that ignores ``page``). Where a page is too much for the portal or cannot be read,
fewer rows are asked for from the same place on; a row that cannot be read is rejected, its neighbours kept.

A cursor names the second of the last row, and a page after it where rows of one second fill pages: rows that
vanish while a read is interrupted shift nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from itertools import count

from adapters.data_gov.answers import Asking, Garbled, TooMuch
from adapters.data_gov.merged import told_apart
from adapters.data_gov.rows import SIZES, Query, Row, Sheet, Start, fresh, name_of, sheet_of, stamp
from gateway.model.document import Fetch, Rejection, digest
from gateway.model.enums import EntityType

DIFFERS = "the portal counts other rows than it listed"
UNNAMED = "some rows cannot be read, so which ones they are is not known"
REPEATED = "an id is used twice, so which row it hides is not known"
PAGE_SIZES = frozenset({10, 100})
"""So many rows may be a page: the portal's usual size, and its largest."""
POISONED = 10
"""Rows of one list that may be unreadable before the portal is."""


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
        """Whether the list ended at a 404, or at a page without rows, and not at a short page."""
        self.repeated = False
        """Whether one page used an id twice, or a full one brought only what others had brought."""
        self.scant = False
        """Whether the list ended at a page of the portal's usual size, although more rows were asked for."""

    @property
    def resumed(self) -> bool:
        """Whether the list was read from some place in its middle on."""
        return self._start != Start(size=self._start.size)

    async def sheets(self) -> AsyncIterator[Sheet]:
        """Yield the list's pages."""
        position = self._start.page * self._size
        while True:
            found = await self._page(position)
            if found is None or not found[0]:
                self.abrupt = True
                return
            bodies, fetch = found
            full = len(bodies) >= self._size
            if not full:  # two rows in one make a page shorter than it is
                bodies, hidden = told_apart(bodies, self._member, fetch, position)
                full = len(bodies) + hidden >= self._size
            rows, repeats = fresh(bodies, self._member, fetch, self.seen, position)
            again = len(bodies) == self._size and not rows
            self.repeated = self.repeated or repeats or again
            self.scant = not full and len(bodies) in PAGE_SIZES
            position += self._size
            if rows:
                self.pages += 1
                self.unnamed += sum(isinstance(row, Rejection) for row in rows)
                yield Sheet(rows, fetch, self._after(rows, position))
            if not (full and rows):
                return

    @property
    def doubtful(self) -> bool:
        """Whether the list may have rows that it did not show."""
        return self.repeated or self.scant or (self.abrupt and bool(self.seen))

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
        found = await asking.rows(query.path, query.params(), whole=True)
    except TooMuch as reason:
        raise reason.error from reason
    return None if found is None else sheet_of(found, member, set())


async def beyond(
    asking: Asking, query: Query, member: EntityType, first: Sheet, *, of_one: bool = False
) -> AsyncIterator[Sheet]:
    """Yield what the pages after the *first* answer bring, where a list that should be one answer has any.

    A server that gives everything at once answers with the same rows whatever page is asked for. Raises as
    ``Asking.rows``.
    """
    seen = {name_of(row) for row in first.rows}
    for number in count(1):
        found = await asking.rows(query.path, {**query.params(), "page": number}, of_one=of_one, whole=True)
        sheet = None if found is None else sheet_of(found, member, seen)
        if sheet is None or not sheet.rows:
            return
        yield sheet
