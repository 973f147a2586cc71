"""Connections that note each statement that an engine sends on them."""

from __future__ import annotations

from typing import Any

import asyncpg


class _Noting:
    """A prepared statement that notes its SQL each time that it is sent."""

    def __init__(self, statement: Any, sql: str, sent: list[str]) -> None:
        self._statement = statement
        self._sql = sql
        self._sent = sent

    async def fetchrow(self, *arguments: Any) -> Any:
        """Send it."""
        self._sent.append(self._sql)
        return await self._statement.fetchrow(*arguments)


def noting(sent: list[str]) -> type[asyncpg.Connection]:
    """Return connections whose prepared statements are noted in *sent*."""

    class Connection(asyncpg.Connection):  # type: ignore[misc, unused-ignore]
        async def prepare(self, query: str, **options: Any) -> Any:
            return _Noting(await super().prepare(query, **options), query, sent)

    return Connection
