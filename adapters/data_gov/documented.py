"""The order of a pass in the documented dialect: jobs by source, errors by job, the records that errors name by id."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from adapters.data_gov.answers import Asking, Garbled, TooMuch
from adapters.data_gov.bysource import BySource
from adapters.data_gov.named import Errors, Records
from adapters.data_gov.reference import Reference
from adapters.data_gov.rounds import Round
from adapters.data_gov.single import LAST, MARK, Single
from gateway.model.document import Rejection
from gateway.model.enums import EntityType
from gateway.ports import ADDRESSLESS, End, Known, Page, Scope, addressable


class DocumentedCrawl:
    """What follows the reference lists; *full*: whether the pass reads everything."""

    def __init__(
        self, asking: Asking, known: Known, reference: Reference, turn: Round, *, full: bool
    ) -> None:
        single = Single(asking)
        self._single = single
        self._known = known
        self._full = full
        self._jobs = BySource(single, known, reference, turn)
        self._errors = Errors(single, known)
        self._records = Records(single, known)

    async def scopes(self) -> AsyncGenerator[Scope, None]:
        """Yield the pass's scopes in order; while a first load takes several passes, those not read yet."""
        loading = await self._known.watermark(LAST) is None
        async for scope in self._jobs.scopes(loading=loading, full=self._full):
            yield scope
        self._single.settle()
        whole = self._full and not loading
        async for scope in self._errors.scopes(whole=whole):
            yield scope
        self._single.settle()
        yield await self._records.scope(whole=whole)
        if self._records.stopped is not None:
            raise self._records.stopped
        self._single.settle()
        yield Scope(LAST, EntityType.HARVEST_ERROR)

    async def read(self, scope: Scope) -> AsyncIterator[Page | End]:
        """Yield the pages of *scope*, then one End; Absent where the portal has no such endpoint."""
        if scope.key and not addressable(scope.key):
            yield End(proved=False, reason=ADDRESSLESS)
            return
        try:
            async for item in self._reading(scope):
                yield item
        except TooMuch as reason:
            end = self.refused(reason)
            if isinstance(reason, Garbled):
                yield Page([_rejected(scope.member, reason)])
            yield end

    def refused(self, reason: TooMuch) -> End:
        """Return the end of a scope that cannot be had; raise where it is the portal's matter."""
        self._single.bear(reason)
        return End(proved=False, reason=reason.error.message)

    def _reading(self, scope: Scope) -> AsyncIterator[Page | End]:
        if scope.stream == "jobs":
            return self._jobs.read(scope)
        if scope.stream == "errors":
            return self._errors.read(scope)
        return self._records.read() if scope.stream == "records" else _nothing_to_ask()


async def _nothing_to_ask() -> AsyncIterator[Page | End]:
    """Yield the end of the jobs' own errors: they came with those of their records."""
    yield End(proved=True, watermark=MARK)


def _rejected(member: EntityType, reason: Garbled) -> Rejection:
    return Rejection(member, reason.error.message, reason.answer.body, reason.answer.fetch)
