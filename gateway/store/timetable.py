"""The timetable: when which pass over which portal is due next, by the clock of Postgres."""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import SmallInteger, Text
from sqlmodel import Field, SQLModel

from gateway.store import columns as c
from gateway.store.staging import Connection, value


class SyncDue(SQLModel, table=True):
    """When a kind of pass is due next over a portal."""

    __tablename__: ClassVar[str] = "sync_due"

    portal: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(primary_key=True, sa_type=Text)
    """POLL or RECONCILE."""
    due_at: datetime | None = c.instant()
    """None: not until something else has ended, as a reconcile while the first load is unfinished."""
    failures: int = c.count()
    """How many of these passes in a row came to nothing."""


@dataclass(frozen=True, slots=True)
class Due:
    """A kind of pass over a portal, and when it is due."""

    portal: int
    kind: str
    seconds: float | None
    """Until it is due, not above 0 where it is; None: not for now."""
    failures: int


_DUE = """
    SELECT portal, kind, extract(epoch FROM due_at - clock_timestamp())::float8 AS seconds, failures
    FROM sync_due WHERE portal = ANY ($1)
"""
_SETTLE = """
    INSERT INTO sync_due AS d (portal, kind, due_at, failures)
    VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), $4)
    ON CONFLICT (portal, kind) DO UPDATE SET due_at = EXCLUDED.due_at, failures = EXCLUDED.failures
"""
_IS_DUE = "SELECT coalesce(due_at <= clock_timestamp(), false) FROM sync_due WHERE portal = $1 AND kind = $2"
_BEGIN = (
    "INSERT INTO sync_due (portal, kind, due_at) VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING"
)
_FAIL = """
    INSERT INTO sync_due AS d (portal, kind, due_at, failures)
    VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), 1)
    ON CONFLICT (portal, kind) DO UPDATE SET due_at = EXCLUDED.due_at, failures = d.failures + 1
"""


async def begin(connection: Connection, portals: Iterable[int], kind: str) -> None:
    """Make passes of that kind due now over portals that the timetable does not know."""
    for portal in portals:
        await connection.execute(_BEGIN, portal, kind)


async def due(connection: Connection, portals: Iterable[int]) -> list[Due]:
    """Return what the timetable says of *portals*."""
    return [Due(**dict(row)) for row in await connection.fetch(_DUE, list(portals))]


async def is_due(connection: Connection, portal: int, kind: str) -> bool:
    """Return whether that pass is due now."""
    return bool(await value(connection, _IS_DUE, portal, kind))


async def failures(connection: Connection, portal: int, kind: str) -> int:
    """Return how many of these passes in a row came to nothing."""
    query = "SELECT failures FROM sync_due WHERE portal = $1 AND kind = $2"
    return int(await value(connection, query, portal, kind) or 0)


async def settle(
    connection: Connection, portal: int, seconds: Mapping[str, float | None], failures: int
) -> None:
    """Note in how many seconds each kind of pass is due (None: not for now), after *failures* in a row."""
    for kind, wait in seconds.items():
        await connection.execute(_SETTLE, portal, kind, wait, failures)


async def postpone(connection: Connection, portal: int, kind: str, seconds: float) -> None:
    """Note that a pass could not be done, and is due again in so many seconds."""
    await connection.execute(_FAIL, portal, kind, seconds)
