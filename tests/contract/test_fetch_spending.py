"""What a pass may spend, what is kept of a portal's limit between passes, and who is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest

from gateway import postgres, registry
from gateway.cli.progress import sentence
from gateway.cli.status import print_status
from gateway.compose import Gateway, opened
from gateway.config import Settings
from gateway.fetch.budget import Budget, Spending
from gateway.fetch.client import Client
from gateway.model.entities import JSON
from gateway.model.enums import EntityType
from gateway.ports import End, Page, Pass, Portal, Scope
from gateway.store import overview, portals, turns
from gateway.store.keeping import Keeper
from gateway.sync.passes import Limits, PortalPass
from gateway.sync.progress import RunSummary, Silent
from gateway.testing import FakePortal, Reply, client_for, portal_for

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
STREAMS = ("organizations", "sources", "jobs", "records", "errors")
MEMBERS = {
    "organizations": EntityType.ORGANIZATION,
    "sources": EntityType.HARVEST_SOURCE,
    "jobs": EntityType.HARVEST_JOB,
    "records": EntityType.HARVEST_RECORD,
    "errors": EntityType.HARVEST_ERROR,
}


class Asks:
    """A crawl that asks once for each stream and notes what for."""

    def __init__(self, client: Client, spent: dict[str, Spending]) -> None:
        self._client = client
        self._spent = spent

    @property
    def noted(self) -> Mapping[str, JSON]:
        return {}

    async def scopes(self) -> AsyncIterator[Scope]:
        self._spent["before"] = self._client.spending
        for stream in STREAMS:
            yield Scope(stream, MEMBERS[stream])

    async def read(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        self._spent[scope.stream] = self._client.spending
        await self._client.get("/a")
        yield Page([], cursor)
        yield End(proved=True)


class Asking:
    """An adapter whose crawls only ask; the rest is a real one's."""

    def __init__(self) -> None:
        self._real = registry.adapters()["data-gov"]
        self.spent: dict[str, Spending] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @property
    def streams(self) -> tuple[str, ...]:
        return STREAMS

    def crawl(self, _portal: Portal, client: Client, *_: Any) -> Asks:
        self.spent = {}
        return Asks(client, self.spent)


class Bench:
    """A portal that answers everything, and the passes over it."""

    def __init__(self, connection: asyncpg.Connection, address: str, number: int, keeper: Keeper) -> None:
        self.adapter: Any = Asking()
        self.portal = portal_for(self.adapter, address)
        self.connection = connection
        self.number = number
        self.keeper = keeper

    async def run(self, kind: Pass, **options: Any) -> RunSummary:
        async with (
            self.keeper.holding(self.connection, self.number) as held,
            client_for(self.portal, NOON, **options) as client,
        ):
            return await PortalPass(
                portal=self.portal,
                number=self.number,
                adapter=self.adapter,
                client=client,
                connection=self.connection,
                now=lambda: NOON,
                held=held,
                progress=Silent(),
                limits=Limits(),
            ).run(kind)


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    connection = await postgres.connect(database_url)
    try:
        async with FakePortal({"/a": Reply({})}) as portal:
            adapters = registry.adapters()
            tested = portal_for(adapters["data-gov"], portal.base_url)
            numbers = await portals.register(connection, {tested.key: tested}, adapters)
            keeper = Keeper(partial(postgres.connect, database_url), "test", heartbeat=60.0)
            yield Bench(connection, portal.base_url, numbers[tested.key], keeper)
    finally:
        await connection.close()


async def test_a_reconcile_is_a_backfill_and_a_poll_a_poll(bench: Bench) -> None:
    await bench.run(Pass.POLL)  # the first load, a reconcile
    assert set(bench.adapter.spent.values()) == {Spending.BACKFILL}
    assert (await bench.run(Pass.POLL)).state == "DONE"
    assert set(bench.adapter.spent.values()) == {Spending.POLL}
    await bench.run(Pass.RECONCILE)
    assert set(bench.adapter.spent.values()) == {Spending.BACKFILL}


async def test_a_poll_spends_on_an_unfinished_load_what_is_not_kept_for_polls(bench: Bench) -> None:
    assert (await bench.run(Pass.POLL, max_requests=2)).state == "INCOMPLETE"
    await bench.run(Pass.POLL)
    told = {stream: bench.adapter.spent[stream].value for stream in ("before", *STREAMS)}
    assert told == {
        "before": "POLL",
        "organizations": "POLL",
        "sources": "POLL",
        "jobs": "POLL",
        "records": "BACKFILL",
        "errors": "BACKFILL",
    }


async def test_a_pass_says_when_it_may_go_on(bench: Bench) -> None:
    budget = Budget(limit=4)
    summary = await bench.run(Pass.RECONCILE, budget=budget)
    assert (summary.state, summary.requests) == ("INCOMPLETE", 2)
    assert summary.resumes_at == NOON + timedelta(hours=1)
    assert summary.notice is not None
    assert "2026-11-21 13:00:00 UTC" in summary.notice
    assert not summary.rationed
    assert "13:00:00 UTC" in sentence(summary)
    rows = await bench.connection.fetch("SELECT state, notice FROM sync_run")
    assert [tuple(row) for row in rows] == [("INCOMPLETE", summary.notice)]


async def test_a_pass_with_a_ration_goes_on_at_once(bench: Bench) -> None:
    summary = await bench.run(Pass.RECONCILE, max_requests=2)
    assert (summary.state, summary.notice, summary.resumes_at) == ("INCOMPLETE", None, None)
    assert summary.rationed


async def test_a_budget_is_kept_by_portal_and_key(bench: Bench) -> None:
    connection, number = bench.connection, bench.number
    kept = await turns.read(connection, number, "k")
    assert kept.budget == Budget()
    kept.budget.sent(NOON)
    kept.budget.answered(NOON, limit=1000, remaining=900)
    assert await turns.swap(connection, kept, call=False)
    assert (await turns.read(connection, number, "k")).budget == kept.budget
    assert (await turns.read(connection, number, "")).budget == Budget()
    kept.budget.refused(NOON, 600)
    assert await turns.swap(connection, kept, call=False)
    row = await connection.fetchrow(
        "SELECT \"limit\", remaining, blocked_until FROM budget WHERE key_hash = 'k'"
    )
    assert tuple(row) == (1000, 0, NOON + timedelta(minutes=10))


def settings(database_url: str, base_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        portals={
            "data-gov": {"base_url": base_url, "api_key": "k" * 40, "requests_per_second": 1e6},
            "data-gouv-fr": {"enabled": False},
        },
    )


async def sync(gateway: Gateway, now: datetime) -> RunSummary:
    summaries = await gateway.sync(None, full=False, progress=Silent(), clock=lambda: now)
    return summaries[0]


OVER = Reply({"error": {"code": "OVER_RATE_LIMIT"}}, 429, headers={"Retry-After": "1800"})


async def test_a_blocked_portal_is_asked_again_when_it_may_be(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        FakePortal({"/organization_list/": OVER}, api_path="/api/v1") as portal,
        opened(settings(database_url, portal.base_url)) as gateway,
    ):
        first = await sync(gateway, NOON)
        assert (first.state, first.requests) == ("INCOMPLETE", 1)
        assert first.resumes_at == NOON + timedelta(minutes=30)
        early = await sync(gateway, NOON + timedelta(minutes=29))
        assert (early.state, early.requests) == ("INCOMPLETE", 0)
        assert early.resumes_at == NOON + timedelta(minutes=30)
        assert len(portal.requests) == 1
        told = await gateway.status()
        assert told["portals"][0]["budget"]["blocked_until"] == NOON + timedelta(minutes=30)
        print_status(told)
        assert "2026-11-21 12:30" in capsys.readouterr().out
        await sync(gateway, NOON + timedelta(minutes=30))
        assert len(portal.requests) == 2


async def test_the_budget_of_a_pass_that_failed_is_kept(database_url: str) -> None:
    said = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "17"}
    async with (
        FakePortal({"/organization_list/": Reply(b"<html>", headers=said)}, api_path="/api/v1") as portal,
        opened(settings(database_url, portal.base_url)) as gateway,
    ):
        assert (await sync(gateway, NOON)).state == "FAILED"
        async with gateway.pool.acquire() as connection:
            row = await connection.fetchrow("SELECT * FROM budget")
        assert (row["limit"], row["remaining"]) == (60, 17)
        assert json.loads(row["state"])["others"] == 42
        assert "k" * 40 not in str(row)


async def test_a_portal_without_limits_has_no_budget(database_url: str) -> None:
    async with (
        FakePortal({}, api_path="/api/v1") as portal,
        opened(settings(database_url, portal.base_url)) as gateway,
    ):
        await sync(gateway, NOON)
        told = await gateway.status()
        assert told["portals"][0]["budget"] is None
        async with gateway.pool.acquire() as connection:
            assert await overview.portals(connection, ["data-gov"]) == told["portals"]
            told_of = 'SELECT count(*) FROM budget WHERE "limit" IS NOT NULL OR blocked_until IS NOT NULL'
            assert await connection.fetchval(told_of) == 0
