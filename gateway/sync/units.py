"""What a worker does: a unit is a pass of one kind over one portal. When it is due next, and doing it once it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from gateway.errors import GatewayError, LeaseHeld, LeaseLost
from gateway.ports import Pass
from gateway.sync.progress import RunSummary

log = structlog.get_logger()

SLICE_PAUSE = 1.0
"""Seconds until a first load whose requests were rationed goes on."""
FIRST_RETRY = 10.0
"""Seconds until a unit is tried again that came to nothing once; they double with each failure that follows."""
_LOOKS = 8
"""How often, in a heartbeat, somebody else's lease is looked at again."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A pass of one kind over one portal: what one worker does at a time, and no other beside it."""

    portal: str
    kind: Pass


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds between two polls, and between two reconciles."""

    poll: float
    reconcile: float

    def backoff(self, kind: Pass, failures: int) -> float:
        """Return the seconds until a unit is tried again that came to nothing so often in a row."""
        most = self.poll if kind is Pass.POLL else self.reconcile
        return min(most, FIRST_RETRY * 2.0 ** min(failures - 1, 30))


@dataclass(frozen=True, slots=True)
class Outlook:
    """When the units of a portal are due next, in seconds (None: not for now), and failures in a row."""

    seconds: Mapping[str, float | None]
    failures: int = 0


def outlook(
    kind: Pass,
    summary: RunSummary,
    rhythm: Rhythm,
    *,
    failures: int,
    resumes: float | None,
    reconciled: float | None,
) -> Outlook:
    """Return what follows from a pass that was asked for as *kind*, after so many *failures* of it in a row.

    *resumes*: seconds until the portal allows more, None where it said nothing. *reconciled*: seconds since the last
    reconcile began that ended well, None while the first load is unfinished.
    """
    if summary.rationed:
        return Outlook({Pass.POLL: min(rhythm.poll, SLICE_PAUSE)})
    if summary.state == "FAILED" or resumes is not None:
        wait = max(rhythm.backoff(kind, failures + 1), resumes or 0.0)
        return Outlook({kind: wait}, failures + 1)
    following = None if reconciled is None else max(0.0, rhythm.reconcile - reconciled)
    return Outlook({Pass.POLL: rhythm.poll, Pass.RECONCILE: following})


@dataclass(frozen=True, slots=True)
class Duty:
    """A unit and the seconds until it is due, not above 0 where it is."""

    unit: Unit
    seconds: float


def first(duties: Sequence[Duty]) -> Sequence[Duty]:
    """Return the duty of each portal that comes first: of those that are due the reconcile, which spares the poll."""
    chosen: dict[str, Duty] = {}
    for duty in sorted(duties, key=lambda duty: (max(0.0, duty.seconds), duty.unit.kind is Pass.POLL)):
        chosen.setdefault(duty.unit.portal, duty)
    return list(chosen.values())


@dataclass(frozen=True, slots=True)
class Units:
    """The units of the portals, for whoever dispatches them."""

    run: Callable[[Unit], Awaitable[RunSummary | None]]
    """Does a unit if it is due, under the portal's lease, and notes when it is due next; None: it was not due."""
    due: Callable[[Sequence[str]], Awaitable[Sequence[Duty]]]
    """Returns what is to be done for the portals of these keys."""
    postpone: Callable[[Unit], Awaitable[None]]
    """Notes that a unit could not be done."""
    heartbeat: float

    async def do(self, unit: Unit) -> None:
        """Do *unit*; while another worker has the portal wait for it, since it may die.

        What hinders is noted and told in the log, not raised.
        """
        waited = False
        while not await self._tried(unit, silent=waited):
            waited = True
            await asyncio.sleep(self.heartbeat / _LOOKS)

    async def _tried(self, unit: Unit, *, silent: bool) -> bool:
        """Return whether *unit* is settled, well or badly; False while another worker has the portal."""
        try:
            await self.run(unit)
        except LeaseHeld as held:
            if not silent:
                log.info("unit_waits", portal=unit.portal, kind=unit.kind, reason=held.message)
            return False
        except LeaseLost as lost:  # whoever has the portal now does the unit
            log.warning("unit_lost", portal=unit.portal, kind=unit.kind, reason=lost.message)
        except GatewayError as error:
            log.warning("unit_not_done", portal=unit.portal, kind=unit.kind, error=str(error))
            await self._postpone(unit)
        except Exception:
            log.exception("unit_broke", portal=unit.portal, kind=unit.kind)
            await self._postpone(unit)
        return True

    async def _postpone(self, unit: Unit) -> None:
        try:
            await self.postpone(unit)
        except GatewayError:
            await asyncio.sleep(self.heartbeat / _LOOKS)  # Postgres is away: nobody can do it, or knows


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait so many seconds, or until *stop* is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
