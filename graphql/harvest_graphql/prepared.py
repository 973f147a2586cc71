"""A connection of Postgres with the statements that were prepared on it and are kept."""

from __future__ import annotations

from typing import Any, Protocol

import asyncpg

MOST = 1000
"""How many statements stay prepared on a connection; the oldest make room."""
OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
"""What is raised where a migration came between."""


class Statement(Protocol):
    """A prepared statement."""

    async def fetchrow(self, *arguments: Any) -> Any:
        """Return its first row, None where there is none."""
        ...


class Prepared:
    """Keeps the *most* newest statements of *connection*.

    The connection keeps statements too, but looks one up through its pool's wrapper and four coroutines: a fifth of
    what asyncpg costs a request.
    """

    __slots__ = ("_most", "connection", "statements")

    def __init__(self, connection: Any, most: int = MOST) -> None:
        self._most = most
        self.connection = connection
        self.statements: dict[str, Statement] = {}
        """Those that are prepared, by their SQL."""

    async def prepare(self, sql: str) -> Statement:
        """Return the statement *sql*, prepared now."""
        while len(self.statements) >= self._most:
            del self.statements[next(iter(self.statements))]
        made: Statement = await self.connection.prepare(sql)
        self.statements[sql] = made
        return made

    async def again(self, sql: str) -> Statement:
        """Return the statement *sql*, prepared anew after one of ``OUTDATED``, and forget all others."""
        self.statements.clear()
        return await self.prepare(sql)
