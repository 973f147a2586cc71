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

from gateway.store import bookkeeping
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
_SETTLE = """
    UPDATE event_bounds SET settled = n.id FROM (SELECT max(id) AS id FROM event) n WHERE n.id > settled
"""
_FORGET = """
    WITH oldest AS (
        SELECT id, at FROM event WHERE id <= (SELECT settled FROM event_bounds) ORDER BY id LIMIT $2
    ), gone AS (
        DELETE FROM event e USING oldest o
        WHERE e.id = o.id AND NOT EXISTS (SELECT FROM oldest k WHERE k.id <= o.id AND k.at >= $1)
        RETURNING e.id, e.at
    ), last AS (SELECT id, at, count(*) OVER () AS number FROM gone ORDER BY id DESC LIMIT 1)
    UPDATE event_bounds SET forgotten = last.id, forgotten_at = last.at FROM last RETURNING last.number
"""


async def settle(connection: Connection) -> bool:
    """Let readers see the events that are committed by now; return whether there were new ones.

    Commits of a sync do not wait for the disk, so a crash can take the last ones back, and their ids are given again.
    This one waits, and with it all before it. To be called outside of a transaction.
    """
    if not await value(connection, _UNSETTLED):
        return False
    async with connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit = on")
        await _turn(connection)
        await connection.execute(_SETTLE)
        await bookkeeping.move_version(connection)
    return True


async def forget_events(connection: Connection, before: datetime, batch: int) -> int:
    """Remove up to *batch* of the oldest events that happened before *before*; return how many, 0 once there are none.

    From the oldest on and without a gap: an event stays while one before it stays. Each call is a transaction.
    """
    async with connection.transaction():
        await _turn(connection)
        gone = await value(connection, _FORGET, before, batch)
        if gone:
            await bookkeeping.move_version(connection)
    return int(gone or 0)


async def _turn(connection: Connection) -> None:
    await connection.execute("SELECT FROM data_version FOR UPDATE")
