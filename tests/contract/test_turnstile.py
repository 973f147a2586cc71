"""Several clients before one portal, over one Postgres: what they send together, when, and when nothing."""

from __future__ import annotations

import asyncio
import itertools
import sys
from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg
import pytest
from aiohttp import web
from contract.test_fetch_budget import NOON, Limited, ask_on
from contract.turnstiles import SERVES, TERM, Late, Opening, Statements, Time, asked, clients, row

from gateway import postgres
from gateway.errors import PortalUnavailable
from gateway.fetch.budget import Budget, Spending
from gateway.fetch.client import BudgetSpent
from gateway.fetch.turnstile import Heard
from gateway.store import turns
from gateway.testing import FakePortal, Reply


@pytest.mark.parametrize("connections", [1, 3])
async def test_together_they_send_what_the_limit_allows_and_no_more(
    opening: Opening, connections: int
) -> None:
    limited = Limited(60)
    async with (
        FakePortal({"/a": limited}) as portal,
        clients(opening, portal, 4, limited.clock, connections=connections) as opened,
    ):
        ended = await asyncio.gather(*(ask_on(client, Spending.POLL) for client in opened))
        assert all(spent is not None for spent in ended)
        assert (len(limited.let_through), limited.refused) == (60, [])
        limited.pass_by(3600)
        await asyncio.gather(*(ask_on(client, Spending.POLL) for client in opened))
    assert (len(limited.let_through), limited.refused) == (120, [])


async def test_a_backfill_leaves_the_reserve_to_a_poll_of_another_process(opening: Opening) -> None:
    limited = Limited(60)
    async with (
        FakePortal({"/a": limited}) as portal,
        clients(opening, portal, 3, limited.clock) as (one, two, poll),
    ):
        await asyncio.gather(ask_on(one, Spending.BACKFILL), ask_on(two, Spending.BACKFILL))
        assert len(limited.let_through) == 30
        assert await ask_on(poll, Spending.POLL, 30) is None
        assert await ask_on(poll, Spending.POLL) is not None
    assert (len(limited.let_through), limited.refused) == (60, [])


async def test_what_one_sent_counts_for_whoever_comes_later(opening: Opening, database_url: str) -> None:
    limited = Limited(60)
    async with FakePortal({"/a": limited}) as portal:
        for _ in range(3):
            async with clients(opening, portal, 1, limited.clock) as (client,):
                await ask_on(client, Spending.POLL, 25)
    assert (len(limited.let_through), limited.refused) == (60, [])
    async with row(database_url) as kept:
        assert (kept["limit"], kept["remaining"]) == (60, 0)
        assert kept["line"] is not None
        assert '"tickets":[]' in kept["line"].replace(" ", "")


async def test_the_pace_is_kept_by_all_together(opening: Opening) -> None:
    time, starts = Time(), []
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(
                opening(requests_per_second=2, connections=2, clock=time.clock, sleep=time.sleep)
            )
            for _ in range(2)
        ]
        for turnstile in (*opened, *opened, *opened):
            assert await turnstile.enter(Spending.POLL) is None
            starts.append(time.now)
            await turnstile.leave(SERVES)
    assert starts[0] == NOON
    assert {later - earlier for earlier, later in itertools.pairwise(starts)} == {timedelta(seconds=0.5)}


async def test_a_pause_holds_for_all(opening: Opening) -> None:
    time = Time()
    async with (
        opening(connections=2, clock=time.clock, sleep=time.sleep) as one,
        opening(connections=2, clock=time.clock, sleep=time.sleep) as other,
    ):
        assert await one.enter(Spending.POLL) is None
        await one.leave(Heard(serves=True, pause=7.0))
        assert await other.enter(Spending.POLL) is None
        assert time.now == NOON + timedelta(seconds=7)
        await other.leave(SERVES)


@pytest.mark.parametrize("connections", [1, 2])
async def test_only_so_many_requests_of_all_are_under_way(opening: Opening, connections: int) -> None:
    under_way, most = 0, 0

    async def answer(_: web.Request) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return web.json_response({})

    async with (
        FakePortal({"/a": answer}) as portal,
        clients(opening, portal, 3, lambda: NOON, connections=connections) as opened,
    ):
        await asyncio.gather(*(client.get("/a") for client in opened for _ in range(4)))
    assert most == connections


async def test_nobody_waits_for_a_place_that_is_kept_for_later(opening: Opening) -> None:
    async with opening() as one, opening() as other:
        for turnstile in (one, other, one, other):
            assert await turnstile.enter(Spending.POLL) is None
            await turnstile.leave(SERVES)


HOLDER = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from functools import partial
from gateway import postgres
from gateway.fetch.budget import Spending
from gateway.store.turnstile import SharedTurnstile

async def main():
    turnstile = SharedTurnstile(
        partial(postgres.connect, sys.argv[1]), int(sys.argv[2]), "", requests_per_second=1e6, connections=1,
        now=lambda: datetime.now(UTC), term=timedelta(hours=1),
    )
    async with turnstile:
        await turnstile.enter(Spending.POLL)
        print("in", flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_the_place_of_a_process_that_was_killed_is_free(
    opening: Opening, database_url: str, number: int
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, database_url, str(number), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"in\n"
        async with opening() as turnstile:
            waiting = asyncio.ensure_future(turnstile.enter(Spending.POLL))
            await asyncio.wait([waiting], timeout=0.2)
            assert not waiting.done()
            process.kill()
            assert await waiting is None
            await turnstile.leave(SERVES)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_the_place_of_a_process_that_stands_still_ends_with_its_term(opening: Opening) -> None:
    time = Time()
    async with opening(clock=time.clock) as still, opening(clock=time.clock) as other:
        assert await still.enter(Spending.POLL) is None
        time.now += TERM
        assert await other.enter(Spending.POLL) is None
        await other.leave(SERVES)
        await still.leave(SERVES)


async def test_a_connection_that_is_ended_is_made_anew(opening: Opening, database_url: str) -> None:
    limited = Limited(60)
    async with (
        FakePortal({"/a": limited}) as portal,
        clients(opening, portal, 1, limited.clock) as (client,),
    ):
        await ask_on(client, Spending.POLL, 20)
        await ended(database_url)
        await ask_on(client, Spending.POLL)
    assert (len(limited.let_through), limited.refused) == (60, [])


async def ended(url: str) -> None:
    """End all other connections to the database."""
    connection = await postgres.connect(url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


async def test_a_request_costs_a_statement_and_a_bulk_load_hardly_any(
    opening: Opening, database_url: str
) -> None:
    told = {"X-RateLimit-Limit": "9999", "X-RateLimit-Remaining": "9000"}
    async with FakePortal({"/a": Reply({})}) as portal:
        for pace, headers, most in ((2e6, {}, 2 + 3), (9.0, {}, 300), (2e6, told, 300)):
            portal.answers["/a"] = Reply({}, headers=headers)
            statements, time = Statements(database_url), Time()
            options = {"requests_per_second": pace, "sleep": time.sleep, "clock": time.clock}
            async with clients(opening, portal, 1, lambda: NOON, connect=statements.connect, **options) as (
                client,
            ):
                await asyncio.sleep(0)  # statements are told of a moment later
                before = len(statements.said)
                await asked(client, 300)
                assert len(statements.said) - before <= most


async def test_permissions_that_were_not_used_are_given_back(opening: Opening, database_url: str) -> None:
    async with (
        FakePortal({"/a": Reply({})}) as portal,
        clients(opening, portal, 2, lambda: NOON) as (one, other),
    ):
        await asked(one, 130)
        await asked(other, 3)
        await asked(one, 7)
    async with row(database_url) as kept:
        assert sum(sent.count for sent in turns_of(kept).own) == 140


async def test_what_is_given_back_while_a_request_is_cancelled_is_not_given_back_twice(
    opening: Opening, database_url: str
) -> None:
    late, told = Late(database_url), {"X-RateLimit-Limit": "9999", "X-RateLimit-Remaining": "9000"}
    async with (
        FakePortal({"/a": Reply({})}) as portal,
        clients(opening, portal, 1, lambda: NOON, connect=late.connect) as (one,),
    ):
        await asked(one, 3)
        portal.answers["/a"] = Reply({}, headers=told)
        await asked(one, 1)
        late.held = True
        request = asyncio.create_task(asked(one, 1))
        await late.written.wait()
        request.cancel()
        late.held = False
    async with row(database_url) as kept:
        assert sum(sent.count for sent in turns_of(kept).own) >= 4


def turns_of(kept: asyncpg.Record) -> Budget:
    found = turns._known(kept["state"], Budget.from_json)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("told", "pause"),
    [
        ("1800", timedelta(minutes=30)),
        ("Sat, 21 Nov 2026 12:20:00 GMT", timedelta(minutes=20)),
        ("99999999999", timedelta(hours=24)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta(minutes=1)),
        ("-5", timedelta(minutes=1)),
        (None, timedelta(minutes=1)),
    ],
)
async def test_one_refusal_is_heard_by_all(opening: Opening, told: str | None, pause: timedelta) -> None:
    headers = {"Date": "Sat, 21 Nov 2026 12:00:00 GMT"} | ({} if told is None else {"Retry-After": told})
    over, now = Reply({}, 429, headers=headers), [NOON]
    async with (
        FakePortal({"/a": over}) as portal,
        clients(opening, portal, 2, lambda: now[0], sleep=Time().sleep) as (one, other),
    ):
        with pytest.raises(PortalUnavailable):
            await one.get("/a")
        sent = len(portal.requests)
        now[0] = NOON + pause - timedelta(seconds=1)
        with pytest.raises(BudgetSpent) as caught:
            await other.get("/a")
        assert caught.value.retry_after == 1
        assert len(portal.requests) == sent
        now[0] = NOON + pause
        portal.answers["/a"] = Reply({})
        assert (await other.get("/a")).status == 200
