"""A portal is removed from every table that there is, the others' rows stay, and what is half removed is not asked."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest
from contract.writing import Toy
from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Float, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB

from gateway import postgres
from gateway.compose import Gateway, opened
from gateway.compose import portals as office
from gateway.config import Settings
from gateway.errors import ConfigurationError, LeaseHeld, UsageError
from gateway.ports import Pass, Portal, PortalSettings
from gateway.store import forgetting, lease, portals
from gateway.store.declared import METADATA
from gateway.store.turnstile import SharedTurnstile
from gateway.sync.progress import Silent
from gateway.testing import FakePortal

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOBODYS = {
    "api_key",
    "caller_spending",
    "data_version",
    "event_bounds",
    "portal",
    "alembic_version",
    "upkeep",
    "webhook",
}
"""Tables whose rows belong to no portal, and the portals' own."""
OTHERS_TOOLS = "sync_queue"
"""What pgqueuer's tables begin with: reminders without content."""
NUMBERS = itertools.count(10_000)


def _value(column: Any, portal: int) -> Any:
    """Return something that a column of that type takes."""
    kind, number = column.type, next(NUMBERS)
    if column.name == "portal":
        return portal
    if enum := column.info.get("enum"):
        return next(iter(enum)).value
    if isinstance(kind, Text):
        return f"x{number}"
    made: dict[type, Any] = {
        SmallInteger: 1,
        BigInteger: number,
        Integer: number,
        Boolean: True,
        DateTime: NOON,
        LargeBinary: b"x%d" % number,
        Float: 1.0,
        JSONB: "{}",
        ARRAY: [],
    }
    return next(value for type_, value in made.items() if isinstance(kind, type_))


async def fill(connection: asyncpg.Connection, portal: int) -> None:
    """Put two rows of the portal into every table that has such."""
    for name in (*forgetting.tables_of_portals(), *forgetting.KEPT):
        table = METADATA.tables[name]
        alone = {column.name for column in table.primary_key} == {"portal"}
        for _ in range(1 if alone else 2):
            wanted = [c for c in table.c if c.primary_key or (not c.nullable and c.server_default is None)]
            names = ", ".join(f'"{column.name}"' for column in wanted)
            marks = ", ".join(f"${place}" for place in range(1, len(wanted) + 1))
            await connection.execute(
                f"INSERT INTO {name} ({names}) VALUES ({marks})",
                *(_value(column, portal) for column in wanted),
            )


async def held_rows(connection: asyncpg.Connection, portal: int) -> set[str]:
    """Return the tables that hold anything of the portal."""
    return set(await forgetting.counted(connection, portal))


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    async with FakePortal({}, api_path="/api/v1") as portal:
        addresses: dict[str, Any] = {
            "data-gov": {"base_url": portal.base_url, "requests_per_second": 1e6},
            "data-gouv-fr": {"base_url": portal.base_url, "requests_per_second": 1e6},
        }
        async with opened(Settings(database_url=database_url, portals=addresses)) as gateway:
            for number in gateway.numbers.values():
                async with gateway.pool.acquire() as connection:
                    await fill(connection, number)
            yield gateway


def ignored(table: str, rows: int) -> None:
    del table, rows


async def test_every_table_is_somebodys(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT c.relname AS name, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid "
            "AND a.attname = 'portal' AND NOT a.attisdropped) AS portals FROM pg_class c "
            "WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace"
        )
    found = {row["name"]: row["portals"] for row in rows if not row["name"].startswith(OTHERS_TOOLS)}
    of_portals = {name for name, portals_ in found.items() if portals_}
    assert of_portals == {*forgetting.tables_of_portals(), *forgetting.KEPT}
    assert found.keys() - of_portals == NOBODYS, "a new table: whose rows are these?"


async def test_everything_of_a_portal_goes_and_nothing_of_another(gateway: Gateway) -> None:
    gov, gouv = gateway.numbers["data-gov"], gateway.numbers["data-gouv-fr"]
    every = set(forgetting.tables_of_portals())
    async with gateway.pool.acquire() as connection:
        assert await held_rows(connection, gov) == await held_rows(connection, gouv) == every
        version = await connection.fetchval("SELECT version FROM data_version")
    expected = await office.forgettable(gateway, "data-gov")
    assert await office.forget(gateway, "data-gov", ignored) == expected
    async with gateway.pool.acquire() as connection:
        assert await held_rows(connection, gov) == {"provenance_rule"}, "what is known without asking"
        assert await held_rows(connection, gouv) == every
        assert await connection.fetchval("SELECT version FROM data_version") > version
        row = await connection.fetchrow(
            "SELECT number, forgetting_since, notice FROM portal WHERE key = 'data-gov'"
        )
        assert tuple(row) == (gov, None, None)


async def test_a_portal_that_is_no_longer_configured_is_gone(gateway: Gateway) -> None:
    toy: Any = Toy(inventory=True)
    settings = PortalSettings(adapter="toy", base_url="http://portal.example")
    async with gateway.pool.acquire() as connection:
        numbers = await portals.register(connection, {"old": Portal("old", settings)}, {"toy": toy})
        await fill(connection, numbers["old"])
    assert [row["key"] for row in await office.listed(gateway) if not row["configured"]] == ["old"]
    await office.forget(gateway, "old", ignored)
    assert {row["key"] for row in await office.listed(gateway)} == {"data-gov", "data-gouv-fr"}
    with pytest.raises(UsageError, match="no portal 'old'"):
        await office.forget(gateway, "old", ignored)
    async with gateway.pool.acquire() as connection:
        again = await portals.register(connection, {"old": Portal("old", settings)}, {"toy": toy})
    assert again["old"] > numbers["old"], "nobody takes it for the one that was forgotten"


async def test_it_can_be_stopped_and_goes_on_and_nothing_is_asked_meanwhile(gateway: Gateway) -> None:
    number = gateway.numbers["data-gov"]
    connect = partial(postgres.connect, gateway.url)
    connection = await connect()
    try:
        held = await lease.take(connection, number, "portal", "test")
        await forgetting.begin(connection, held)
        async with aclosing(forgetting.remove(connection, held)) as removing:
            await anext(removing)
            await anext(removing)
        await lease.give_back(connection, held)
        left = await held_rows(connection, number)
        assert left < set(forgetting.tables_of_portals())
        turnstile = SharedTurnstile(
            connect,
            number,
            "",
            requests_per_second=1,
            connections=1,
            now=lambda: NOON,
            term=timedelta(minutes=1),
        )
        with pytest.raises(ConfigurationError, match="being forgotten"):
            async with turnstile:
                raise AssertionError("it was opened")
        with pytest.raises(ConfigurationError, match="gateway portals forget data-gov --yes"):
            await gateway.sync(["data-gov"], full=False, progress=Silent(), clock=lambda: NOON)
        await office.forget(gateway, "data-gov", ignored)
        assert await held_rows(connection, number) == {"provenance_rule"}
    finally:
        await connection.close()


async def test_a_portal_that_is_being_synced_is_not_forgotten(gateway: Gateway) -> None:
    number = gateway.numbers["data-gov"]
    connection = await postgres.connect(gateway.url)
    try:
        await lease.take(connection, number, "portal", "elsewhere:1")
        with pytest.raises(LeaseHeld, match="elsewhere:1"):
            await office.forget(gateway, "data-gov", ignored)
        assert await held_rows(connection, number) == set(forgetting.tables_of_portals())
    finally:
        await connection.close()


async def test_an_open_breaker_is_listed_and_reset(gateway: Gateway) -> None:
    async with gateway.pool.acquire() as connection:
        await connection.execute(
            "UPDATE portal SET breaker_state = 'OPEN', breaker_since = now(), breaker_failures = 3, "
            "breaker_until = now() + interval '10 minutes', breaker_reason = 'It is away.' WHERE key = 'data-gov'"
        )
    told = {row["key"]: row for row in await office.listed(gateway)}
    assert told["data-gov"]["breaker"]["state"] == "OPEN"
    assert told["data-gov"]["next_allowed"] == told["data-gov"]["breaker"]["until"]
    assert told["data-gouv-fr"]["next_allowed"] is None
    assert (await office.reset_breaker(gateway, "data-gov"))["reason"] == "It is away."
    assert [row["breaker"]["state"] for row in await office.listed(gateway)] == ["CLOSED", "CLOSED"]
    with pytest.raises(UsageError, match="no portal 'nope'"):
        await office.reset_breaker(gateway, "nope")


async def test_a_pass_over_a_portal_that_is_left_alone_asks_nothing_and_says_until_when(
    database_url: str,
) -> None:
    async with FakePortal({}, api_path="/api/v1") as portal:
        given: dict[str, Any] = {"base_url": portal.base_url, "requests_per_second": 1e6}
        chosen = {"data-gov": given, "data-gouv-fr": {"enabled": False}}
        async with opened(Settings(database_url=database_url, portals=chosen)) as gateway:
            async with gateway.pool.acquire() as connection:
                await connection.execute(
                    "UPDATE portal SET breaker_state = 'OPEN', breaker_since = $1, breaker_until = $2, "
                    "breaker_failures = 3, breaker_reason = 'It is away.' WHERE key = 'data-gov'",
                    NOON,
                    NOON + timedelta(minutes=10),
                )
            [summary] = await gateway.sync(None, full=False, progress=Silent(), clock=lambda: NOON)
            assert (summary.state, summary.requests, portal.requests) == ("FAILED", 0, [])
            assert summary.resumes_at == NOON + timedelta(minutes=10)
            assert summary.notice is not None
            assert "It is away." in summary.notice
            assert "2026-11-21 12:10:00 UTC" in summary.notice
            assert summary.kind in set(Pass)
