"""The timetable: what is due by the clock of Postgres, and what people are told of it."""

from __future__ import annotations

import asyncpg
import pytest

from gateway.cli.status import print_status
from gateway.registry import adapters
from gateway.store import lease, overview, portals, timetable
from gateway.testing import portal_for


async def test_what_was_never_read_is_due_and_nothing_else(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await timetable.begin(connection, [1, 2], "POLL")
        await timetable.settle(connection, 1, {"POLL": 60.0, "RECONCILE": None}, 0)
        await timetable.begin(connection, [1, 2], "POLL")
        assert not await timetable.is_due(connection, 1, "POLL")
        assert not await timetable.is_due(connection, 1, "RECONCILE")
        assert await timetable.is_due(connection, 2, "POLL")
        assert not await timetable.is_due(connection, 3, "POLL")
        rows = {(row.portal, row.kind): row.seconds for row in await timetable.due(connection, [1, 2, 3])}
        assert rows[1, "RECONCILE"] is None
        assert 0 < (rows[1, "POLL"] or 0) <= 60
        assert (rows[2, "POLL"] or 0) <= 0


async def test_failures_in_a_row_are_counted(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        for failures in range(3):
            assert await timetable.failures(connection, 1, "POLL") == failures
            await timetable.postpone(connection, 1, "POLL", 10.0)
        assert not await timetable.is_due(connection, 1, "POLL")
        await timetable.settle(connection, 1, {"POLL": 0.0}, 0)
        assert await timetable.failures(connection, 1, "POLL") == 0


async def test_the_status_tells_both_speeds_and_who_is_at_work(
    pool: asyncpg.Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    async with pool.acquire() as connection:
        portal = portal_for(adapters()["data-gov"], "http://127.0.0.1:9")
        number = (await portals.register(connection, {portal.key: portal}, adapters()))[portal.key]
        (before,) = await overview.portals(connection, [portal.key])
        assert before["work"] == {"worker": None, "since": None, "due": {}}
        await timetable.settle(connection, number, {"POLL": 60.0, "RECONCILE": None}, 2)
        await lease.take(connection, number, "portal", "elsewhere:1")
        (told,) = await overview.portals(connection, [portal.key])
        assert told["work"]["worker"] == "elsewhere:1"
        assert told["work"]["since"] is not None
        assert told["work"]["due"]["POLL"]["failures"] == 2
        assert told["work"]["due"]["RECONCILE"]["at"] is None
    print_status({"database": "fake", "portals": [told]})
    assert "elsewhere:1" in capsys.readouterr().out
