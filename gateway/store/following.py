"""What becomes of events once they are committed: readers are let see them, and retention removes the oldest."""

from __future__ import annotations

from datetime import datetime

from gateway.store import bookkeeping, feed
from gateway.store.staging import Connection, value

_FORGET = """
    WITH oldest AS (
        SELECT id, at FROM event WHERE id <= (SELECT settled FROM event_bounds) ORDER BY id LIMIT $2
    ), stays AS (
        SELECT min(id) AS id FROM oldest WHERE at >= $1
    ), gone AS (
        DELETE FROM event e USING oldest o, stays s WHERE e.id = o.id AND (s.id IS NULL OR o.id < s.id)
        RETURNING e.id, e.at
    ), last AS (SELECT id, at, count(*) OVER () AS number FROM gone ORDER BY id DESC LIMIT 1)
    UPDATE event_bounds SET forgotten = last.id, forgotten_at = last.at FROM last RETURNING last.number
"""


async def settle(connection: Connection) -> None:
    """Let readers see the events that are committed by now: on disk, with all that was committed before.

    To be called outside of a transaction, by whoever has written events and ends no pass (``end_run`` does it too).
    """
    if await feed.unsettled(connection):
        async with connection.transaction():
            await connection.execute("SET LOCAL synchronous_commit = on")
            await feed.advance(connection)
            await bookkeeping.move_version(connection)


async def forget_events(connection: Connection, before: datetime, batch: int) -> int:
    """Remove up to *batch* of the oldest events that happened before *before*; return how many, 0 once there are none.

    From the oldest on and without a hole: an event stays while one before it stays. Each call is a transaction of its
    own. Readers whose cursor lies before what was removed are told of the gap.
    """
    async with connection.transaction():
        await feed.turn(connection)
        gone = await value(connection, _FORGET, before, batch)
        await bookkeeping.move_version(connection)
    return int(gone or 0)
