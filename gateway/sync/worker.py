"""The units of one portal in one process: done when they are due, one after the other, without a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from gateway.errors import GatewayError
from gateway.sync.units import Duty, Units, first, pause

log = structlog.get_logger()

_MOST = 30.0
"""Seconds after which the timetable is looked at again, since others may have changed it."""


@dataclass(slots=True)
class PortalWorker:
    """Keeps one portal current until it is told to stop."""

    key: str
    units: Units

    async def work(self, stop: asyncio.Event) -> None:
        """Do units until *stop* is set."""
        while not stop.is_set():
            for duty in first(await self._due()):
                if duty.seconds > 0:
                    await pause(stop, min(duty.seconds, _MOST))
                else:
                    await self.units.do(duty.unit)

    async def _due(self) -> Sequence[Duty]:
        while True:
            try:
                return await self.units.due([self.key])
            except GatewayError as error:
                log.warning("timetable_not_read", portal=self.key, error=str(error))
                await asyncio.sleep(self.units.heartbeat)
