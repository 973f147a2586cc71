"""Several clients before a portal that fails: when they leave it alone, and when they try again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web
from contract.test_fetch_budget import NOON
from contract.turnstiles import Opening, Time, clients, row

from gateway import postgres
from gateway.errors import ConfigurationError, PortalUnavailable
from gateway.fetch.client import BreakerOpen, BudgetSpent, Client
from gateway.testing import FakePortal, Reply


class Failing:
    """Tasks that a portal does not serve, or does again."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def task(self) -> PortalUnavailable | None:
        """Ask once, as a pass does; return what ended it."""
        try:
            await self.client.get("/a")
        except PortalUnavailable as error:
            await self.client.failed(error)
            return error
        return None


async def test_a_portal_that_fails_again_and_again_is_left_alone(opening: Opening, database_url: str) -> None:
    now = [NOON]
    async with (
        FakePortal({"/a": Reply({}, 503)}) as portal,
        clients(opening, portal, 2, lambda: now[0]) as opened,
    ):
        one, other = map(Failing, opened)
        for failing in (one, other):
            assert not isinstance(await failing.task(), BudgetSpent)
        async with row(database_url) as kept:
            assert (kept["breaker_state"], kept["breaker_failures"]) == ("CLOSED", 2)
        await one.task()
        async with row(database_url) as kept:
            assert (kept["breaker_state"], kept["breaker_since"]) == ("OPEN", NOON)
            assert kept["breaker_until"] == NOON + timedelta(minutes=1)
            assert kept["breaker_reason"] == "The portal cannot answer now (503)."
        sent = len(portal.requests)
        left = await other.task()
        assert isinstance(left, BreakerOpen)
        assert left.retry_after == 60
        assert "12:01:00 UTC" in str(left)
        assert "(503)" in str(left)
        assert len(portal.requests) == sent

        now[0] += timedelta(minutes=1)
        assert isinstance(await other.task(), BreakerOpen)
        assert len(portal.requests) == sent + 1, "one trial"
        async with row(database_url) as kept:
            assert kept["breaker_until"] == now[0] + timedelta(minutes=2)
            assert kept["breaker_since"] == NOON
        assert isinstance(await one.task(), BreakerOpen)
        assert len(portal.requests) == sent + 1

        now[0] += timedelta(minutes=2)
        portal.answers["/a"] = Reply({})
        assert await one.task() is None
        assert await other.task() is None
    async with row(database_url) as kept:
        assert (kept["breaker_state"], kept["breaker_failures"], kept["breaker_until"]) == ("CLOSED", 0, None)


async def test_one_trial_at_a_time(opening: Opening, database_url: str) -> None:
    now, arrived, answer = [NOON], asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await answer.wait()
        return web.json_response({})

    async with (
        FakePortal({"/a": Reply({}, 502)}) as portal,
        clients(opening, portal, 2, lambda: now[0], connections=2) as opened,
    ):
        one, other = map(Failing, opened)
        for _ in range(3):
            await one.task()
        portal.answers["/a"] = slow
        now[0] += timedelta(minutes=1)
        trial = asyncio.ensure_future(one.task())
        await arrived.wait()
        async with row(database_url) as kept:
            assert kept["breaker_state"] == "HALF_OPEN"
        assert isinstance(await other.task(), BreakerOpen)
        answer.set()
        assert await trial is None
        assert await other.task() is None


async def test_a_portal_that_serves_again_is_not_held_to_have_failed(
    opening: Opening, database_url: str
) -> None:
    async with FakePortal({"/a": Reply({}, 503)}) as portal:
        for status, failures in ((503, 1), (503, 2), (200, 0), (503, 1)):
            portal.answers["/a"] = Reply({}, status)
            async with clients(opening, portal, 1, lambda: NOON) as (client,):
                await Failing(client).task()
            async with row(database_url) as kept:
                assert (kept["breaker_state"], kept["breaker_failures"]) == ("CLOSED", failures)


@pytest.mark.parametrize("status", [404, 429, 500])
async def test_what_is_no_outage_opens_nothing(opening: Opening, database_url: str, status: int) -> None:
    over = Reply({}, status)
    async with FakePortal({"/a": over}) as portal:
        for hour in range(5):
            now = NOON + timedelta(hours=2 * hour)
            async with clients(opening, portal, 1, lambda now=now: now, sleep=Time().sleep) as (client,):
                await Failing(client).task()
    async with row(database_url) as kept:
        assert kept["breaker_state"] == "CLOSED"


async def test_a_portal_that_says_how_long_is_left_alone_so_long(opening: Opening, database_url: str) -> None:
    away = Reply({}, 503, headers={"Retry-After": "600"})
    async with (
        FakePortal({"/a": away}) as portal,
        clients(opening, portal, 1, lambda: NOON) as (client,),
    ):
        await Failing(client).task()
    async with row(database_url) as kept:
        assert (kept["breaker_state"], kept["breaker_until"]) == ("OPEN", NOON + timedelta(minutes=10))


async def test_users_hear_of_the_breaker_by_the_data_version(opening: Opening, database_url: str) -> None:
    async def version() -> int:
        connection = await postgres.connect(database_url)
        try:
            return int(await connection.fetchval("SELECT version FROM data_version"))
        finally:
            await connection.close()

    async with (
        FakePortal({"/a": Reply({}, 503)}) as portal,
        clients(opening, portal, 1, lambda: NOON) as (client,),
    ):
        before = await version()
        for _ in range(3):
            await Failing(client).task()
        assert await version() > before


async def test_a_portal_that_was_forgotten_is_not_asked(opening: Opening, database_url: str) -> None:
    connection = await postgres.connect(database_url)
    try:
        await connection.execute("DELETE FROM portal")
    finally:
        await connection.close()
    with pytest.raises(ConfigurationError, match="forgotten"):
        async with opening():
            raise AssertionError("it was opened")
