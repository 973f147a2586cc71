"""Laying down the errors that new records bring: as new as these, they are copied into their table as these are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from gateway.model.enums import EntityType
from gateway.store.laying import Laid, is_of
from gateway.store.rendering import Renderer, copy
from gateway.store.shape import Row, shape
from gateway.store.staging import Connection
from gateway.store.tables import ROWS

_LAID = EntityType.HARVEST_ERROR
_GIVEN = ("job_id", "record_id", "presence", "portal", "first_seen_at", "changed_at")
_REPEATED = frozenset(
    {"severity", "job_id", "record_id", "presence", "portal", "first_seen_at", "changed_at"}
)
_KNOWN = "SELECT native_id FROM harvest_error WHERE portal = $1 AND native_id = ANY ($2)"


async def new(
    connection: Connection, portal: int, rows: Mapping[str, Row], records: Mapping[str, Row]
) -> dict[str, Row]:
    """Return those of *rows*, by native id, that came in the documents of new *records* and are not there.

    One may be there all the same: a record that was pruned comes back before its errors are pruned.
    """
    of = shape(_LAID).staged.index
    record_at, job_at, hash_at, deleted_at = map(of, ("record", "job", "document_hash", "deleted_at"))
    found = {
        native: row
        for native, row in rows.items()
        if (record := records.get(row[record_at])) is not None
        and is_of(record, row[job_at])
        and row[hash_at] is None
        and row[deleted_at] is None
    }
    for known in await connection.fetch(_KNOWN, portal, list(found)) if found else ():
        del found[known[0]]
    return found


async def lay(
    connection: Connection, portal: int, now: datetime, rows: Collection[Row], records: Laid
) -> Laid:
    """Store *rows*, of which none is there: errors of *records* that have just been laid."""
    laid = Laid(len(rows))
    await copy(connection, _renderer(), _errors(rows, records, laid, ("PRESENT", portal, now, now)))
    return laid


@cache
def _renderer() -> Renderer:
    """Return what renders the rows of the table."""
    columns = (*shape(_LAID).plain, "row_hash", *_GIVEN)
    return Renderer(ROWS[_LAID].__table__, columns, _REPEATED)  # type: ignore[attr-defined]


def _errors(rows: Iterable[Row], records: Laid, laid: Laid, given: tuple[Any, ...]) -> Iterator[list[Any]]:
    """Yield the rows of the table, and count them in *laid* by the key of their job."""
    plain, of = len(shape(_LAID).plain), shape(_LAID).staged.index
    record_at, job_at, hash_at = map(of, ("record", "job", "row_hash"))
    for row in rows:
        job = None if row[job_at] is None else records.jobs[row[job_at]]
        if job is not None:
            laid.arrived[job] += 1
        yield [*row[:plain], row[hash_at], job, records.keys[row[record_at]], *given]
