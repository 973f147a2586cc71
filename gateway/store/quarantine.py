"""Elements that could not be read: kept whole, shown, and let go once they read well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from gateway.model.document import Document, Fetch, Rejection, digest
from gateway.model.enums import EntityType
from gateway.ports import LONGEST, Scope
from gateway.store.bookkeeping import Run, encode
from gateway.store.staging import Connection
from gateway.store.tables import ROWS

OPEN = "released_at IS NULL"
"""The condition on entries that nothing has let go yet."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An element that could not be read, and where it was met."""

    scope: Scope
    rejection: Rejection
    document: Document | None = None
    """The document that the normaliser refused; None where there was no taking the list apart there."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry that is a document, so that it can be read again."""

    id: int
    scope: Scope
    document: Document
    fetch_id: int


async def keep(
    connection: Connection,
    run: Run,
    refused: Refused,
    body: bytes,
    fetch_id: int | None,
    now: datetime,
    *,
    seen: bool,
) -> None:
    """Keep an element that cannot be read, with what may be kept of its bytes in *body*.

    *seen*: the portal has shown it now, once more where it is known.
    """
    rejection, document = refused.rejection, refused.document
    hash_ = digest(rejection.body) if document is None else document.hash
    if document is not None and fetch_id is None:
        fetch_id = await _stored_fetch(connection, run.portal, document)
    await connection.execute(
        """
        INSERT INTO quarantine AS q (portal, stream, scope, entity_type, native_id, parent, position, counted,
            retriable, reason, hash, body, fetch_id, first_seen_at, last_seen_at, sightings)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, 1)
        ON CONFLICT (portal, stream, hash, scope) DO UPDATE SET reason = excluded.reason, released_at = NULL,
            native_id = excluded.native_id, parent = excluded.parent, position = excluded.position,
            counted = excluded.counted, retriable = excluded.retriable,
            fetch_id = coalesce(excluded.fetch_id, q.fetch_id),
            last_seen_at = CASE WHEN $15 THEN excluded.last_seen_at ELSE q.last_seen_at END,
            sightings = q.sightings + $15::boolean::int
        """,
        run.portal,
        refused.scope.stream,
        refused.scope.key,
        rejection.type.value,
        _cut(_clean(rejection.native_id)),
        _clean(rejection.parent),
        rejection.position,
        encode(None if document is None else document.counted),
        document is not None,
        _clean(rejection.reason),
        hash_,
        body,
        fetch_id,
        now,
        seen,
    )


async def _stored_fetch(connection: Connection, portal: int, document: Document) -> int | None:
    """Return which answer brought a document that is stored already."""
    found: int | None = await connection.fetchval(
        f"SELECT d.fetch_id FROM {ROWS[document.type].__tablename__} t JOIN document d ON d.entity_type = $2 "
        "AND d.entity_id = t.id AND d.hash = $4 WHERE t.portal = $1 AND t.native_id = $3",
        portal,
        document.type.value,
        document.native_id,
        document.hash,
    )
    return found


def _cut(native_id: str | None) -> str | None:
    """Return an id as an index takes it; no row has one that is longer."""
    return native_id and native_id.encode()[:LONGEST].decode(errors="ignore")


def _clean(text: str | None) -> str | None:
    """Return *text* as Postgres can hold it."""
    return text and text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


_KEPT = f"""
    SELECT DISTINCT ON (q.entity_type, q.native_id) q.id, q.stream, q.scope, q.entity_type, q.native_id, q.parent,
        q.position, q.counted, q.hash, q.body, q.fetch_id, f.endpoint, f.mask, f.fetched_at, f.page_hash
    FROM quarantine q JOIN fetch_log f ON f.id = q.fetch_id
    WHERE q.portal = $1 AND q.{OPEN} AND q.retriable AND ($2::bigint[] IS NULL OR q.id = ANY ($2))
      AND NOT EXISTS (SELECT FROM quarantine n WHERE n.portal = q.portal AND n.entity_type = q.entity_type
          AND n.native_id = q.native_id AND n.{OPEN} AND (n.last_seen_at, n.id) > (q.last_seen_at, q.id))
    ORDER BY q.entity_type, q.native_id
"""


async def kept(connection: Connection, portal: int, ids: Sequence[int] | None) -> list[Kept]:
    """Return a portal's open entries that are documents, the newest of each element; of *ids* where they are given."""
    rows = await connection.fetch(_KEPT, portal, None if ids is None else list(ids))
    return [_kept(row) for row in rows]


def _kept(row: asyncpg.Record) -> Kept:
    type_ = EntityType(row["entity_type"])
    counted: Any = None if row["counted"] is None else msgspec.json.decode(row["counted"])
    fetch = Fetch(row["endpoint"], row["mask"], row["fetched_at"], row["page_hash"])
    place = (row["parent"], row["position"], counted)
    document = Document(type_, row["native_id"], row["body"], fetch, row["hash"], *place)
    return Kept(row["id"], Scope(row["stream"], type_, row["scope"]), document, row["fetch_id"])


async def open_ids(connection: Connection, portal: int, ids: Sequence[int] | None) -> dict[int, bool]:
    """Return a portal's open entries (of *ids* where they are given), and whether each is a document."""
    rows = await connection.fetch(
        f"SELECT id, retriable FROM quarantine WHERE portal = $1 AND {OPEN} "
        "AND ($2::bigint[] IS NULL OR id = ANY ($2)) ORDER BY stream, id",
        portal,
        None if ids is None else list(ids),
    )
    return {row["id"]: row["retriable"] for row in rows}


async def open_of(
    connection: Connection, portal: int, type_: EntityType, natives: Sequence[str]
) -> dict[str, list[int]]:
    """Return the open entries of the elements of *type_* with these native ids, by native id."""
    rows = await connection.fetch(
        f"SELECT native_id, array_agg(id) AS ids FROM quarantine WHERE portal = $1 AND entity_type = $2 AND {OPEN} "
        "AND native_id = ANY ($3) GROUP BY native_id",
        portal,
        type_.value,
        list(natives),
    )
    return {row["native_id"]: row["ids"] for row in rows}


async def release(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Let entries go: what they are of has been read well."""
    await connection.execute(
        f"UPDATE quarantine SET released_at = $2 WHERE id = ANY ($1) AND {OPEN}", list(ids), now
    )


async def note_retry(connection: Connection, ids: Sequence[int], by: str | None, now: datetime) -> None:
    """Remember who had entries read again, and when."""
    await connection.execute(
        "UPDATE quarantine SET retried_at = $2, retried_by = $3 WHERE id = ANY ($1)", list(ids), now, by
    )


async def unseen(
    connection: Connection, portal: int, stream: str, keys: Sequence[str], since: datetime
) -> list[str]:
    """Return those of *keys* whose scope has an open entry that the portal has not shown since then."""
    rows = await connection.fetch(
        f"SELECT DISTINCT scope FROM quarantine WHERE {_UNSEEN}", portal, stream, list(keys), since
    )
    return [row["scope"] for row in rows]


async def release_unseen(
    connection: Connection, portal: int, stream: str, keys: Sequence[str], since: datetime, now: datetime
) -> None:
    """Let go what the portal has not shown since then in scopes that have been read whole and well."""
    await connection.execute(
        f"UPDATE quarantine SET released_at = $5 WHERE {_UNSEEN}", portal, stream, list(keys), since, now
    )


_UNSEEN = f"portal = $1 AND stream = $2 AND scope = ANY ($3) AND {OPEN} AND last_seen_at < $4"
