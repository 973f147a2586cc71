"""What tables need while a first load fills them: statistics in step with them, and words put in order by the heap.

Autovacuum looks once a minute: by then a table that was empty holds a million rows, and statements on it have been
planned as if it were empty still.

New words wait in a list at each index of words, and are put in order when that is full. In Postgres' own 4 MB a first
load fills it all the time, and each holds the same words: with larger lists a million records of data.gouv.fr took
Postgres 2 seconds less of the 12 that their datasets take. A search reads the lists too: at the end they are emptied.
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
_HEAPS = "SET gin_pending_list_limit = '16MB'; SET work_mem = '64MB'"
"""What a list may hold, and the memory in which one is put in order at once."""
_USUAL = "RESET gin_pending_list_limit; RESET work_mem"
_EMPTY = """
    SELECT sum(gin_clean_pending_list(i.indexrelid)) FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
    WHERE a.amname = 'gin' AND i.indrelid = ANY ($1::regclass[]) AND pg_has_role(c.relowner, 'USAGE')
"""


class Growth:
    """How much has been loaded of each stream, and at how much its tables are looked at next."""

    def __init__(self) -> None:
        self._loaded: dict[str, int] = {}
        self._next: dict[str, int] = {}
        self._heaped: set[EntityType] = set()
        """Types of rows whose words may wait in long lists."""

    async def note(
        self, connection: Connection, stream: str, elements: int, types: Iterable[EntityType]
    ) -> None:
        """Note that *elements* of *stream*, and rows of *types*, have been committed; look where that is worth it."""
        if not self._heaped:
            await connection.execute(_HEAPS)
        self._heaped |= (types := set(types))
        loaded = self._loaded[stream] = self._loaded.get(stream, 0) + elements
        if loaded >= self._next.get(stream, 1):
            self._next[stream] = loaded * FACTOR
            await connection.execute(f"ANALYZE {', '.join([*sorted(map(_looked_at, types)), *_BESIDE])}")

    async def end(self, connection: Connection) -> None:
        """Put all words in order: a stream has been loaded."""
        if self._heaped:
            await connection.execute(_USUAL)
            await connection.fetchval(_EMPTY, sorted(_table(type_).name for type_ in self._heaped))
            self._heaped.clear()


@cache
def _looked_at(type_: EntityType) -> str:
    """Return the table of *type_* with the columns that rows are found by.

    With columns named, the expressions of its indexes are left out: to reckon the words of texts takes seconds.
    """
    table = _table(type_)
    found = {column.name for column in table.columns if column.name == "id" or column.name.endswith("_id")}
    return f"{table.name} ({', '.join(sorted(found | {'portal', 'presence'}))})"


def _table(type_: EntityType) -> Table:
    table: Table = ROWS[type_].__table__  # type: ignore[attr-defined]
    return table
