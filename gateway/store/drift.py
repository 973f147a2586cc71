"""What portals have sent that was not expected: counted by place and word, in the unit that stores the documents."""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, TypeAlias

from sqlalchemy import SmallInteger, Text
from sqlmodel import Field, SQLModel

from gateway.model.enums import Cause, EntityType
from gateway.model.expected import Drift, DriftKind, expects
from gateway.store import columns as c
from gateway.store.bookkeeping import Run
from gateway.store.judging import Kinds, Sighting
from gateway.store.staging import Connection

MOST = 100
"""Words of one place, and unknown members of one object, that are told apart; the rest count as OTHERS."""
OTHERS = "…"
_POINTER, _WORD = 300, 200
"""Characters of a pointer and of a word that are kept: documents keep the whole."""

Name: TypeAlias = tuple[EntityType, Drift]


class DriftRow(SQLModel, table=True):
    """Something that a portal's documents of a type show and that nobody expects there."""

    __tablename__: ClassVar[str] = "drift"

    portal: int = Field(primary_key=True, sa_type=SmallInteger)
    entity_type: str = Field(primary_key=True, sa_type=Text, sa_column_kwargs={"info": {"enum": EntityType}})
    """Of the documents: errors and datasets may lie in those of others."""
    pointer: str = Field(primary_key=True, sa_type=Text)
    """As in ``gateway.model.expected.Drift``."""
    kind: str = Field(primary_key=True, sa_type=Text, sa_column_kwargs={"info": {"enum": DriftKind}})
    word: str = Field(primary_key=True, sa_type=Text)
    """The unknown word; of an unknown field and of a wrong type the JSON type that was found."""
    count: int = c.big(null=False)
    """Documents that showed it when they were new or had changed."""
    first_seen_at: datetime = c.instant(null=False)
    last_seen_at: datetime = c.instant(null=False)
    run_id: int | None = c.refers("sync_run")
    """The pass that saw it first."""
    native_id: str | None = c.text()
    """Native id of the first document that showed it."""


c.finish(DriftRow, c.index("drift_first_seen", "portal", "first_seen_at"))

_NOTE = """
    WITH noted AS (
        INSERT INTO drift AS t (portal, entity_type, pointer, kind, word, count, first_seen_at, last_seen_at, run_id,
            native_id)
        SELECT $1, v.entity_type, v.pointer, v.kind, v.word, v.count, $2, $2, $3, v.native_id
        FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[])
            AS v(entity_type, pointer, kind, word, count, native_id)
        ON CONFLICT (portal, entity_type, pointer, kind, word)
            DO UPDATE SET count = t.count + excluded.count, last_seen_at = excluded.last_seen_at
        RETURNING entity_type, pointer, kind, word, count, native_id, xmax = 0 AS new
    )
    INSERT INTO stage_event (at, portal, run_id, cause, kind, entity_type, native_id, after, count)
    SELECT $2, $1, $3, $10, 'DRIFTED', entity_type, native_id,
        jsonb_build_object('pointer', pointer, 'kind', kind, 'word', word), count
    FROM noted WHERE new ORDER BY entity_type, pointer, kind, word
"""


async def note(
    connection: Connection, run: Run, found: Mapping[Name, Sighting], now: datetime, cause: Cause
) -> None:
    """Count what the fresh documents of a unit have shown, and tell of what was never seen before."""
    if not found:
        return
    stored = await connection.fetch(
        "SELECT entity_type, pointer, kind, word FROM drift WHERE portal = $1", run.portal
    )
    known = {(EntityType(row[0]), Drift(row[1], DriftKind(row[2]), row[3])) for row in stored}
    counted = bounded(found, known)
    await connection.execute(
        _NOTE,
        run.portal,
        now,
        run.id,
        [type_.value for type_, _ in counted],
        [drift.pointer for _, drift in counted],
        [drift.kind.value for _, drift in counted],
        [drift.word for _, drift in counted],
        [sighting.count for sighting in counted.values()],
        [sighting.native_id for sighting in counted.values()],
        cause.value,
    )


async def retire(connection: Connection, portal: int, expected: Kinds) -> None:
    """Forget what is expected by now: an adapter has learnt it."""
    rows = await connection.fetch(
        "SELECT entity_type, pointer, kind, word FROM drift WHERE portal = $1", portal
    )
    for type_, pointer, kind, word in rows:
        known = expected.get(EntityType(type_))
        if known is not None and expects(known, Drift(pointer, DriftKind(kind), word)):
            await connection.execute(
                "DELETE FROM drift WHERE portal = $1 AND entity_type = $2 AND pointer = $3 AND kind = $4 AND word = $5",
                portal,
                type_,
                pointer,
                kind,
                word,
            )


def bounded(found: Mapping[Name, Sighting], known: set[Name]) -> dict[Name, Sighting]:
    """Return *found* with what is too much of one place folded into OTHERS; *known* is told apart already."""
    held = Counter(_place(name) for name in known)
    counted: dict[Name, Sighting] = {}
    for (type_, drift), sighting in found.items():
        name = (type_, Drift(drift.pointer[:_POINTER], drift.kind, drift.word[:_WORD]))
        if name not in known and name not in counted:
            place = _place(name)
            if held[place] >= MOST:
                name = (type_, Drift(place[1], drift.kind, OTHERS))
            held[place] += 1
        there = counted.setdefault(name, Sighting(0, sighting.native_id))
        there.count += sighting.count
    return counted


def _place(name: Name) -> tuple[EntityType, str, DriftKind]:
    """Return where a thing is one of many: a word at its place, an unknown member in its object."""
    type_, drift = name
    if drift.kind is DriftKind.UNKNOWN_FIELD:
        return type_, f"{drift.pointer.rpartition('/')[0]}/{OTHERS}", drift.kind
    return type_, drift.pointer, drift.kind
