"""The lists of organizations and of sources, with which a pass begins in either dialect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from adapters.data_gov.answers import Asking, TooMuch
from adapters.data_gov.dialect import WHOLE, Dialect, Wire
from adapters.data_gov.lists import PAGE_SIZES, REPEATED, UNNAMED, beyond, everything
from adapters.data_gov.rows import Query, Row, Sheet, page
from gateway.model.enums import EntityType
from gateway.ports import End, Known, Page, Scope

SCOPES = (
    Scope("organizations", EntityType.ORGANIZATION, whole=True),
    Scope("sources", EntityType.HARVEST_SOURCE, whole=True),
)
SOURCES = Query("/harvest_sources/", WHOLE)
PAGED = "the list comes in pages, which may shift"


class _Counting(msgspec.Struct):
    source_count: Any = None


_COUNTING = msgspec.json.Decoder(_Counting)


class Reference:
    """Reads both lists, each in one answer."""

    def __init__(self, asking: Asking, known: Known, wire: Wire) -> None:
        self._asking = asking
        self._known = known
        self._wire = wire
        self._counted = 0
        """Sources that the organizations count."""
        self.sources: frozenset[str] | None = None
        """Ids of the sources that the portal listed in this pass; None before that, and where it lists none."""
        self.paged: list[Scope] = []
        """Lists that came in pages: they are read again where the portal turns out to speak otherwise."""

    async def read(self, scope: Scope) -> AsyncIterator[Page | End]:
        """Yield one of the lists; an empty one proves nothing where jobs are known."""
        query, first = await self._first(scope)
        if first is None or not first.rows:
            stored = bool(await self._known.newest_jobs())
            yield End(proved=not stored, reason="the list is empty, but there are jobs" if stored else "")
            return
        yield page(first, scope.member)
        sheets = [first]
        async for sheet in self._beyond(query, scope, first):
            yield page(sheet, scope.member)
            sheets.append(sheet)
        yield self._end(scope, sheets)

    async def _first(self, scope: Scope) -> tuple[Query, Sheet | None]:
        if scope.member is EntityType.ORGANIZATION:
            return await self._wire.organizations()
        await self._wire.settle()
        return SOURCES, await everything(self._asking, SOURCES, scope.member)

    async def _beyond(self, query: Query, scope: Scope, first: Sheet) -> AsyncIterator[Sheet]:
        """Yield further pages: only the documented dialect may be taken for one that does not page and does."""
        if self._wire.dialect is Dialect.REAL:
            return
        fewer = scope.member is EntityType.HARVEST_SOURCE and len(first.rows) < self._counted
        if not fewer and len(first.rows) not in PAGE_SIZES:
            return
        try:
            async for sheet in beyond(self._asking, query, scope.member, first):
                yield sheet
        except TooMuch as reason:
            raise reason.error from reason

    def _end(self, scope: Scope, sheets: Sequence[Sheet]) -> End:
        rows = [row for sheet in sheets for row in sheet.rows]
        named = [row for row in rows if isinstance(row, Row)]
        if scope.member is EntityType.HARVEST_SOURCE:
            self.sources = frozenset(row.native_id for row in named)
        else:
            self._counted = sum(map(_sources_of, named))
        if len(sheets) > 1:
            self.paged.append(scope)
            return End(proved=False, reason=PAGED)
        reason = "" if len(named) == len(rows) else UNNAMED
        if any(sheet.repeats for sheet in sheets):
            reason = REPEATED
        return End(proved=not reason, reason=reason)


def _sources_of(organization: Row) -> int:
    """Return how many sources an organization counts, 0 where it does not."""
    try:
        count = _COUNTING.decode(organization.body).source_count
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
    return count if isinstance(count, int) and count > 0 else 0
