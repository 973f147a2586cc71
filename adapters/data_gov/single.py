"""Asking in the documented dialect: every answer is all there is of one source, job or record, and may fail alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote

from adapters.data_gov.answers import Asking, TooMuch
from adapters.data_gov.dialect import WHOLE
from adapters.data_gov.lists import beyond
from adapters.data_gov.rows import Query, Sheet, sheet_of
from gateway.model.document import Fetch, Rejection
from gateway.model.enums import EntityType

MARK = {"dialect": "DOCUMENTED"}
"""The watermark of every stream: it bears no date, so that the real dialect asks for everything."""
LAST = "job_errors"
"""The stream whose watermark says that the first load is over."""
BROKEN = 3
"""So many answers in a row that cannot be had or read are the portal's matter, not one source's, job's or record's."""


def of(kind: str, native_id: str, what: str = "") -> Query:
    """Return what asks for an item, or for *what* of it."""
    return Query(f"/{kind}/{quote(native_id, safe='')}{what}", WHOLE)


class Single:
    """Asks for one list or item at a time, and bears that some cannot be had."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._broken = 0

    async def rows(self, query: Query, member: EntityType) -> Sheet | None:
        """Return a list, None where the portal says that there is none; raises as ``Asking.rows``."""
        found = await self._asking.rows(query.path, query.params(), of_one=True, whole=True)
        self._broken = 0
        return None if found is None else sheet_of(found, member, set())

    def further(self, query: Query, member: EntityType, first: Sheet) -> AsyncIterator[Sheet]:
        """Yield what pages after the *first* answer bring, where there are any."""
        return beyond(self._asking, query, member, first, of_one=True)

    async def item(self, query: Query) -> tuple[bytes, Fetch] | None:
        """Return an item, None where the portal has none of that id; raises as ``Asking.one``."""
        found = await self._asking.one(query.path)
        self._broken = 0
        return found

    def bear(self, reason: TooMuch) -> None:
        """Take a failure for one answer's own, unless there are too many in a row: raise it then."""
        self._broken += 1
        if self._broken >= BROKEN:
            raise reason.error from reason


def unnamed(sheets: Sequence[Sheet]) -> bool:
    """Whether some rows cannot be read."""
    return any(isinstance(row, Rejection) for sheet in sheets for row in sheet.rows)
