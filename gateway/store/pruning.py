"""Retention: rows older than wanted are removed in units, each a transaction, so that a stopped prune loses nothing.

Nothing goes that an answer about now needs, but for payloads that can be asked for again. A prune takes no lease and
waits for no pass: passes write none of these rows again, but for a document that a portal shows once more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from gateway.model.enums import EntityType
from gateway.store import bookkeeping, following, past
from gateway.store.staging import Connection, value
from gateway.store.tables import HISTORY, ROWS

BATCH = 10_000
"""Most rows that are removed in one transaction."""

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
    """Return how many rows of each setting in *before* are older than its instant and would go."""
    return {name: await _count(connection, name, before[name]) for name in SETTINGS if name in before}


async def prune(
    connection: Connection, before: Mapping[str, datetime], batch: int = BATCH
) -> AsyncIterator[tuple[str, int]]:
    """Remove what is older than the instants in *before*, by setting; yield the setting and the rows of each unit.

    What has been removed stays so wherever this is stopped, and the next prune goes on.
    """
    for name in SETTINGS:
        if name in before:
            async for gone in _units(connection, name, before[name], batch):
                yield name, gone


async def _count(connection: Connection, name: str, before: datetime) -> int:
    if name == "events":
        return int(await value(connection, _EVENTS, before))
    if name == "history":
        tables = [str(row.__tablename__) for row in HISTORY.values()]
        counts = [f"(SELECT count(*) FROM {table} WHERE valid_to <= $1)" for table in tables]
        return int(await value(connection, f"SELECT {' + '.join(counts)}", before))
    if name == "documents":
        counts = [f"(SELECT count(*) FROM ({_superseded(type_)}) d)" for type_ in ROWS]
        return int(await value(connection, f"SELECT {' + '.join(counts)}", before))
    table, condition = _OLD[name]
    return int(await value(connection, f"SELECT count(*) FROM {table} t WHERE {condition}", before))


async def _units(connection: Connection, name: str, before: datetime, batch: int) -> AsyncIterator[int]:
    if name == "events":
        while gone := await following.forget_events(connection, before, batch):
            yield gone
    elif name == "history":
        async for gone in _history(connection, before, batch):
            yield gone
    elif name == "documents":
        for type_ in ROWS:
            async for gone in _documents(connection, type_, before, batch):
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
            gone = await _removed(
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


def _superseded(type_: EntityType) -> str:
    """Return the SELECT of the documents of *type_* that no row was read from, nor any version of one that is kept.

    The document has to be older than $1. Another one has taken its place, or its row is no more.
    """
    told = ""
    if type_ in HISTORY:
        version = (
            f"FROM {HISTORY[type_].__tablename__} h WHERE h.id = d.entity_id AND h.document_hash = d.hash"
        )
        told = f" AND NOT EXISTS (SELECT {version})"
    return (
        f"SELECT d.id, d.entity_id, d.hash FROM document d JOIN fetch_log f ON f.id = d.fetch_id"
        f" LEFT JOIN {ROWS[type_].__tablename__} t ON t.id = d.entity_id"
        f" WHERE d.entity_type = '{type_}' AND f.fetched_at < $1 AND t.document_hash IS DISTINCT FROM d.hash{told}"
    )


async def _documents(
    connection: Connection, type_: EntityType, before: datetime, batch: int
) -> AsyncIterator[int]:
    """Remove superseded documents of *type_*, by the order of their keys.

    A unit that brings such a document back writes its row first. So the rows are locked, those alone that no unit
    is writing, and looked at once more: what is written later finds its document gone, and stores it.
    """
    table, after = str(ROWS[type_].__tablename__), 0
    page = f"{_superseded(type_)} AND d.id > $2 ORDER BY d.id LIMIT $3"
    while True:
        async with connection.transaction():
            found = await connection.fetch(page, before, after, batch)
            owners = [row["entity_id"] for row in found]
            locked = await connection.fetch(
                f"SELECT id, document_hash FROM {table} WHERE id = ANY ($1) ORDER BY id FOR SHARE SKIP LOCKED",
                owners,
            )
            there = await connection.fetch(f"SELECT id FROM {table} WHERE id = ANY ($1)", owners)
            current = {row["id"]: row["document_hash"] for row in locked}
            busy = {row["id"] for row in there} - current.keys()
            stale = [
                row["id"]
                for row in found
                if row["entity_id"] not in busy and current.get(row["entity_id"]) != row["hash"]
            ]
            gone = await _removed(connection, "DELETE FROM document WHERE id = ANY ($1)", stale)
            await bookkeeping.move_version(connection)
        if gone:
            yield gone
        if len(found) < batch:
            return
        after = found[-1]["id"]


async def _removed(connection: Connection, statement: str, *arguments: object) -> int:
    status = await connection.execute(statement, *arguments)
    return int(status.rsplit(" ", 1)[1])
