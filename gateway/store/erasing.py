"""Forgetting somebody: what is stored of a person or an address is blanked, commit by commit; fingerprints remain.

Whoever is forgotten is noted first, so that what arrives is blanked from then on (``gateway.store.forgotten``). Each
step finds what still speaks of them, so that one that was interrupted is done again from its start.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import ARRAY, Text
from sqlalchemy.dialects.postgresql import JSONB

from gateway.model.enums import Cause, EntityType
from gateway.ports import Part as PayloadPart
from gateway.ports import Scope
from gateway.store import forgotten
from gateway.store.documents import documents_of
from gateway.store.forgotten import Forgotten
from gateway.store.merge import ORDER
from gateway.store.parts import Part
from gateway.store.shape import shape
from gateway.store.staging import Connection, value
from gateway.store.tables import HISTORY, ROWS
from gateway.store.unit import Writer

BATCH = 200
"""Rows that are blanked in one commit."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something may be said: a table, its key, and the column whose text or bytes are looked through."""

    name: str
    table: str
    key: str
    column: str
    octets: bool
    where: str = "true"


_BODIES = (
    _Place("quarantine", "quarantine", "id", "body", octets=True),
    *(
        _Place("payloads", "payload", "record_id", "body", octets=True, where=f"t.part = '{part}'")
        for part in PayloadPart
    ),
)
_EVENTS = _Place("events", "event", "id", "jsonb_build_object('b', t.before, 'a', t.after)", octets=False)
_HISTORY = tuple(
    _Place("history", str(row.__tablename__), "history_id", "to_jsonb(t)", octets=False)
    for row in HISTORY.values()
)


def _documents(type_: EntityType) -> _Place:
    return _Place("documents", "document", "id", "body", octets=True, where=f"t.entity_type = '{type_}'")


async def is_known(connection: Connection, portal: int, native_id: str) -> bool:
    """Return whether there is a person with this native id, or is one to be forgotten."""
    found: bool = await value(
        connection,
        "SELECT EXISTS (SELECT FROM person WHERE portal = $1 AND native_id = $2) "
        "OR EXISTS (SELECT FROM forgotten WHERE portal = $1 AND name = $2)",
        portal,
        native_id,
    )
    return found


async def counted(connection: Connection, portal: int, whom: Forgotten) -> dict[str, int]:
    """Return how many rows of each kind speak of *whom*."""
    told: dict[str, int] = {"persons": 0}
    for place in (*map(_documents, EntityType), *_BODIES, *_HISTORY, _EVENTS):
        told.setdefault(place.name, 0)
        async for found in _speaking(connection, place, portal, whom):
            told[place.name] += len(found)
    told["events"] += await value(
        connection, f"SELECT count(*) FROM event t WHERE {_OWN_EVENTS}", portal, list(whom.names)
    )
    told["persons"] = await value(
        connection, f"SELECT count(*) FROM person t WHERE {_OWN_ROW}", portal, list(whom.names)
    )
    return told


async def erase(
    connection: Connection, writer: Writer, portal: int, whom: Forgotten, now: datetime
) -> dict[str, int]:
    """Blank what a portal's rows say of *whom*, who has been noted; return how many rows of each kind that were.

    *writer* was opened after that, so that it blanks what it reads.
    """
    told: dict[str, int] = {}
    for type_ in ORDER:
        await _erase_documents(connection, writer, portal, type_, whom, told)
    for place in _BODIES:
        await _erase_bodies(connection, writer, place, portal, whom, told)
    async with writer.unit(Cause.ACTION):
        told["persons"] = await _erase_persons(connection, portal, whom, now)
    for place in _HISTORY:
        await _erase_json(connection, writer, place, portal, whom, told)
    await _erase_json(connection, writer, _EVENTS, portal, whom, told)
    async with writer.unit(Cause.ACTION):
        status = await connection.execute(
            f"UPDATE event t SET before = NULL, after = NULL WHERE {_OWN_EVENTS}", portal, list(whom.names)
        )
        told["events"] += int(status.rsplit(" ", 1)[1])
    return told


async def _erase_documents(
    connection: Connection,
    writer: Writer,
    portal: int,
    type_: EntityType,
    whom: Forgotten,
    told: dict[str, int],
) -> None:
    """Read the documents of *type_* again that speak of *whom*, blanked, then blank them: rows before bytes.

    So an interruption between the two finds the bytes again.
    """
    told.setdefault("documents", 0)
    async for found in _speaking(connection, _documents(type_), portal, whom):
        natives = await _current(connection, type_, [key for key, _ in found])
        if natives:
            documents = await documents_of(connection, portal, type_, natives)
            await writer.commit([Part(Scope("forget", type_), documents)], cause=Cause.ACTION, again=True)
        async with writer.unit(Cause.ACTION):
            await connection.executemany("UPDATE document SET body = $2 WHERE id = $1", found)
        told["documents"] += len(found)


async def _current(connection: Connection, type_: EntityType, ids: Sequence[int]) -> list[str]:
    """Return the native ids of the rows of *type_* that are read from one of the documents *ids*."""
    rows = await connection.fetch(
        f"SELECT t.native_id FROM document d JOIN {ROWS[type_].__tablename__} t ON t.id = d.entity_id "
        "AND t.document_hash = d.hash WHERE d.id = ANY ($1)",
        ids,
    )
    return [row["native_id"] for row in rows]


async def _erase_bodies(
    connection: Connection, writer: Writer, place: _Place, portal: int, whom: Forgotten, told: dict[str, int]
) -> None:
    told.setdefault(place.name, 0)
    async for found in _speaking(connection, place, portal, whom):
        async with writer.unit(Cause.ACTION):
            await connection.executemany(
                f"UPDATE {place.table} t SET body = $2 WHERE t.{place.key} = $1 AND {place.where}", found
            )
        told[place.name] += len(found)


async def _erase_json(
    connection: Connection, writer: Writer, place: _Place, portal: int, whom: Forgotten, told: dict[str, int]
) -> None:
    told.setdefault(place.name, 0)
    async for found in _speaking(connection, place, portal, whom):
        async with writer.unit(Cause.ACTION):
            await connection.executemany(_SETS[place.table], found)
        told[place.name] += len(found)


async def _erase_persons(connection: Connection, portal: int, whom: Forgotten, now: datetime) -> int:
    blank = ", ".join(f"{name} = NULL" for name in _PERSONAL)
    status = await connection.execute(
        f"UPDATE person t SET {blank}, changed_at = $3 WHERE {_OWN_ROW}", portal, list(whom.names), now
    )
    return int(status.rsplit(" ", 1)[1])


async def _speaking(
    connection: Connection, place: _Place, portal: int, whom: Forgotten
) -> AsyncIterator[list[tuple[int, Any]]]:
    """Yield, some at a time, the keys of the rows at *place* that speak of *whom*, and what they say blanked."""
    said = f"t.{place.column}" if place.octets else f"({place.column})::text"
    found = "position(convert_to(n, 'UTF8') IN {0})" if place.octets else "strpos({0}, n)"
    last = 0
    while True:
        rows = await connection.fetch(
            f"SELECT t.{place.key} AS key, {said} AS value FROM {place.table} t WHERE t.portal = $1 "
            f"AND t.{place.key} > $2 AND {place.where} "
            f"AND EXISTS (SELECT FROM unnest($3::text[]) n WHERE {found.format(said)} > 0) "
            f"ORDER BY t.{place.key} LIMIT {BATCH}",
            portal,
            last,
            _needles(whom),
        )
        if not rows:
            return
        last = rows[-1]["key"]
        if blanked := [found for row in rows for found in _blanked(place, row, whom)]:
            yield blanked


def _needles(whom: Forgotten) -> list[str]:
    """Return texts of which one stands in whatever speaks of *whom*: addresses are known by their hashes alone."""
    persons = [name for name in whom.names if not name.startswith(forgotten.ADDRESS)]
    return [*persons, *(["@", "u0040"] if len(persons) < len(whom.names) else ())]


def _blanked(place: _Place, row: asyncpg.Record, whom: Forgotten) -> list[tuple[int, Any]]:
    if place.octets:
        body = whom.scrubbed(row["value"])
        return [] if body == row["value"] else [(row["key"], body)]
    said = msgspec.json.decode(row["value"])
    clean = whom.value(said)
    return [] if clean == said else [(row["key"], msgspec.json.encode(clean).decode())]


def _set_history(table: Any) -> str:
    """Return the statement that puts the texts of a row of history in the place of its own."""
    names = [
        column.name
        for column in table.columns
        if column.computed is None and isinstance(column.type, Text | ARRAY | JSONB)
    ]
    listed = ", ".join(names)
    return (
        f"UPDATE {table.name} t SET ({listed}) = (SELECT {listed} FROM "
        f"jsonb_populate_record(NULL::{table.name}, $2::text::jsonb)) WHERE t.history_id = $1"
    )


_SETS = {
    "event": "UPDATE event t SET before = nullif($2::text::jsonb -> 'b', 'null'), "
    "after = nullif($2::text::jsonb -> 'a', 'null') WHERE t.id = $1",
    **{str(row.__tablename__): _set_history(row.__table__) for row in HISTORY.values()},  # type: ignore[attr-defined]
}
_PERSONAL = tuple(name for name in shape(EntityType.PERSON).plain if name not in {"native_id", "deleted_at"})
_OWN_ROW = (
    f"t.portal = $1 AND t.native_id = ANY ($2) AND num_nonnulls({', '.join(f't.{n}' for n in _PERSONAL)}) > 0"
)
_OWN_EVENTS = (
    "t.portal = $1 AND t.entity_type = 'Person' AND t.native_id = ANY ($2) "
    "AND num_nonnulls(t.before, t.after) > 0"
)
