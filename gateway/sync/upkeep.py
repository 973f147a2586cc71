"""When the database is to be tended, and tending it then: once a day, in one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import structlog

from gateway.errors import GatewayError, LeaseHeld
from gateway.store.away import passes
from gateway.store.upkeep import Standing
from gateway.sync.units import pause

log = structlog.get_logger()

LOOKS_SECONDS = 60.0
"""How often is looked whether it is due."""
FIRST_RETRY = timedelta(minutes=1)
"""When it is tried again after a failure; the time doubles with each that follows, up to a day."""
_DAY = timedelta(days=1)


def following(after: datetime, at: time) -> datetime:
    """Return the first instant after *after* at which it is *at*, in UTC."""
    same_day = datetime.combine(after.astimezone(UTC).date(), at, tzinfo=UTC)
    return same_day if same_day > after else same_day + _DAY


def due_at(found: Standing, at: time) -> datetime:
    """Return when upkeep is due that is done each day *at* a time, in UTC.

    What was interrupted is due at once, and so is what somebody began: who has its lease still is at it.
    """
    if found.began_at is None:
        return following(found.known_at, at)
    if found.state in {"RUNNING", "INTERRUPTED"}:
        return found.began_at
    if found.failures and found.ended_at is not None:
        return found.ended_at + min(_DAY, FIRST_RETRY * 2.0 ** min(found.failures - 1, 30))
    return following(found.began_at, at)


@dataclass(frozen=True, slots=True)
class Tending:
    """Looks now and then whether upkeep is due, and does it then, until it is told to stop."""

    is_due: Callable[[], Awaitable[bool]]
    tend: Callable[[], Awaitable[None]]
    """Does it under its lease, if it is due then; LeaseHeld where somebody else is at it."""
    looks: float = LOOKS_SECONDS

    async def work(self, stop: asyncio.Event) -> None:
        """Work until *stop* is set; what goes wrong is told in the log, and tried again."""
        while not stop.is_set():
            try:
                if await self.is_due():
                    await self.tend()
            except LeaseHeld:
                log.debug("upkeep_left_to_another")
            except GatewayError as error:
                log.warning("upkeep_not_done", error=str(error))
            except Exception as error:
                log.warning("upkeep_not_done", error=type(error).__name__, exc_info=not passes(error))
            await pause(stop, self.looks)
