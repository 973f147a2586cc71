"""The units of a gateway's portals, for those who dispatch them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gateway import postgres
from gateway.compose.parts import Parts
from gateway.compose.passes import rhythm, run_pass
from gateway.ports import Pass
from gateway.store import timetable
from gateway.store.away import spoken
from gateway.sync.dispatching import Dispatcher
from gateway.sync.progress import Progress, RunSummary
from gateway.sync.units import Duty, Unit, Units


def dispatcher(parts: Parts, progress: Progress) -> Dispatcher:
    """Return what does the units of all portals together with other workers."""
    return Dispatcher(
        list(parts.portals),
        units(parts, progress),
        partial(postgres.connect, parts.url),
        parts.settings.heartbeat_seconds,
    )


def units(parts: Parts, progress: Progress) -> Units:
    """Return the units of the portals of *parts*."""
    keys = {number: key for key, number in parts.numbers.items()}

    async def run(unit: Unit) -> RunSummary | None:
        portal = parts.portals[unit.portal]
        return await run_pass(parts, portal, unit.kind, progress, wanted=timetable.is_due)

    async def due(portals: Sequence[str]) -> Sequence[Duty]:
        numbers = [parts.numbers[key] for key in portals]
        with spoken():
            async with parts.pool.acquire() as connection:
                found = await timetable.due(connection, numbers)
                if unknown := set(numbers) - {row.portal for row in found}:
                    await timetable.begin(connection, unknown, Pass.POLL)
                    found = await timetable.due(connection, numbers)
        return [
            Duty(Unit(keys[row.portal], Pass(row.kind)), row.seconds)
            for row in found
            if row.seconds is not None
        ]

    async def postpone(unit: Unit) -> None:
        number = parts.numbers[unit.portal]
        with spoken():
            async with parts.pool.acquire() as connection:
                failures = await timetable.failures(connection, number, unit.kind)
                wait = rhythm(parts).backoff(unit.kind, failures + 1)
                await timetable.postpone(connection, number, unit.kind, wait)

    return Units(run, due, postpone, parts.settings.heartbeat_seconds)
