"""The schema of the database: the migrations make what the code says, upwards, downwards and again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy import ARRAY, Column, DateTime, Float, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from gateway.errors import DatabaseUnusable
from gateway.postgres import check, connect, downgrade, ensure_current, migrate
from gateway.postgres.migrations import head
from gateway.resources import alembic_folder
from gateway.store import feed, ledger, tables
from gateway.store.declared import METADATA
from gateway.store.functions import SEARCHING

TABLES = METADATA.tables
REVISIONS = sorted(file.name[:4] for file in (alembic_folder() / "versions").glob("[0-9]*.py"))
ALWAYS = {"data_version": 1, "event_bounds": 1}
"""Rows that are there in a new database."""

_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
"""
_NAMES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
_COLUMNS = """
SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = 'public'
"""


def test_every_table_of_the_code_is_looked_at() -> None:
    assert {"harvest_source", "harvest_source_history", "document", "data_version"} <= TABLES.keys()
    assert tables.HarvestSource.metadata is ledger.Document.metadata is SQLModel.metadata
    assert feed.EventBounds.__tablename__ in TABLES


async def test_alembic_finds_no_difference(database_url: str) -> None:
    await check(database_url)


async def test_alembic_tells_a_difference(database_url: str) -> None:
    await _run(database_url, "ALTER TABLE person DROP COLUMN slug")
    with pytest.raises(DatabaseUnusable, match=r"add_column.*slug"):
        await check(database_url)


@pytest.mark.parametrize(
    "query", [_CONSTRAINTS, _INDEXES, _COLUMNS], ids=["constraints", "indexes", "columns"]
)
async def test_migrations_make_what_the_code_says(
    database_url: str, empty_database_url: str, query: str
) -> None:
    """Also what alembic does not compare: checks, word by word, and the names of everything."""
    for statement in ("CREATE EXTENSION unaccent", "CREATE EXTENSION pg_trgm", *SEARCHING):
        await _run(empty_database_url, statement)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(empty_database_url))
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()
    migrated, declared = await _rows(database_url, query), await _rows(empty_database_url, query)
    ours = {row for row in migrated if row[0] != "alembic_version" and not row[0].startswith("sync_queue")}
    assert ours == declared
    assert declared


async def test_checks_let_no_unknown_word_in(database_url: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="ck_person_presence"):
        await _insert(database_url, TABLES["person"], presence="ELSEWHERE")


async def test_the_schema_goes_up_down_and_up_again_with_rows_in_it(database_url: str) -> None:
    """Of the rows nothing survives the way down; the extensions do, for others may use them."""
    await _seed(database_url)
    assert await _counts(database_url) == dict.fromkeys(TABLES, 1)
    assert await downgrade(database_url, "base") == REVISIONS[::-1]
    assert await _rows(database_url, _NAMES) == {("alembic_version",)}
    assert {("unaccent",), ("pg_trgm",)} <= await _rows(database_url, "SELECT extname FROM pg_extension")
    assert await migrate(database_url) == REVISIONS
    assert await _counts(database_url) == {name: ALWAYS.get(name, 0) for name in TABLES}
    await check(database_url)
    await _seed(database_url)


async def test_each_revision_goes_down_and_up_with_its_rows(database_url: str) -> None:
    """Tables that both revisions know keep their rows."""
    await _seed(database_url)
    for revision in REVISIONS[-2::-1]:
        await downgrade(database_url, revision)
        kept = {name for (name,) in await _rows(database_url, _NAMES)} & TABLES.keys()
        assert set((await _counts(database_url, kept)).values()) == {1}
        await migrate(database_url)
        assert set((await _counts(database_url, kept)).values()) == {1}
        await check(database_url)


async def test_an_upgrade_at_head_changes_nothing(database_url: str) -> None:
    await _seed(database_url)
    before = await _rows(
        database_url, "SELECT relname, relfilenode FROM pg_class WHERE relkind IN ('r', 'i')"
    )
    assert await migrate(database_url) == []
    assert (
        await _rows(database_url, "SELECT relname, relfilenode FROM pg_class WHERE relkind IN ('r', 'i')")
        == before
    )
    assert await _counts(database_url) == dict.fromkeys(TABLES, 1)


async def test_two_that_migrate_at_once_take_turns(empty_database_url: str) -> None:
    done = await asyncio.gather(*(migrate(empty_database_url) for _ in range(3)))
    assert sorted(done) == [[], [], REVISIONS]


async def test_a_database_without_tables_is_told_what_to_run(empty_database_url: str) -> None:
    with pytest.raises(DatabaseUnusable, match=r"no tables yet.*gateway migrate"):
        await ensure_current(empty_database_url)
    await migrate(empty_database_url)
    await ensure_current(empty_database_url)


async def test_an_older_schema_is_told_what_to_run(database_url: str) -> None:
    await downgrade(database_url, "base")
    with pytest.raises(DatabaseUnusable, match=r"no tables yet.*gateway migrate"):
        await ensure_current(database_url)


async def test_a_newer_schema_is_left_alone(database_url: str) -> None:
    await _run(database_url, "UPDATE alembic_version SET version_num = '9999'")
    for refused in (ensure_current(database_url), migrate(database_url)):
        with pytest.raises(DatabaseUnusable, match=r"\(9999\) is newer than this gateway"):
            await refused
    assert head() == REVISIONS[-1]


async def test_the_administrator_is_asked_for_a_missing_extension(empty_database_url: str) -> None:
    """A user who may make tables, but no extension: CREATE on the schema, none on the database."""
    role = f"limited_{empty_database_url.partition('/gateway_test_')[2].partition('?')[0]}"
    limited = f"{empty_database_url}{'&' if '?' in empty_database_url else '?'}role={role}"
    await _run(empty_database_url, f"CREATE ROLE {role}; GRANT CREATE, USAGE ON SCHEMA public TO {role}")
    try:
        with pytest.raises(
            DatabaseUnusable, match=r"unaccent is missing.*CREATE EXTENSION unaccent;"
        ) as refused:
            await migrate(limited)
        assert "permission denied" in str(refused.value)
        await _run(empty_database_url, "CREATE EXTENSION unaccent; CREATE EXTENSION pg_trgm")
        assert await migrate(limited) == REVISIONS
    finally:
        await _run(empty_database_url, f"DROP OWNED BY {role}; DROP ROLE {role}")


async def _seed(url: str) -> None:
    """Put a row into every table that has none."""
    for name, table in TABLES.items():
        if name not in ALWAYS:
            await _insert(url, table)


async def _insert(url: str, table: Table, **given: Any) -> None:
    columns = [
        column
        for column in table.columns
        if column is not table.autoincrement_column and column.computed is None
    ]
    names = ", ".join(f'"{column.name}"' for column in columns)
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    values = [given.get(column.name, _value(column)) for column in columns]
    await _run(url, f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', *values)


def _value(column: Column[Any]) -> Any:
    """Return something that *column* takes."""
    if words := column.info.get("enum"):
        return next(iter(words)).value
    for kind, value in _VALUES:
        if isinstance(column.type, kind):
            return value
    return True


_VALUES: Iterable[tuple[type, Any]] = (
    (ARRAY, []),
    (DateTime, datetime(2026, 1, 1, tzinfo=UTC)),
    (Float, 1.5),
    (Integer, 1),
    (JSONB, "{}"),
    (LargeBinary, b"\0"),
    (Text, "wörd"),
)


async def _counts(url: str, names: Iterable[str] = TABLES) -> dict[str, int]:
    return {name: next(iter(await _rows(url, f'SELECT count(*) FROM "{name}"')))[0] for name in names}


async def _rows(url: str, query: str) -> set[tuple[Any, ...]]:
    connection = await connect(url)
    try:
        return {tuple(row) for row in await connection.fetch(query)}
    finally:
        await connection.close()


async def _run(url: str, statement: str, *values: Any) -> None:
    connection = await connect(url)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()
