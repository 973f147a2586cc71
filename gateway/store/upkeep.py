"""Upkeep: what is done to the database as a whole now and then, and how that went last."""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from gateway.store import columns as c
from gateway.store.staging import Connection

PRUNE = "PRUNE"
"""The kind of upkeep that there is: what is older than the retentions say goes."""
NOBODY = 0
"""In the place of a portal's number in the lease of an upkeep: none has it."""


class UpkeepRow(SQLModel, table=True):
    """A kind of upkeep, and how it went last, by the clock of Postgres."""

    __tablename__: ClassVar[str] = "upkeep"

    kind: str = Field(primary_key=True, sa_type=Text)
    known_at: datetime = c.instant(null=False)
    """Since when somebody looks whether it is due."""
    began_at: datetime | None = c.instant()
    ended_at: datetime | None = c.instant()
    state: str | None = c.text()
    """RUNNING, DONE, FAILED, INTERRUPTED; RUNNING also where its process died."""
    failures: int = c.count()
    """How often in a row it failed."""
    removed: Any = c.data()
    """How many rows have gone, by setting."""
    notice: str | None = c.text()
    """Why it failed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a kind of upkeep stands; *now* is the time by the clock of Postgres."""

    now: datetime
    known_at: datetime
    began_at: datetime | None = None
    ended_at: datetime | None = None
    state: str | None = None
    failures: int = 0


_STANDING = """
    SELECT clock_timestamp() AS now, known_at, began_at, ended_at, state, failures FROM upkeep WHERE kind = $1
"""
_TOLD = """
    SELECT u.kind, u.state, u.began_at, u.ended_at, u.removed, u.notice, l.holder AS worker
    FROM upkeep u LEFT JOIN lease l ON l.portal = 0 AND l.unit = u.kind AND l.until > clock_timestamp()
    ORDER BY u.kind
"""


async def know(connection: Connection, kind: str) -> None:
    """Look after that kind of upkeep from now on, where nobody does."""
    await connection.execute(
        "INSERT INTO upkeep (kind, known_at) VALUES ($1, clock_timestamp()) ON CONFLICT DO NOTHING", kind
    )


async def standing(connection: Connection, kind: str) -> Standing | None:
    """Return how that kind of upkeep stands; None where nobody looks after it."""
    row = await connection.fetchrow(_STANDING, kind)
    return None if row is None else Standing(**dict(row))


async def begin(connection: Connection, kind: str) -> None:
    """Note that it begins."""
    await connection.execute(
        "UPDATE upkeep SET state = 'RUNNING', began_at = clock_timestamp(), ended_at = NULL, removed = '{}', "
        "notice = NULL WHERE kind = $1",
        kind,
    )


async def note(connection: Connection, kind: str, removed: Mapping[str, int]) -> None:
    """Note how far it is."""
    await connection.execute("UPDATE upkeep SET removed = $2 WHERE kind = $1", kind, _encoded(removed))


async def end(
    connection: Connection, kind: str, state: str, removed: Mapping[str, int], notice: str | None
) -> None:
    """Note how it ended."""
    await connection.execute(
        "UPDATE upkeep SET state = $2, ended_at = clock_timestamp(), removed = $3, notice = $4, "
        "failures = CASE WHEN $2 = 'FAILED' THEN failures + 1 ELSE 0 END WHERE kind = $1",
        kind,
        state,
        _encoded(removed),
        notice,
    )


async def told(connection: Connection) -> list[dict[str, Any]]:
    """Return how each kind of upkeep went last, and which worker is at it now."""
    rows = [dict(row) for row in await connection.fetch(_TOLD)]
    return [{**row, "removed": msgspec.json.decode(row["removed"] or "{}")} for row in rows]


def _encoded(removed: Mapping[str, int]) -> str:
    return msgspec.json.encode(removed).decode()
