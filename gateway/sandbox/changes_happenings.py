"""What happens in the Data.gov-style world beside scheduled runs, in the past and day by day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import TYPE_CHECKING, Any

from gateway.sandbox import dice
from gateway.sandbox.changes_cast import Source, valid
from gateway.sandbox.changes_publishers import INTERVALS
from gateway.sandbox.changes_time import DAY, HOUR, MINUTE, NEVER
from gateway.sandbox.changes_words import PLACES

if TYPE_CHECKING:
    from gateway.sandbox.changes_timeline import Timeline

RECENT = 6
"""Runs of the past that keep to the source's schedule; older ones are further apart."""

_DAILY = (
    (4, 0, 9 * HOUR, "register"),
    (5, 1, 10 * HOUR, "rename"),
    (6, 2, 11 * HOUR, "delete"),
    (7, 1, 12 * HOUR, "reschedule"),
    (8, 2, 13 * HOUR, "found"),
    (10, 0, 13 * HOUR + MINUTE, "rename_organization"),
    (16, 2, 13 * HOUR + 2 * MINUTE, "dissolve"),
    (9, 1, 14 * HOUR, "force"),
    (11, 1, 15 * HOUR, "clear"),
    (6, 0, 16 * HOUR, "validate"),
    (3, 2, 17 * HOUR, "harvest"),
    (12, 2, 18 * HOUR, "withdraw"),
)
"""Every so many days, from which day, at what time, what."""


def surprises(seed: int, day: int, block: int) -> Iterator[tuple[int, str]]:
    """Yield what happens on a day of the world (from 0) in a block: (microseconds into the day, word)."""
    for period, phase, time, word in _DAILY:
        if day % period == phase:
            yield time + dice.between(0, 40 * MINUTE, seed, word, day, block), word


def history(seed: int, source: Source, epoch: int) -> list[tuple[int, str]]:
    """Return the runs of a source up to the epoch, oldest first: (instant, kind)."""
    interval = INTERVALS[source.frequencies[0][1]]
    chance = dice.stream(seed, "history", source.index)
    if interval == NEVER:
        days = [*sorted(chance.sample(range(-400, -21), 4)), -chance.randint(8, 20)]
        return [(epoch + day * DAY + source.offset, "harvest") for day in days]
    phase = chance.randrange(interval // DAY)
    days = [phase - turn * interval // DAY for turn in range(RECENT, 0, -1)]
    older: list[int] = []
    for _ in range(chance.randint(3, 6)):
        before = (older or days)[0] - chance.randint(15, 100)
        if before < -430:
            break
        older.insert(0, before)
    due = [(epoch + day * DAY + source.offset, "harvest") for day in [*older, *days]]
    return _mixed(due, source, chance, interval)


def _mixed(
    due: list[tuple[int, str]], source: Source, chance: Random, interval: int
) -> list[tuple[int, str]]:
    """Put a run of another kind between two of the past, now and then."""
    if interval == DAY or source.size > 120 or chance.random() > 0.4:
        return due
    place = chance.randrange(1, len(due))
    at = due[place - 1][0] + DAY + chance.randrange(HOUR)
    kind = chance.choice(("force_harvest", "clear", "validate"))
    added = [(at, kind)]
    if kind == "clear":
        added.append((at + HOUR, "harvest"))
    return [*due[:place], *added, *due[place:]]


def _register(world: Timeline, at: int, block: int) -> None:
    publishers = world.publishers
    index = len(publishers.sources)
    owners = [o for o in publishers.organizations if o.born <= at < o.gone and o.kind is not None]
    owner = owners[dice.number(world.seed, "new owner", index) % len(owners)]
    federal = owner.kind == "Federal Government"
    kind = ("document", "dcatus1.1: federal") if federal else ("document", "dcatus3.0")
    if index % 5 == 0:
        kind = ("waf", "iso19115_2")
    frequency = ("weekly", "monthly", "biweekly", "weekly", "daily", "manual")[index % 6]
    size = dice.between(4, 15, world.seed, "new size", index)
    world.open(publishers.register(owner, kind, frequency, size, at), at)
    del block


def _rename(world: Timeline, at: int, block: int) -> None:
    for desk in world.idle(block, at)[:1]:
        names = desk.source.names
        names.append((at, f"{names[0][1]} ({PLACES[len(names) % len(PLACES)]} edition)"))


def _delete(world: Timeline, at: int, block: int) -> None:
    small = [desk for desk in world.idle(block, at) if desk.source.small and desk.hung <= at]
    for desk in small[:1]:
        world.close(desk, at)


def _reschedule(world: Timeline, at: int, block: int) -> None:
    other = {"weekly": "biweekly", "biweekly": "weekly", "monthly": "biweekly"}
    for desk in world.idle(block, at):
        word = valid(desk.source.frequencies, at)
        if word in other and desk.upcoming is not None:
            desk.source.frequencies.append((at, other[word]))
            world.reschedule(desk, at)
            return


def _found(world: Timeline, at: int, block: int) -> None:
    publishers = world.publishers
    number = len(publishers.organizations)
    place = PLACES[number % len(PLACES)]
    kind = ("County Government", "City Government", None, "University")[number % 4]
    publishers.found(f"{place} Data Office {number}", kind, at)
    del block


def _rename_organization(world: Timeline, at: int, block: int) -> None:
    standing = [o for o in world.publishers.organizations if o.born <= at < o.gone]
    chosen = standing[dice.number(world.seed, "renamed", block, at) % len(standing)]
    chosen.names.append((at, f"{chosen.names[0][1]} and Partners"))


def _dissolve(world: Timeline, at: int, block: int) -> None:
    """Delete an organization that has had no source."""
    used = {source.organization.index for source in world.publishers.sources}
    idle = [o for o in world.publishers.organizations if o.index not in used and o.born <= at < o.gone]
    for organization in idle[:1]:
        organization.gone = at
    del block


def _started(kind: str, largest: int) -> Callable[[Timeline, int, int], None]:
    def happen(world: Timeline, at: int, block: int) -> None:
        for desk in world.idle(block, at):
            if desk.catalogue.begun and len(desk.catalogue) <= largest and desk.hung <= at:
                world.trigger(desk, at, kind)
                if kind == "clear":
                    world.trigger(desk, at + HOUR, "harvest")
                return

    return happen


def _withdraw(world: Timeline, at: int, block: int) -> None:
    """Delete an ended job that wrote nothing."""
    for desk in world.idle(block, at):
        for number in desk.runs:
            run = world.runs[number]
            if run.gone > at and run.finished < at - 10 * DAY and not run.rows and not run.errors:
                run.gone = at
                return


HAPPENINGS: dict[str, Callable[[Any, int, int], None]] = {
    "register": _register,
    "rename": _rename,
    "delete": _delete,
    "reschedule": _reschedule,
    "found": _found,
    "rename_organization": _rename_organization,
    "dissolve": _dissolve,
    "force": _started("force_harvest", 120),
    "clear": _started("clear", 100),
    "validate": _started("validate", 2000),
    "harvest": _started("harvest", 300),
    "withdraw": _withdraw,
}
"""What to do for each word: (world, instant, block)."""
