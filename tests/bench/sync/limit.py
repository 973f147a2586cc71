"""The limit: the finished rows of a first load, copied into tables like those that it wrote, indexes and all."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import asyncpg

from gateway.postgres import connect
from gateway.store.staging import LIGHT

BATCH = 10_000
TABLES = """
    SELECT relname FROM pg_stat_user_tables
    WHERE schemaname = 'public' AND relname NOT LIKE 'alembic%' AND n_live_tup > 0 ORDER BY relname
"""
COLUMNS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""


async def copied(url: str) -> dict[str, Any]:
    """Return the seconds that a bare COPY of all rows takes, and how many there are. Reading them is not timed."""
    reader, writer = await connect(url), await connect(url)
    try:
        await reader.execute("ANALYZE")
        await writer.execute(
            "SET synchronous_commit = off; DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare"
        )
        await writer.execute(LIGHT)
        names = [row["relname"] for row in await reader.fetch(TABLES)]
        for name in names:
            await writer.execute(f"CREATE TABLE bare.{name} (LIKE public.{name} INCLUDING ALL)")
        seconds, rows = 0.0, 0
        for name in names:
            spent, count = await _table(reader, writer, name)
            seconds, rows = seconds + spent, rows + count
        await writer.execute("DROP SCHEMA bare CASCADE")
        return {"seconds": round(seconds, 3), "rows": rows, "tables": len(names)}
    finally:
        await reader.close()
        await writer.close()


async def _table(reader: asyncpg.Connection, writer: asyncpg.Connection, name: str) -> tuple[float, int]:
    columns = [row["attname"] for row in await reader.fetch(COLUMNS, f"public.{name}")]
    listed = ", ".join(f'"{column}"' for column in columns)
    seconds, rows = 0.0, 0
    async with reader.transaction():
        cursor = await reader.cursor(f"SELECT {listed} FROM public.{name}")
        while batch := await cursor.fetch(BATCH):
            began = perf_counter()
            await writer.copy_records_to_table(name, schema_name="bare", records=batch, columns=columns)
            seconds += perf_counter() - began
            rows += len(batch)
    return seconds, rows
