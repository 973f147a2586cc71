"""Keeping the planner's statistics in step with tables that a first load fills.

Autovacuum looks once a minute: by then a table that was empty holds a million rows, and statements on it have been
planned as if it were empty still.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Table

from gateway.model.enums import EntityType
from gateway.store.staging import Connection
from gateway.store.tables import ROWS

FACTOR = 4
"""How many times as much has to be loaded as at the last look."""
_BESIDE = ("job_rollup", "scope")
"""Tables that statements of every unit look into, whatever it brings."""


class Growth:
    """How much has been loaded of each stream, and at how much its tables are looked at next."""

    def __init__(self) -> None:
        self._loaded: dict[str, int] = {}
        self._next: dict[str, int] = {}

    async def note(
        self, connection: Connection, stream: str, elements: int, types: Iterable[EntityType]
    ) -> None:
        """Note that *elements* of *stream*, and rows of *types*, have been committed; look where that is worth it."""
        loaded = self._loaded[stream] = self._loaded.get(stream, 0) + elements
        if loaded >= self._next.get(stream, 1):
            self._next[stream] = loaded * FACTOR
            await connection.execute(f"ANALYZE {', '.join([*sorted(map(_looked_at, types)), *_BESIDE])}")


@cache
def _looked_at(type_: EntityType) -> str:
    """Return the table of *type_* with the columns that rows are found by.

    With columns named, the expressions of its indexes are left out: to reckon the words of texts takes seconds.
    """
    table: Table = ROWS[type_].__table__  # type: ignore[attr-defined]
    found = {column.name for column in table.columns if column.name == "id" or column.name.endswith("_id")}
    return f"{table.name} ({', '.join(sorted(found | {'portal', 'presence'}))})"
