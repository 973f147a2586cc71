"""Data.gov's gateway lets a key ask so much an hour: a first load takes what there is, and polls never wait.

Time is the sandbox's: it stands still in a pass and moves on between passes. ``make truth`` (``GATEWAY_TRUTH=all``)
loads a larger world by a key of 1,000 requests an hour as well.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from acceptance.mirror import held
from acceptance.syncing import EPOCH

from adapters.data_gov.sandbox import SANDBOX, routes
from adapters.data_gov.sandbox_gateway import HOURLY_KEY, SCARCE_KEY
from gateway.compose import Gateway, opened
from gateway.config import Settings
from gateway.sandbox import control
from gateway.sandbox.portal import Step
from gateway.sync.progress import RunSummary, Silent

PORTAL = "data-gov"
HOUR = timedelta(hours=1)
POLLED = ("organizations", "sources", "jobs")
"""What a poll brings up to date whatever else is unfinished."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A key, the size of the world that it is to load, and how often it is polled."""

    key: str
    hourly: int
    scale: int
    poll: timedelta
    passes: int
    """Most passes that the first load may take."""


SCARCE = Scene(SCARCE_KEY, 60, 1, timedelta(minutes=20), 80)
HOURLY = Scene(HOURLY_KEY, 1000, 6, timedelta(minutes=5), 120)
SCENES = [SCARCE, *([HOURLY] if os.environ.get("GATEWAY_TRUTH") == "all" else [])]


@dataclass(slots=True)
class Ledger:
    """What the portal was asked, pass by pass."""

    sent: list[tuple[datetime, int]] = field(default_factory=list)
    refused: list[datetime] = field(default_factory=list)

    def note(self, at: datetime, statuses: list[int]) -> None:
        self.sent.append((at, len(statuses)))
        self.refused += [at] * statuses.count(429)

    def within(self, at: datetime) -> int:
        """Return the requests that were let through in the hour up to *at*."""
        let = sum(count for then, count in self.sent if at - HOUR < then <= at)
        return let - sum(at - HOUR < then <= at for then in self.refused)


@dataclass(slots=True)
class Stage:
    """A gateway and the sandbox that it reads."""

    gateway: Gateway
    sandbox: control.Running
    scene: Scene
    ledger: Ledger = field(default_factory=Ledger)

    async def run(self) -> RunSummary:
        """Make a poll at the sandbox's time, and note what it sent."""
        self.sandbox.requests.clear()
        blocked = await self._blocked_until()
        (summary,) = await self.gateway.sync([PORTAL], full=False, progress=Silent())
        statuses = [each["status"] for each in self.sandbox.requests]
        now = self.sandbox.clock()
        assert not (blocked and blocked > now and statuses), f"{len(statuses)} requests while blocked"
        assert len(statuses) == summary.requests
        self.ledger.note(now, statuses)
        assert self.ledger.within(now) <= self.scene.hourly
        return summary

    async def _blocked_until(self) -> datetime | None:
        async with self.gateway.pool.acquire() as connection:
            found: datetime | None = await connection.fetchval("SELECT max(blocked_until) FROM budget")
            return found

    async def polled_at(self) -> dict[str, datetime]:
        """Return when each stream was last brought up to date."""
        async with self.gateway.pool.acquire() as connection:
            rows = await connection.fetch("SELECT stream, polled_at FROM sync_stream")
        return {row["stream"]: row["polled_at"] for row in rows}

    async def rival(self, requests: int) -> None:
        """Let somebody else use the key."""
        async with aiohttp.ClientSession(headers={"X-Api-Key": self.scene.key}) as session:
            for _ in range(requests):
                async with session.get(f"{self.sandbox.base_url}/organization_list/") as response:
                    await response.read()


@asynccontextmanager
async def staged(scene: Scene, url: str, folder: Path) -> AsyncIterator[Stage]:
    """Serve the sandbox behind its gateway, whose bursts are not what is looked at here, and open a mirror."""
    ticks = itertools.count()
    portal = replace(SANDBOX, routes=partial(routes, monotonic=lambda: float(next(ticks))))
    sandbox = await control.start(portal, seed=3, scale=scene.scale, epoch=EPOCH, dialect="gateway")
    chosen: dict[str, Any] = {
        "base_url": sandbox.base_url,
        "api_key": scene.key,
        "sandbox": True,
        "requests_per_second": 1e6,
    }
    try:
        settings = Settings(data_dir=folder, database_url=url, portals={PORTAL: chosen})
        async with opened(settings) as gateway:
            yield Stage(gateway, sandbox, scene)
    finally:
        await sandbox.stop()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: str(scene.hourly))
async def test_a_first_load_within_the_hourly_limit(scene: Scene, database_url: str, tmp_path: Path) -> None:
    async with staged(scene, database_url, tmp_path) as stage:
        outcomes: list[RunSummary] = []
        while not outcomes or outcomes[-1].state != "DONE":
            assert len(outcomes) < scene.passes, "the first load does not end"
            if outcomes:
                stage.sandbox.advance(scene.poll / timedelta(days=1))
            outcomes.append(await stage.run())
            assert outcomes[-1].state in {"DONE", "INCOMPLETE"}
            now, polled = stage.sandbox.clock(), await stage.polled_at()
            assert [polled.get(stream) for stream in POLLED] == [now] * len(POLLED), "the poll had to wait"
        assert sum(count for _, count in stage.ledger.sent) > scene.hourly  # else the limit was never felt
        assert stage.ledger.refused == []
        truth = list(stage.sandbox.world.truth([Step(stage.sandbox.clock(), "RECONCILE")]))
        async with stage.gateway.pool.acquire() as connection:
            found = await held(connection, PORTAL)
        assert not [row for row in truth if (row["type"], row["nativeId"]) not in found]


async def test_a_key_that_others_use_up_is_refused_once_an_hour(database_url: str, tmp_path: Path) -> None:
    async with staged(SCARCE, database_url, tmp_path) as stage:
        await stage.run()
        for hour in range(4):
            stage.sandbox.advance(1 / 24)
            await stage.rival(SCARCE.hourly)
            for _ in range(3):
                summary = await stage.run()
                assert summary.state == "INCOMPLETE"
                assert summary.resumes_at is not None
                stage.sandbox.advance(5 / 60 / 24)
            assert len(stage.ledger.refused) <= hour + 1
        assert stage.ledger.refused, "the key was never refused"
        first, *more = stage.ledger.refused
        assert all(later - earlier >= HOUR for earlier, later in itertools.pairwise([first, *more]))
