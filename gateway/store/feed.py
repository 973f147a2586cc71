"""The events as readers follow them: in one order without gaps, up to what is on disk, from what is still kept.

Ids are given in the order of commits: whoever writes events waits for its turn first (``EVENT_TURN``, a trigger) and
keeps it until the commit. So whoever sees an event sees all before it, and the id of the last one read is a cursor.
"""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field, SQLModel

from gateway.store import columns as c
from gateway.store.staging import Connection, value


class EventBounds(SQLModel, table=True):
    """The one row that says which events can be read: those with ``forgotten < id <= settled``."""

    __tablename__: ClassVar[str] = "event_bounds"

    only: bool = Field(primary_key=True)
    series: str = c.text(null=False)
    """A word of this database's own: cursors of another one are told by it."""
    settled: int = c.big(null=False)
    """The last event that was known to be on disk: no crash of Postgres takes it or one before it back."""
    forgotten: int = c.big(null=False)
    """The last event that retention removed, with all before it; 0: none."""
    forgotten_at: datetime | None = c.instant()
    """When that one happened."""


EVENT_TURN = """
CREATE OR REPLACE FUNCTION event_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM data_version FOR UPDATE;
  RETURN NULL;
END $$
"""
"""Waits until no other open transaction has written events. It is the row on which all writers of readable rows meet
at their end anyway, so that there is one lock and no order of locks to keep."""

EVENT_TURNS = (
    "CREATE TRIGGER event_turn BEFORE INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION event_turn()"
)
"""Before the statement, and so before its first row takes an id."""

EVENT_BOUNDS = (
    'INSERT INTO event_bounds ("only", series, settled, forgotten) SELECT true, '
    "left(replace(gen_random_uuid()::text, '-', ''), 12), coalesce(max(id), 0), 0 FROM event"
)

FOLLOWED = (EVENT_TURN.strip(), EVENT_TURNS, EVENT_BOUNDS)
"""What migrations make beside the tables."""

_UNSETTLED = "SELECT coalesce((SELECT max(id) FROM event), 0) > settled FROM event_bounds"
_ADVANCE = (
    "UPDATE event_bounds SET settled = n.id FROM (SELECT max(id) AS id FROM event) n WHERE n.id > settled"
)


async def unsettled(connection: Connection) -> bool:
    """Return whether there are events that readers do not see yet."""
    return bool(await value(connection, _UNSETTLED))


async def advance(connection: Connection) -> None:
    """Let readers see the events that are committed by now, as soon as this transaction is on disk.

    Commits of a sync do not wait for the disk, so that a crash can take the last ones back, and then their ids are
    given again. The caller's transaction has to wait for it (``synchronous_commit``), and with it comes all before it.
    """
    await turn(connection)
    await connection.execute(_ADVANCE)


async def turn(connection: Connection) -> None:
    """Wait until no other open transaction has written events, and keep others from it until the commit."""
    await connection.execute("SELECT FROM data_version FOR UPDATE")
