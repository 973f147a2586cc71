"""What is rendered for COPY arrives as the driver would have brought it."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gateway.model.enums import RecordStatus
from gateway.store.rendering import CHUNK, Renderer, copy

TABLE = Table(
    "rendered",
    MetaData(),
    Column("big", BigInteger),
    Column("number", Integer),
    Column("small", SmallInteger),
    Column("word", Text),
    Column("words", ARRAY(Text)),
    Column("at", DateTime(timezone=True)),
    Column("data", JSONB),
    Column("octets", LargeBinary),
)
NOON = datetime(2026, 11, 22, 12, 0, 0, 1, UTC)
ROWS: list[tuple[Any, ...]] = [
    (1, -1, 3, RecordStatus.FAILED, ["a", None, "é\n"], NOON, '{"a": "\N{SNOWMAN}"}', b"\0\xff"),
    (-(2**63), 2**31 - 1, -(2**15), "", [], datetime(1969, 7, 20, 20, 17, 40, 999_999, UTC), "[]", b""),
    (None,) * 8,
    (
        2**63 - 1,
        None,
        0,
        "long" * 2_000,
        ["x"] * 300,
        NOON.astimezone() - timedelta(days=9),
        "null",
        b"b" * 70_000,
    ),
]


@pytest.mark.parametrize("repeated", [(), ("big", "word", "at", "data", "octets")], ids=["each", "repeated"])
async def test_what_is_rendered_is_what_the_driver_brings(
    pool: asyncpg.Pool, repeated: tuple[str, ...]
) -> None:
    columns = [column.name for column in TABLE.columns]
    async with pool.acquire() as connection:
        for table in ("rendered", "brought"):
            await connection.execute(
                f"CREATE TEMP TABLE {table} (big bigint, number integer, small smallint, word text, words text[], "
                "at timestamptz, data jsonb, octets bytea)"
            )
        rows = [row for row in ROWS for _ in range(CHUNK // 70_000)]  # more than a chunk, and the same again
        await copy(connection, Renderer(TABLE, columns, repeated), iter(rows))
        await connection.copy_records_to_table("brought", records=rows, columns=columns)
        found = [await connection.fetch(f"SELECT * FROM {table}") for table in ("rendered", "brought")]
        assert len(found[0]) == len(rows)
        assert found[0] == found[1]


async def test_a_row_that_cannot_be_rendered_leaves_no_other(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("CREATE TEMP TABLE rendered (small smallint)")
        with pytest.raises(struct.error):
            await copy(connection, Renderer(TABLE, ["small"], ()), [(1,), (2**15,)])
        assert await connection.fetchval("SELECT count(*) FROM rendered") == 0
