"""Asking in the documented dialect: every answer is all there is of one source, job or record, and may fail alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote

from adapters.data_gov.answers import Absent, Asking, Refused, TooMuch
from adapters.data_gov.dialect import WHOLE
from adapters.data_gov.lists import beyond
from adapters.data_gov.rows import Query, Sheet, sheet_of
from gateway.fetch.bearing import UNTAKEN, Bearing
from gateway.model.document import Fetch, Rejection
from gateway.model.enums import EntityType

MARK = {"dialect": "DOCUMENTED"}
"""The watermark of every stream: it bears no date, so that the real dialect asks for everything."""
LAST = "job_errors"
"""The stream whose watermark says that the first load is over."""


def of(kind: str, native_id: str, what: str = "") -> Query:
    """Return what asks for an item, or for *what* of it."""
    return Query(f"/{kind}/{quote(native_id, safe='')}{what}", WHOLE)


class Single:
    """Asks for one list or item at a time, and bears that some cannot be had, unless all of a stream are refused."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._bearing = Bearing()

    async def rows(self, query: Query, member: EntityType) -> Sheet | None:
        """Return a list, None where the portal says that there is none; raises as ``Asking.rows``."""
        found = await self._asking.rows(query.path, query.params(), of_one=True, whole=True)
        self._bearing.shown()
        return None if found is None else sheet_of(found, member, set())

    def further(self, query: Query, member: EntityType, first: Sheet) -> AsyncIterator[Sheet]:
        """Yield what pages after the *first* answer bring, where there are any."""
        return beyond(self._asking, query, member, first, of_one=True)

    async def item(self, query: Query) -> tuple[bytes, Fetch] | None:
        """Return an item, None where the portal has none of that id; raises as ``Asking.one``, but no Absent."""
        try:
            found = await self._asking.one(query.path)
        except Absent as error:
            raise lacking(error) from error
        self._bearing.shown()
        return found

    def bear(self, reason: TooMuch) -> None:
        """Take a failure for one answer's own, unless there are too many in a row: raise it then."""
        reason.bear(self._bearing)

    def settle(self) -> None:
        """End a stream: raise PortalRefused where all that was asked for in it was refused."""
        self._bearing.settle()


def lacking(error: Absent) -> Refused:
    """Return what it means that a portal has no such address, although it speaks as documented: the id's own matter."""
    return Refused(error, most=UNTAKEN)


def unnamed(sheets: Sequence[Sheet]) -> bool:
    """Whether some rows cannot be read."""
    return any(isinstance(row, Rejection) for sheet in sheets for row in sheet.rows)
