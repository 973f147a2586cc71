"""When passes run: a poll now and then, a full reconcile in longer intervals, for each portal on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gateway.errors import GatewayError
from gateway.ports import Pass
from gateway.sync.progress import RunSummary

log = structlog.get_logger()

SLICE_PAUSE = 1.0
"""Seconds until a first load whose requests were rationed goes on."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds between two polls, and between two reconciles."""

    poll: float
    reconcile: float


@dataclass(slots=True)
class PortalWorker:
    """Keeps one portal current until it is told to stop."""

    key: str
    rhythm: Rhythm
    run: Callable[[Pass], Awaitable[RunSummary]]
    since_reconcile: Callable[[], Awaitable[timedelta | None]]
    """How long ago the last reconcile that ended well began, by the portal's clock; None: there was none."""

    async def work(self, stop: asyncio.Event) -> None:
        """Run passes until *stop* is set; a pass that fails is tried again after the pause."""
        while not stop.is_set():
            summary = await self._pass()
            await self._pause(stop, self._wait(summary))

    async def _pass(self) -> RunSummary | None:
        try:
            return await self.run(await self._due())
        except GatewayError as error:
            log.warning("pass_not_run", portal=self.key, error=str(error))
            return None

    async def _due(self) -> Pass:
        elapsed = await self.since_reconcile()
        overdue = elapsed is None or elapsed >= timedelta(seconds=self.rhythm.reconcile)
        return Pass.RECONCILE if overdue else Pass.POLL

    def _wait(self, summary: RunSummary | None) -> float:
        rationed = summary is not None and summary.rationed
        return min(self.rhythm.poll, SLICE_PAUSE) if rationed else self.rhythm.poll

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
