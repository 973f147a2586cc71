"""Retention: rows older than wanted are removed in units, each a transaction, so that a stopped prune loses nothing.

Nothing goes that an answer about now needs, but for payloads that can be asked for again. A prune takes no lease and
waits for no pass: passes write none of these rows again, but for a document that a portal shows once more.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime

from gateway.store import bookkeeping, following, past, superseded
from gateway.store.staging import Connection, value
from gateway.store.tables import HISTORY, ROWS

BATCH = 10_000
"""Most rows that are removed in one transaction."""

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_KEPT_RUNS = """
    SELECT k.id FROM portal p, LATERAL (
        (SELECT id FROM sync_run WHERE portal = p.number ORDER BY started_at DESC, id DESC LIMIT 20)
        UNION (SELECT id FROM sync_run WHERE portal = p.number AND kind IN ('POLL', 'RECONCILE')
            AND coalesce(whole, state = 'DONE') ORDER BY started_at DESC LIMIT 1)
        UNION (SELECT id FROM sync_run WHERE portal = p.number AND kind = 'RECONCILE'
            AND state IN ('DONE', 'INCOMPLETE') ORDER BY started_at DESC LIMIT 1)
        UNION (SELECT id FROM sync_run WHERE portal = p.number AND state = 'FAILED' ORDER BY started_at DESC LIMIT 1)
    ) k
    UNION SELECT run_id FROM held_deletion WHERE run_id IS NOT NULL
"""
"""The passes that are still told of: the newest of each kind, and those that found what was held."""

_NOT_IN = "NOT EXISTS (SELECT FROM {} r WHERE r.fetch_id = t.id)"
_OLD: Mapping[str, tuple[str, str]] = {
    "payloads": ("payload", "t.fetched_at < $1"),
    "held_deletions": (
        "held_deletion",
        "t.decided_at < $1 AND (t.decision <> 'REJECTED' OR t.lapsed_at IS NOT NULL)",
    ),
    "quarantine": ("quarantine", "t.released_at < $1"),
    "sync_runs": (
        "sync_run",
        f"t.started_at < $1 AND t.state <> 'RUNNING' AND t.id NOT IN ({_KEPT_RUNS})",
    ),
    "fetches": (
        "fetch_log",
        f"t.fetched_at < $1 AND {_NOT_IN.format('document')} AND {_NOT_IN.format('quarantine')}",
    ),
}
"""By setting: the table, and which of its rows ``t`` are too old and not needed; $1 is the instant."""

SETTINGS = ("events", "history", "documents", *_OLD)
"""What there are retentions for, in the order in which is pruned: what refers goes before what it refers to."""

_EVENTS = """
    SELECT count(*) FROM event, event_bounds WHERE id <= settled
    AND id < coalesce((SELECT min(id) FROM event WHERE at >= $1), settled + 1)
"""


async def expired(connection: Connection, before: Mapping[str, datetime]) -> dict[str, int]:
    """Return how many rows of each setting in *before* are older than its instant and would go.

    Of notes on answers more may go, since documents go before them.
    """
    return {name: await _count(connection, name, before) for name in SETTINGS if name in before}


async def prune(
    connection: Connection, before: Mapping[str, datetime], batch: int = BATCH
) -> AsyncGenerator[tuple[str, int], None]:
    """Remove what is older than the instants in *before*, by setting; yield the setting and the rows of each unit.

    What has been removed stays so wherever this is stopped, and the next prune goes on.
    """
    for name in SETTINGS:
        if name in before:
            async for gone in _units(connection, name, before[name], batch):
                yield name, gone


async def _count(connection: Connection, name: str, before: Mapping[str, datetime]) -> int:
    arguments = [before[name]]
    if name == "events":
        query = _EVENTS
    elif name == "history":
        query = _sum(f"{row.__tablename__} WHERE valid_to <= $1" for row in HISTORY.values())
    elif name == "documents":
        arguments.append(before.get("history", _NEVER))
        query = _sum(
            f"({superseded.query(type_, 'h.valid_to > $2')}) d WHERE $2 IS NOT NULL" for type_ in ROWS
        )
    else:
        table, condition = _OLD[name]
        query = f"SELECT count(*) FROM {table} t WHERE {condition}"
    return int(await value(connection, query, *arguments))


def _sum(sources: Iterable[str]) -> str:
    return f"SELECT {' + '.join(f'(SELECT count(*) FROM {source})' for source in sources)}"


async def _units(connection: Connection, name: str, before: datetime, batch: int) -> AsyncIterator[int]:
    if name == "events":
        while gone := await following.forget_events(connection, before, batch):
            yield gone
    elif name == "history":
        async for gone in _history(connection, before, batch):
            yield gone
    elif name == "documents":
        for type_ in ROWS:
            async for gone in superseded.remove(connection, type_, before, batch):
                yield gone
    else:
        table, condition = _OLD[name]
        async for gone in _rows(connection, table, condition, before, batch):
            yield gone


async def _rows(
    connection: Connection, table: str, condition: str, before: datetime, batch: int
) -> AsyncIterator[int]:
    """Remove the rows ``t`` of *table* that match *condition*, a unit at a time."""
    gone = batch
    while gone == batch:
        async with connection.transaction():
            gone = await superseded.removed(
                connection,
                f"DELETE FROM {table} WHERE ctid = ANY (ARRAY("
                f"SELECT t.ctid FROM {table} t WHERE {condition} LIMIT $2 FOR UPDATE SKIP LOCKED))",
                before,
                batch,
            )
            await bookkeeping.move_version(connection)
        if gone:
            yield gone


async def _history(connection: Connection, before: datetime, batch: int) -> AsyncIterator[int]:
    """Remove versions that had ended by *before*; first it is noted that the past begins later now."""
    tables = [str(row.__tablename__) for row in HISTORY.values()]
    held = " UNION ".join(f"SELECT portal FROM {table} WHERE valid_to <= $1" for table in tables)
    async with connection.transaction():
        for row in await connection.fetch(held, before):
            await past.cut(connection, row["portal"], before)
        await bookkeeping.move_version(connection)
    for table in tables:
        async for gone in _rows(connection, table, "t.valid_to <= $1", before, batch):
            yield gone
