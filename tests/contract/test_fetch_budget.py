"""A client with a budget against a portal that counts a rolling hour, in a time that only the test moves."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from aiohttp import web

from gateway.errors import PortalUnavailable
from gateway.fetch.budget import HOUR, Budget, Spending
from gateway.fetch.client import BudgetSpent, Client
from gateway.testing import FakePortal, Reply

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENOUGH = 10_000


@dataclass
class Limited:
    """Lets *limit* requests of a rolling hour through, and *daily* of a day; 429s are not counted."""

    limit: int
    daily: int = ENOUGH
    now: datetime = NOON
    let_through: list[datetime] = field(default_factory=list)
    refused: list[datetime] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def slept(self, seconds: float) -> None:
        self.pass_by(seconds)

    def others(self, count: int) -> None:
        self.let_through += [self.now] * count

    async def __call__(self, _: web.Request) -> web.StreamResponse:
        hour = [at for at in self.let_through if at > self.now - HOUR]
        day = [at for at in self.let_through if at > self.now - 24 * HOUR]
        told = {"X-RateLimit-Limit": str(self.limit)}
        if len(hour) >= self.limit or len(day) >= self.daily:
            self.refused.append(self.now)
            fits = hour[0] + HOUR if len(hour) >= self.limit else day[0] + 24 * HOUR
            told["X-RateLimit-Remaining"] = "0"
            told["Retry-After"] = str(math.ceil((fits - self.now).total_seconds()))
            return web.json_response({"error": {"code": "OVER_RATE_LIMIT"}}, status=429, headers=told)
        self.let_through.append(self.now)
        told["X-RateLimit-Remaining"] = str(self.limit - len(hour) - 1)
        told["X-Cache"] = "HIT"
        return web.json_response({}, headers=told)


@asynccontextmanager
async def asking(
    answers: Any, budget: Budget, limited: Limited | None = None, **options: Any
) -> AsyncIterator[tuple[FakePortal, Client]]:
    time = limited or Limited(ENOUGH)
    async with (
        FakePortal({"/a": answers}) as portal,
        Client(
            portal="p",
            base_url=portal.base_url,
            now=time.clock,
            user_agent="t",
            requests_per_second=1e9,
            sleep=time.slept,
            budget=budget,
            **options,
        ) as client,
    ):
        yield portal, client


async def ask_on(client: Client, spending: Spending, most: int = ENOUGH) -> BudgetSpent | None:
    """Ask until the budget is spent, or *most* times."""
    client.spending = spending
    for _ in range(most):
        try:
            await client.get("/a")
        except BudgetSpent as spent:
            return spent
    return None


async def test_a_backfill_leaves_the_reserve_to_polls_and_nobody_is_refused() -> None:
    limited = Limited(1000)
    async with asking(limited, Budget(), limited) as (portal, client):
        spent = await ask_on(client, Spending.BACKFILL)
        assert len(portal.requests) == client.requests == 900
        assert spent is not None
        assert spent.retry_after == 3600
        assert (spent.portal, spent.endpoint) == ("p", "/a")
        assert "2026-11-21 13:00:00 UTC" in spent.hint
        assert await ask_on(client, Spending.POLL, 100) is None
        assert await ask_on(client, Spending.POLL) is not None
        limited.pass_by(3600)
        assert await ask_on(client, Spending.BACKFILL, 900) is None
    assert limited.refused == []


async def test_hours_of_backfill_and_polls_are_never_refused() -> None:
    limited, budget, polled, read = Limited(1000), Budget(), 0, 0
    async with asking(limited, budget, limited) as (_, client):
        for _ in range(18):  # passes, ten minutes apart
            assert await ask_on(client, Spending.POLL, 5) is None
            polled += 5
            before = client.requests
            await ask_on(client, Spending.BACKFILL, 400)
            read += client.requests - before
            limited.pass_by(600)
    assert limited.refused == []
    assert polled == 90
    assert read > 2 * 800


def most_in_an_hour(instants: list[datetime]) -> int:
    return max((sum(at <= other < at + HOUR for other in instants) for at in instants), default=0)


@pytest.mark.parametrize(("of_others", "refusals"), [(15, 0), (100, 1), (400, 1)])
async def test_others_with_the_same_key_are_allowed_for(of_others: int, refusals: int) -> None:
    limited = Limited(1000)
    async with asking(limited, Budget(), limited) as (_, client):
        for _ in range(24):
            room = 1000 - sum(at > limited.now - HOUR for at in limited.let_through)
            limited.others(min(of_others, room))
            await ask_on(client, Spending.POLL, 5)
            await ask_on(client, Spending.BACKFILL, 300)
            limited.pass_by(600)
    assert most_in_an_hour(limited.refused) <= refusals


async def test_one_refusal_a_window_where_others_take_everything() -> None:
    limited = Limited(60)
    async with asking(limited, Budget(), limited) as (_, client):
        for minute in range(600):
            if minute % 60 == 0:
                limited.others(60 - sum(at > limited.now - HOUR for at in limited.let_through))
            await ask_on(client, Spending.POLL, 3)
            limited.pass_by(60)
    assert most_in_an_hour(limited.refused) <= 1


async def test_a_daily_limit_is_met_once() -> None:
    limited = Limited(30, daily=50)
    budget = Budget()
    async with asking(limited, budget, limited) as (portal, client):
        while limited.now < NOON + 24 * HOUR:
            await ask_on(client, Spending.POLL, 3)
            limited.pass_by(900)
        assert len(limited.refused) == 1
        assert len(portal.requests) == 51
        limited.pass_by(3600)
        assert await ask_on(client, Spending.POLL, 1) is None


async def test_what_was_kept_holds_for_the_next_client() -> None:
    limited, budget = Limited(60), Budget()
    async with asking(limited, budget, limited) as (_, client):
        await ask_on(client, Spending.POLL)
    kept = Budget.from_json(json.loads(json.dumps(budget.to_json())))
    limited.pass_by(1800)
    async with asking(limited, kept, limited) as (portal, client):
        spent = await ask_on(client, Spending.POLL)
        assert portal.requests == []
    assert spent is not None
    assert spent.retry_after == 1800


async def test_a_long_refusal_is_the_last_request() -> None:
    limited = Limited(60)
    limited.others(60)
    limited.pass_by(600)
    budget = Budget()
    async with asking(limited, budget, limited) as (portal, client):
        for _ in range(5):
            with pytest.raises(BudgetSpent) as caught:
                await client.get("/a")
            assert caught.value.retry_after == 3000
        with pytest.raises(BudgetSpent):
            await client.download("/a", BytesIO())
        assert client.requests == len(portal.requests) == 1
    assert budget.blocked_until == NOON + HOUR


async def test_a_short_refusal_is_waited_for() -> None:
    budget = Budget()
    limited = Limited(60)
    burst = Reply({}, 429, headers={"Retry-After": "15", "X-RateLimit-Remaining": "0"})
    fine = Reply({}, headers={"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "40"})
    async with asking([burst, fine], budget, limited) as (_, client):
        assert (await client.get("/a")).status == 200
        assert client.requests == 2
    assert limited.now - NOON == pytest.approx(timedelta(seconds=15), abs=timedelta(seconds=0.1))
    assert (budget.limit, budget.remaining, budget.blocked_until) == (60, 40, None)


async def test_a_short_refusal_that_does_not_end_blocks() -> None:
    budget = Budget()
    burst = Reply({}, 429, headers={"Retry-After": "15"})
    async with asking(burst, budget, Limited(60)) as (portal, client):
        for _ in range(2):
            with pytest.raises(BudgetSpent):
                await client.get("/a")
        assert len(portal.requests) == 3


async def test_a_refusal_without_a_word_is_a_failure_and_blocks() -> None:
    budget, limited = Budget(), Limited(ENOUGH)
    wall = Reply(b"<html>", 429, "text/html")
    async with asking(wall, budget, limited) as (portal, client):
        with pytest.raises(PortalUnavailable) as caught:
            await client.get("/a")
        assert not isinstance(caught.value, BudgetSpent)
        assert caught.value.retry_after == 60
        assert "12:01:00 UTC" in caught.value.hint
        with pytest.raises(BudgetSpent):
            await client.get("/a")
        limited.pass_by(60)
        with pytest.raises(PortalUnavailable):
            await client.get("/a")
        assert len(portal.requests) == 2
    assert budget.blocked_until == NOON + timedelta(minutes=3)


async def test_retries_and_broken_answers_are_counted() -> None:
    budget = Budget()
    async with asking(Reply({}, 503), budget) as (_, client):
        with pytest.raises(PortalUnavailable):
            await client.get("/a")
    assert sum(sent.count for sent in budget.own) == 3


async def test_silly_limits_are_not_heard() -> None:
    budget = Budget()
    said = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "12"}
    odd = {"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "9" * 5000}
    worse = {"X-RateLimit-Limit": "-1", "X-RateLimit-Remaining": "²"}
    replies = [Reply({}, headers=headers) for headers in (said, odd, worse)]
    async with asking(replies, budget) as (_, client):
        for _ in replies:
            await client.get("/a")
    assert (budget.limit, budget.remaining) == (1000, 12)


async def test_what_the_pass_may_send_comes_first() -> None:
    limited, budget = Limited(60), Budget()
    async with asking(limited, budget, limited, max_requests=2) as (portal, client):
        spent = await ask_on(client, Spending.POLL)
        assert len(portal.requests) == 2
    assert spent is not None
    assert spent.retry_after is None
    assert sum(sent.count for sent in budget.own) == 2
