"""The jobs of each source, as the documented dialect lists them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from adapters.data_gov.absentees import WAITING
from adapters.data_gov.lists import DIFFERS, PAGE_SIZES, REPEATED, UNNAMED
from adapters.data_gov.reference import PAGED, Reference
from adapters.data_gov.rounds import Round
from adapters.data_gov.rows import Query, Sheet, page
from adapters.data_gov.single import MARK, Single, of, unnamed
from gateway.model.enums import EntityType
from gateway.ports import End, Known, Page, Scope, askable


class BySource:
    """Reads them with one request for each source; a poll, too: nothing tells which source has news."""

    def __init__(self, single: Single, known: Known, reference: Reference, turn: Round) -> None:
        self._single = single
        self._known = known
        self._reference = reference
        self._turn = turn
        self._read: frozenset[str] = frozenset()

    async def scopes(self, *, loading: bool, full: bool) -> AsyncIterator[Scope]:
        """Yield a scope for each source that this pass asks for."""
        self._read = await self._known.scopes_read("jobs")
        sources = filter(askable, self._reference.sources or ())
        for key in self._turn.order(sources, self._read, loading=loading, full=full):
            yield Scope("jobs", EntityType.HARVEST_JOB, key, EntityType.HARVEST_SOURCE, whole=True)
        self._turn.finish()

    async def read(self, scope: Scope) -> AsyncIterator[Page | End]:
        """Yield the jobs of a source."""
        query = of("harvest_source", scope.key, "/jobs")
        first = await self._single.rows(query, scope.member)
        self._turn.passed(scope.key, self._read)
        sheets = [first] if first is not None and first.rows else []
        for sheet in sheets:
            yield page(sheet, scope.member)
        async for sheet in self._missed(query, scope, first):
            yield page(sheet, scope.member)
            sheets.append(sheet)
        yield await self._end(scope.key, sheets)

    async def _missed(self, query: Query, scope: Scope, first: Sheet | None) -> AsyncIterator[Sheet]:
        """Yield further pages, where what is stored and not listed may lie on some."""
        if first is None or len(first.rows) not in PAGE_SIZES or not await self._lost(scope.key, [first]):
            return
        async for sheet in self._single.further(query, scope.member, first):
            yield sheet

    async def _lost(self, source: str, sheets: Sequence[Sheet]) -> bool:
        """Whether a stored job that is more than a plan is not listed."""
        named = {row.native_id for sheet in sheets for row in sheet.rows}
        stored = await self._known.jobs_of(source)
        return any(name not in named and job.status not in WAITING for name, job in stored.items())

    async def _end(self, source: str, sheets: Sequence[Sheet]) -> End:
        """Return the end of a source's jobs: a 404 or no rows prove nothing of jobs that are stored."""
        reason = UNNAMED if unnamed(sheets) else ""
        if len(sheets) > 1:
            reason = PAGED
        elif any(sheet.repeats for sheet in sheets):
            reason = REPEATED
        elif not sheets and await self._lost(source, ()):
            reason = DIFFERS
        return End(proved=not reason, reason=reason, covers=(source,), watermark=MARK)
