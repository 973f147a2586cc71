"""Commands that take a portal for themselves wait for the process that is at work on it, and say for whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from gateway.compose import Gateway, opened
from gateway.compose import portals as office
from gateway.compose.passes import keeper
from gateway.config import Settings
from gateway.errors import LeaseHeld
from gateway.postgres import connect
from gateway.testing import FakePortal

Command = Callable[..., Awaitable[Any]]


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    async with FakePortal({}) as portal:
        addresses: dict[str, Any] = {
            key: {"base_url": portal.base_url} for key in ("data-gov", "data-gouv-fr")
        }
        async with opened(Settings(database_url=database_url, portals=addresses)) as gateway:
            yield gateway


async def renormalise(gateway: Gateway, **waiting: Any) -> Any:
    return await gateway.renormalise("data-gov", **waiting)


async def forget(gateway: Gateway, **waiting: Any) -> Any:
    return await office.forget(gateway, "data-gov", lambda _table, _rows: None, **waiting)


COMMANDS = pytest.mark.parametrize("command", [renormalise, forget])


@COMMANDS
async def test_who_is_at_work_is_waited_for_and_told_of_once(gateway: Gateway, command: Command) -> None:
    told: list[tuple[str, str, float]] = []
    connection = await connect(gateway.url)
    try:
        async with keeper(gateway).holding(connection, gateway.numbers["data-gov"]):
            work = asyncio.create_task(
                command(gateway, patience=600.0, waits=lambda *words: told.append(words))
            )
            while not told:
                assert not work.done(), work
                await asyncio.sleep(0.01)
        await work
    finally:
        await connection.close()
    ((key, words, seconds),) = told
    assert (key, seconds) == ("data-gov", 600.0)
    assert "another" in words.lower() or "worker" in words.lower()


@COMMANDS
async def test_who_does_not_want_to_wait_is_told_which_portal_it_is(
    gateway: Gateway, command: Command
) -> None:
    connection = await connect(gateway.url)
    try:
        async with keeper(gateway).holding(connection, gateway.numbers["data-gov"]):
            with pytest.raises(LeaseHeld, match="data-gov: "):
                await command(gateway, patience=0.0)
    finally:
        await connection.close()
