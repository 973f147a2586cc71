"""What was read by itself, and when: what passes verify is told by their own notes.

A row is written where a refresh ended well, also where nothing had changed; rows of more than a day are dropped, since
passes have come by.
"""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import SmallInteger, Text
from sqlmodel import Field, SQLModel

from gateway.model.enums import EntityType
from gateway.store import columns as c
from gateway.store.staging import Connection, touch, value
from gateway.store.tables import ROWS


class RefreshedRow(SQLModel, table=True):
    """A source or run that was read by itself."""

    __tablename__: ClassVar[str] = "refreshed"

    portal: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    entity_type: str = Field(primary_key=True, sa_type=Text)
    native_id: str = Field(primary_key=True, sa_type=Text)
    at: datetime = c.instant(null=False)
    """The portal's clock as it was asked."""
    noted_at: datetime = c.instant(null=False)
    """Postgres' clock as that was written."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a thing before it is read anew."""

    native_id: str | None
    """None where nothing of that name is stored."""
    source: str | None
    """Native id of the source of a run."""
    at: datetime | None
    """As of when it was verified last, by the portal's clock: by a pass that read all it was to read, or by itself."""


_STANDING = """
    SELECT t.native_id, {source} AS source, greatest(
        (SELECT r.started_at FROM sync_run r WHERE r.portal = $1 AND r.kind IN ('POLL', 'RECONCILE')
            AND coalesce(r.whole, r.state = 'DONE') ORDER BY r.started_at DESC LIMIT 1),
        (SELECT f.at FROM refreshed f WHERE f.portal = $1 AND f.entity_type = '{type}' AND f.native_id = t.native_id)
    ) AS at
    FROM {table} t WHERE t.portal = $1 AND {named} ORDER BY t.presence = 'PRESENT' DESC, t.id DESC LIMIT 1
"""
_SOURCE = "(SELECT s.native_id FROM harvest_source s WHERE s.id = t.source_id)"


async def standing(
    connection: Connection, portal: int, type_: EntityType, name: str, *, slug: bool = False
) -> Standing:
    """Return what is known of the source or run with a native id, or of a source by its *slug*."""
    run = type_ is EntityType.HARVEST_JOB
    row = await connection.fetchrow(
        _STANDING.format(
            type=type_.value,
            table=ROWS[type_].__tablename__,
            source=_SOURCE if run else "NULL::text",
            named="t.slug = $2" if slug else "t.native_id = $2",
        ),
        portal,
        name,
    )
    return Standing(None, None, None) if row is None else Standing(*row)


async def clock(connection: Connection) -> datetime:
    """Return the time by Postgres' clock."""
    now: datetime = await value(connection, "SELECT clock_timestamp()")
    return now


async def since(
    connection: Connection, portal: int, type_: EntityType, native_id: str, began: datetime
) -> datetime | None:
    """Return as of when (portal's clock) a thing was read whose reading was noted at *began* or later, else None."""
    at: datetime | None = await value(
        connection,
        "SELECT at FROM refreshed WHERE portal = $1 AND entity_type = $2 AND native_id = $3 AND noted_at >= $4",
        portal,
        type_.value,
        native_id,
        began,
    )
    return at


async def free(connection: Connection, portal: int) -> int | None:
    """Return the token of the last who wrote the portal, None while somebody is at it."""
    row = await connection.fetchrow(
        "SELECT token, holder IS NOT NULL AND coalesce(until >= clock_timestamp(), false) AS held "
        "FROM lease WHERE portal = $1 AND unit = 'portal'",
        portal,
    )
    if row is None:
        return 0
    return None if row["held"] else int(row["token"])


async def stored(
    connection: Connection, portal: int, type_: EntityType, native_id: str, hashes: Sequence[bytes]
) -> bool:
    """Return whether a thing's row is made of a document with one of these fingerprints: not one that is unreadable."""
    found: bool | None = await value(
        connection,
        f"SELECT document_hash = ANY ($3) FROM {ROWS[type_].__tablename__} WHERE portal = $1 AND native_id = $2",
        portal,
        native_id,
        list(hashes),
    )
    return bool(found)


async def touch_shown(connection: Connection, portal: int, jobs: Sequence[str]) -> None:
    """Touch the runs with these native ids, as part of a unit: they were seen as they are now."""
    rows = await connection.fetch(
        "SELECT id FROM harvest_job WHERE portal = $1 AND native_id = ANY ($2)", portal, list(jobs)
    )
    await touch(connection, EntityType.HARVEST_JOB, [row["id"] for row in rows])


async def note(connection: Connection, portal: int, type_: EntityType, native_id: str, at: datetime) -> None:
    """Note, as part of a unit, that a thing was read as of *at*; forget what was noted more than a day ago."""
    await connection.execute(
        """
        INSERT INTO refreshed (portal, entity_type, native_id, at, noted_at)
        VALUES ($1, $2, $3, $4, clock_timestamp())
        ON CONFLICT (portal, entity_type, native_id) DO UPDATE SET at = $4, noted_at = clock_timestamp()
        """,
        portal,
        type_.value,
        native_id,
        at,
    )
    await connection.execute(
        "DELETE FROM refreshed WHERE portal = $1 AND noted_at < clock_timestamp() - interval '1 day'", portal
    )
