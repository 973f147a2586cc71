"""Who wrote when: Postgres itself notes each transaction that writes, and whose lease it was when that was committed.

Triggers note a transaction at its first write, and once more in the moment of its commit. What was not committed leaves
no note. The gateway knows nothing of them, and they know of the gateway only which process of Postgres serves the
holder of the lease.
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from gateway.store.tables import ROWS

WATCHED = (
    *(str(row.__tablename__) for row in ROWS.values()),
    "document",
    "event",
    "fetch_log",
    "scope",
    "sync_stream",
    "sync_run",
    "job_rollup",
    "portal_rollup",
    "quarantine",
)
"""Tables that are written under a lease alone."""

_INSTALL = """
CREATE SCHEMA witness;
CREATE TABLE witness.written (
    xact xid8 PRIMARY KEY, backend integer NOT NULL, began timestamptz NOT NULL,
    ended timestamptz, holder integer, token bigint, seen boolean NOT NULL DEFAULT false
);
CREATE FUNCTION witness.writes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witness.written (xact, backend, began)
    VALUES (pg_current_xact_id(), pg_backend_pid(), clock_timestamp()) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION witness.commits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE witness.written w SET ended = clock_timestamp(), holder = l.backend, token = l.token
    FROM public.lease l WHERE l.unit = 'portal' AND w.xact = NEW.xact;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER commits AFTER INSERT ON witness.written DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION witness.commits();
"""
_WATCH = (
    "CREATE TRIGGER witness AFTER INSERT OR UPDATE OR DELETE ON public.{} "
    "FOR EACH STATEMENT EXECUTE FUNCTION witness.writes()"
)
_STALE = """
    SELECT backend, holder, token, began, ended FROM witness.written
    WHERE NOT seen AND backend IS DISTINCT FROM holder ORDER BY ended
"""
_TOGETHER = """
    SELECT a.backend, b.backend AS other, a.token, b.began, a.ended FROM witness.written a JOIN witness.written b
    ON a.backend <> b.backend AND a.began <= b.began AND b.began < a.ended WHERE NOT (a.seen AND b.seen)
"""


@dataclass(frozen=True, slots=True)
class Testimony:
    """What was noted since the last time: commits, and what was wrong with them, a sentence each."""

    commits: int
    stale: list[str]
    together: list[str]


async def install(connection: asyncpg.Connection) -> None:
    """Watch the database of *connection*, over whose portals nobody must be at work."""
    await connection.execute(_INSTALL)
    for table in WATCHED:
        await connection.execute(_WATCH.format(table))


async def testify(connection: asyncpg.Connection) -> Testimony:
    """Return what was noted since the last time."""
    async with connection.transaction(isolation="repeatable_read"):
        stale = [
            f"the process {row['backend']} committed at {row['ended']:%X.%f} what it began at {row['began']:%X.%f}, "
            f"while {row['holder']} held the lease {row['token']}"
            for row in await connection.fetch(_STALE)
        ]
        together = [
            f"the process {row['other']} wrote from {row['began']:%X.%f} on, while {row['backend']} wrote until "
            f"{row['ended']:%X.%f}"
            for row in await connection.fetch(_TOGETHER)
        ]
        status = await connection.execute("UPDATE witness.written SET seen = true WHERE NOT seen")
        await connection.execute("DELETE FROM witness.written WHERE ended < now() - interval '1 minute'")
    return Testimony(int(status.rpartition(" ")[2]), stale, together)
