"""The gateway's notes about its own work: runs, streams, fetches, the data version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from gateway.model.document import Fetch
from gateway.model.entities import JSON
from gateway.store import feed, past
from gateway.store.staging import Connection, value
from gateway.store.tables import HISTORY, ROWS

DATA = "gateway_data"
"""Postgres channel on which each commit that changed readable rows tells the new data version."""
SYNC = "gateway_sync"
"""Postgres channel on which each commit that changed the notes on a portal's passes tells the portal's number."""
_TELL = f"SELECT pg_notify('{SYNC}', portal::text)"


def encode(value: JSON) -> str | None:
    """Return *value* as JSON text, None as None."""
    return None if value is None else msgspec.json.encode(value).decode()


@dataclass(frozen=True, slots=True)
class Run:
    """A pass that is under way, or what stands for one where somebody's word is carried out."""

    id: int | None
    """None where there is no pass."""
    portal: int
    started_at: datetime
    baseline: bool
    """Whether some stream has never been read whole."""


async def start_run(connection: Connection, portal: int, kind: str, now: datetime, *, baseline: bool) -> Run:
    """Note that a pass begins; one that was left RUNNING was interrupted."""
    await connection.execute(
        "UPDATE sync_run SET state = 'INTERRUPTED', ended_at = $2 WHERE portal = $1 AND state = 'RUNNING'",
        portal,
        now,
    )
    key = await value(
        connection,
        "WITH begun AS (INSERT INTO sync_run (portal, kind, state, baseline, started_at, requests, tallies) "
        "VALUES ($1, $2, 'RUNNING', $3, $4, 0, '{}') RETURNING id, portal) "
        f"SELECT id, pg_notify('{SYNC}', portal::text) FROM begun",
        portal,
        kind,
        baseline,
        now,
    )
    return Run(key, portal, now, baseline)


async def note_run(connection: Connection, run: Run, *, requests: int, tallies: dict[str, Any]) -> None:
    """Note how far a pass is, for those who watch it."""
    await connection.execute(
        "WITH noted AS (UPDATE sync_run SET requests = $2, tallies = $3 WHERE id = $1 AND state = 'RUNNING' "
        f"RETURNING portal) {_TELL} FROM noted",
        run.id,
        requests,
        encode(tallies),
    )


async def data_version(connection: Connection) -> int:
    """Return the data version: what was committed before is seen by whoever has seen this number or a later one."""
    version: int = await value(connection, "SELECT version FROM data_version")
    return version


async def end_run(
    connection: Connection,
    run: Run,
    *,
    state: str,
    whole: bool,
    now: datetime,
    requests: int,
    tallies: dict[str, Any],
    notice: str | None,
) -> None:
    """Note how a pass ended, and tell users of a portal that failed; one that was read to its end has not.

    This waits for the disk, and so for all that the pass wrote without waiting: what has ended stays.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit = on")
        await connection.execute(
            "WITH ended AS (UPDATE sync_run SET state = $2, ended_at = $3, requests = $4, tallies = $5, notice = $6, "
            f"whole = $7 WHERE id = $1 RETURNING portal) {_TELL} FROM ended",
            run.id,
            state,
            now,
            requests,
            encode(tallies),
            notice,
            whole,
        )
        await connection.execute(
            "UPDATE portal SET notice = $2 WHERE number = $1 AND notice IS DISTINCT FROM $2",
            run.portal,
            None if whole else notice,
        )
        if whole:
            await past.begin(connection, run.portal, now)
        if await feed.unsettled(connection):
            await feed.advance(connection)
        await move_version(connection)


async def unloaded_streams(connection: Connection, portal: int, streams: Sequence[str]) -> list[str]:
    """Return those of *streams* that no reconcile has ended yet."""
    rows = await connection.fetch(
        "SELECT stream FROM sync_stream WHERE portal = $1 AND reconciled_at IS NOT NULL", portal
    )
    ended = {row["stream"] for row in rows}
    return [stream for stream in streams if stream not in ended]


async def expect(connection: Connection, portal: int, stream: str, expected: int) -> None:
    """Note how many members a stream's first load should bring."""
    await connection.execute(
        "WITH told AS (INSERT INTO sync_stream (portal, stream, complete, done, expected) "
        "VALUES ($1, $2, false, 0, $3) ON CONFLICT (portal, stream) DO UPDATE "
        "SET expected = greatest($3, sync_stream.done) "
        "WHERE sync_stream.expected IS DISTINCT FROM greatest($3, sync_stream.done) RETURNING portal) "
        f"{_TELL} FROM told",
        portal,
        stream,
        expected,
    )


async def advance(connection: Connection, portal: int, stream: str, done: int) -> None:
    """Add to what a stream's first load has brought."""
    await connection.execute(
        "WITH told AS (INSERT INTO sync_stream (portal, stream, complete, done) VALUES ($1, $2, false, $3) "
        "ON CONFLICT (portal, stream) DO UPDATE SET done = sync_stream.done + $3 RETURNING portal) "
        f"{_TELL} FROM told",
        portal,
        stream,
        done,
    )


async def end_stream(
    connection: Connection,
    portal: int,
    stream: str,
    *,
    now: datetime,
    reconcile: bool,
    proved: bool,
    watermark: JSON,
    note: str | None = None,
) -> None:
    """Note that a stream has been read to its end; a watermark of None leaves the stored one.

    *note*: why the portal's interface can never show the stream whole; None where it can.
    """
    async with connection.transaction():
        await connection.execute(_END_STREAM, portal, stream, now, reconcile, proved, encode(watermark), note)
        if reconcile:
            await _move(connection)  # rows that no pass has touched say when they were last seen: now


_END_STREAM = f"""
    WITH ended AS (
        INSERT INTO sync_stream AS t (portal, stream, polled_at, reconciled_at, complete, done, watermark, note)
        VALUES ($1, $2, $3, CASE WHEN $4 THEN $3::timestamptz END, $4 AND $5, 0, $6, $7)
        ON CONFLICT (portal, stream) DO UPDATE SET polled_at = $3,
            reconciled_at = CASE WHEN $4 THEN $3 ELSE t.reconciled_at END,
            complete = CASE WHEN $4 THEN $5 ELSE t.complete END, watermark = coalesce($6, t.watermark), note = $7
        RETURNING portal
    ) {_TELL} FROM ended
"""


async def log_fetches(connection: Connection, run: Run, fetches: Iterable[Fetch]) -> dict[Fetch, int]:
    """Note answers that brought something new; return their keys."""
    noted = list(fetches)
    rows = await connection.fetch(
        """
        INSERT INTO fetch_log (portal, endpoint, mask, fetched_at, page_hash, run_id)
        SELECT $1, f.endpoint, f.mask, f.fetched_at, f.page_hash, $2
        FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::bytea[]) AS f (endpoint, mask, fetched_at, page_hash)
        RETURNING id, endpoint, mask, fetched_at, page_hash
        """,
        run.portal,
        run.id,
        [fetch.endpoint for fetch in noted],
        [fetch.mask for fetch in noted],
        [fetch.fetched_at for fetch in noted],
        [fetch.page_hash for fetch in noted],
    )
    return {Fetch(*row[1:]): row[0] for row in rows}


async def move_version(connection: Connection) -> None:
    """Tell that readable rows changed, where this transaction changed any.

    Last in the transaction, since every writer meets here.
    """
    if await connection.fetchval(_CHANGED):
        await _move(connection)


async def _move(connection: Connection) -> None:
    await connection.execute(
        "WITH moved AS (UPDATE data_version SET version = version + 1 RETURNING version) "
        f"SELECT pg_notify('{DATA}', version::text) FROM moved"
    )


READABLE = frozenset(str(row.__tablename__) for row in (*ROWS.values(), *HISTORY.values())) | {
    "document",
    "drift",
    "event",
    "event_bounds",
    "fetch_log",
    "job_rollup",
    "payload",
    "portal",
    "portal_past",
    "portal_rollup",
    "provenance_rule",
}
"""The tables whose rows answers are made of: whoever changes one of them ends with ``move_version``."""

_CHANGED = f"""
    SELECT current_setting('track_counts') = 'off' OR coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) > 0
    FROM pg_stat_xact_user_tables
    WHERE schemaname = current_schema() AND relname IN ({", ".join(f"'{name}'" for name in sorted(READABLE))})
"""
