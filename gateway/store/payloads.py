"""Payloads of records that were asked for by themselves, because the records' documents do not hold them."""

from __future__ import annotations

from gateway.ports import Part, Payload
from gateway.store import bookkeeping, forgotten
from gateway.store.staging import Connection

_KEEP = """
    INSERT INTO payload AS p (record_id, part, portal, media_type, body, fetched_at)
    SELECT id, $3, $1, $4, $5, $6 FROM harvest_record WHERE portal = $1 AND native_id = $2
    ON CONFLICT (record_id, part) DO UPDATE SET media_type = $4, body = $5, fetched_at = $6
"""


async def keep(connection: Connection, portal: int, record: str, part: Part, payload: Payload) -> bool:
    """Store a payload of the record with that native id; return whether there is such a record."""
    whom = await forgotten.read(connection, portal)
    body = None if payload.body is None else whom.scrubbed(payload.body)
    values = (portal, record, part.value, payload.media_type, body, payload.fetch.fetched_at)
    async with connection.transaction():
        status = await connection.execute(_KEEP, *values)
        await bookkeeping.move_version(connection)
    return str(status) != "INSERT 0 0"
