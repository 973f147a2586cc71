"""From which instant on the past of a portal is known: since its first load ended, and as far as nothing was pruned."""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import SmallInteger
from sqlmodel import Field, SQLModel

from gateway.store import columns as c
from gateway.store.staging import Connection


class PortalPast(SQLModel, table=True):
    """One row per portal whose first load has ended."""

    __tablename__: ClassVar[str] = "portal_past"

    portal: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    known_since: datetime = c.instant(null=False)
    """When the first load ended, by the clock of the portal's passes."""
    pruned_until: datetime | None = c.instant()
    """Rows of history that ended before this are no longer kept; None: all are."""


async def begin(connection: Connection, portal: int, now: datetime) -> None:
    """Note that all of the portal's streams have been read, unless that is noted or is not so."""
    await connection.execute(
        """
        INSERT INTO portal_past (portal, known_since) SELECT $1, $2
        WHERE EXISTS (SELECT FROM sync_stream s WHERE s.portal = $1)
          AND NOT EXISTS (SELECT FROM sync_stream s WHERE s.portal = $1 AND s.reconciled_at IS NULL)
          AND NOT EXISTS (SELECT FROM portal_past p WHERE p.portal = $1)
        ON CONFLICT DO NOTHING
        """,
        portal,
        now,
    )


async def cut(connection: Connection, portal: int, until: datetime) -> None:
    """Note that history of the portal that ended before *until* is no longer whole."""
    await connection.execute(
        "UPDATE portal_past SET pruned_until = $2 WHERE portal = $1 AND coalesce(pruned_until < $2, true)",
        portal,
        until,
    )
