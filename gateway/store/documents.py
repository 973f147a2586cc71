"""Reading stored documents back: what a normaliser needs to run again without a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import asyncpg
import msgspec

from gateway.model.document import Document, Fetch
from gateway.model.enums import EntityType
from gateway.store.staging import Connection
from gateway.store.tables import ROWS

_DOCUMENT = """
    SELECT t.id AS entity_key, t.native_id, d.body, d.hash, d.parent, d.position, d.counted,
        f.endpoint, f.mask, f.fetched_at, f.page_hash
    FROM {table} t
    JOIN document d ON d.entity_type = '{type}' AND d.entity_id = t.id AND d.hash = t.document_hash
    JOIN fetch_log f ON f.id = d.fetch_id
    WHERE t.portal = $1
"""


def _query(type_: EntityType) -> str:
    return _DOCUMENT.format(table=ROWS[type_].__tablename__, type=type_)


def _document(type_: EntityType, row: asyncpg.Record) -> Document:
    fetch = Fetch(row["endpoint"], row["mask"], row["fetched_at"], row["page_hash"])
    counted = None if row["counted"] is None else msgspec.json.decode(row["counted"])
    place = (row["parent"], row["position"], counted)
    return Document(type_, row["native_id"], row["body"], fetch, row["hash"], *place)


async def documents_of(
    connection: Connection, portal: int, type_: EntityType, natives: Sequence[str]
) -> list[Document]:
    """Return the current documents of the rows with these native ids; rows without one are left out."""
    rows = await connection.fetch(f"{_query(type_)} AND t.native_id = ANY ($2)", portal, list(natives))
    return [_document(type_, row) for row in rows]


async def current_documents(
    connection: Connection, portal: int, type_: EntityType, batch: int
) -> AsyncIterator[list[Document]]:
    """Yield the current documents of a type, *batch* at a time, in the order of the rows' keys."""
    last = 0
    while True:
        rows = await connection.fetch(
            f"{_query(type_)} AND t.id > $2 ORDER BY t.id LIMIT $3", portal, last, batch
        )
        if not rows:
            return
        last = rows[-1]["entity_key"]
        yield [_document(type_, row) for row in rows]
