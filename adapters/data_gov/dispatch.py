"""One pass over a Data.gov portal in the dialect that it speaks, also where that turns out on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import datetime

from adapters.data_gov.answers import Absent, Unread, asking_of
from adapters.data_gov.crawl import RealCrawl
from adapters.data_gov.dialect import Dialect, Wire
from adapters.data_gov.documented import DocumentedCrawl
from adapters.data_gov.reference import SCOPES, Reference
from adapters.data_gov.rounds import Round
from adapters.data_gov.single import lacking
from gateway.fetch.client import Client
from gateway.model.document import Rejection
from gateway.model.entities import JSON
from gateway.ports import WIRE, End, Known, Page, Pass, Portal, Scope


class DataGovCrawl:
    """One pass over a Data.gov portal; *now* is its start."""

    def __init__(self, portal: Portal, client: Client, known: Known, kind: Pass, now: datetime) -> None:
        self._asking = asking_of(portal, client)
        self._known = known
        self._full = kind is Pass.RECONCILE
        self._now = now
        self._recall({})

    def _recall(self, noted: Mapping[str, JSON]) -> None:
        """Begin with what earlier passes noted."""
        self._wire = Wire(self._asking, noted)
        self._turn = Round(noted)
        self._reference = Reference(self._asking, self._known, self._wire)
        self._real = RealCrawl(
            self._asking,
            self._known,
            self._reference,
            self._now,
            full=self._full,
            upgraded=noted.get(WIRE) == Dialect.DOCUMENTED,
        )
        self._documented = DocumentedCrawl(
            self._asking, self._known, self._reference, self._turn, full=self._full
        )

    @property
    def noted(self) -> Mapping[str, JSON]:
        """Return what is known of the portal's wire, and where an unfinished turn over its sources goes on."""
        turn = self._turn.noted if self._wire.dialect is Dialect.DOCUMENTED else {}
        return {**self._wire.noted, **turn}

    async def scopes(self) -> AsyncIterator[Scope]:
        """Yield the pass's scopes in order; once the portal has contradicted, those of the other dialect."""
        self._recall(await self._known.noted())
        for scope in SCOPES:
            yield scope
        await self._wire.settle()
        async for scope in self._while_documented():
            yield scope
        if self._wire.dialect is Dialect.REAL:
            for scope in tuple(self._reference.paged):
                yield scope
            async for scope in self._real.scopes():
                yield scope

    async def _while_documented(self) -> AsyncIterator[Scope]:
        """Yield the scopes of the documented dialect, as long as the portal speaks it."""
        async with aclosing(self._documented.scopes()) as scopes:
            while self._wire.dialect is Dialect.DOCUMENTED:
                scope = await anext(scopes, None)
                if scope is None:
                    return
                yield scope

    async def read(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        """Yield the pages of *scope* from *cursor*, then one End.

        An answer that cannot be read is yielded whole, as a rejection, before PortalUnreadable is raised for it.
        Raises PortalUnavailable, PortalRefused, PortalUnreadable.
        """
        last = cursor
        try:
            async for item in self._reading(scope, cursor):
                last = item.cursor if isinstance(item, Page) else last
                yield item
        except Unread as error:
            answer = error.answer
            yield Page([Rejection(scope.member, error.message, answer.body, answer.fetch)], last)
            raise

    def _reading(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        if scope in SCOPES:
            return self._reference.read(scope)
        if self._wire.dialect is Dialect.DOCUMENTED:
            return self._documented_or_not(scope)
        return self._real.read(scope, cursor)

    async def _documented_or_not(self, scope: Scope) -> AsyncIterator[Page | End]:
        """Yield a scope of the documented dialect, asked for otherwise where the portal no longer knows that list."""
        try:
            async for item in self._documented.read(scope):
                yield item
        except Absent as error:
            if not await self._wire.upgraded():
                yield self._documented.refused(lacking(error))
                return
            async for item in self._real.read(scope, None):
                yield item
