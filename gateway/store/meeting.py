"""What is stored already of the elements that a unit brings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from gateway.model.document import Document, Rejection
from gateway.model.enums import EntityType
from gateway.store.parts import Part
from gateway.store.staging import Connection
from gateway.store.tables import ROWS
from gateway.store.waiting import Name


async def known(
    connection: Connection, portal: int, elements: Iterable[Document | Rejection]
) -> dict[Name, tuple[int, bytes | None]]:
    """Return (key, fingerprint) of the rows that *elements* name; no fingerprint where a row is absent."""
    ids: dict[EntityType, list[str]] = defaultdict(list)
    for type_, native in {(e.type, e.native_id) for e in elements if e.native_id is not None}:
        ids[type_].append(native)
    found: dict[Name, tuple[int, bytes | None]] = {}
    for type_, natives in ids.items():
        found.update(await _rows(connection, portal, type_, natives))
    return found


async def _rows(
    connection: Connection, portal: int, type_: EntityType, natives: Sequence[str]
) -> dict[Name, tuple[int, bytes | None]]:
    rows = await connection.fetch(
        "SELECT native_id, id, CASE WHEN presence IN ('PRESENT', 'DELETED') THEN document_hash END "
        f"FROM {ROWS[type_].__tablename__} WHERE portal = $1 AND native_id = ANY ($2)",
        portal,
        natives,
    )
    return {(type_, row[0]): (row[1], row[2]) for row in rows}


def see(part: Part, rows: Mapping[Name, tuple[int, bytes | None]]) -> None:
    """Note which *rows* of its scope's type *part* names."""
    if part.seen is None:
        return
    type_ = part.scope.member
    names = ((type_, e.native_id) for e in part.elements if e.type is type_ and e.native_id is not None)
    part.seen.add([rows[name][0] for name in names if name in rows] if rows else ())
