"""When upkeep is due: each day at its time, at once where it was interrupted, later and later where it fails."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest

from gateway.config import Settings
from gateway.errors import DatabaseUnavailable, LeaseHeld
from gateway.store.upkeep import Standing
from gateway.sync.upkeep import Tending, due_at, following

AT = time(3, 30)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NEXT = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stood(state: str, *, failures: int = 0) -> Standing:
    """Return how upkeep stands that began at noon and ended an hour later."""
    ended = None if state == "RUNNING" else NOON + HOUR
    return Standing(NOON + 2 * HOUR, NOON - HOUR, NOON, ended, state, failures)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (NOON, NEXT),
        (NEXT - timedelta(seconds=1), NEXT),
        (NEXT, NEXT + timedelta(days=1)),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, 3, 30, tzinfo=UTC)),
        (datetime.fromisoformat("2026-11-23T04:00:00+02:00"), NEXT),
    ],
)
def test_it_is_that_time_once_a_day(after: datetime, expected: datetime) -> None:
    assert following(after, AT) == expected


def test_the_first_time_is_the_next_that_comes() -> None:
    assert due_at(Standing(NOON, NOON), AT) == NEXT


def test_a_day_that_nobody_worked_in_is_made_up_for() -> None:
    assert due_at(Standing(NOON + timedelta(days=30), NOON), AT) == NEXT


def test_what_is_done_is_done_for_the_day() -> None:
    assert due_at(stood("DONE"), AT) == NEXT
    assert due_at(stood("DONE"), time(13)) == NOON + HOUR, "the time was changed meanwhile"


@pytest.mark.parametrize("state", ["RUNNING", "INTERRUPTED"])
def test_what_was_interrupted_goes_on_at_once(state: str) -> None:
    assert due_at(stood(state), AT) <= NOON


def test_what_fails_is_tried_again_later_and_later() -> None:
    waits = [due_at(stood("FAILED", failures=n), AT) - NOON - HOUR for n in (1, 2, 3, 11, 12, 10_000)]
    minute = timedelta(minutes=1)
    assert waits == [minute, 2 * minute, 4 * minute, 1024 * minute, 24 * HOUR, 24 * HOUR]


def test_the_settings_say_when_or_never() -> None:
    assert Settings(prune_at="23:05").prune_time == time(23, 5)
    assert Settings(prune_at="Never").prune_time is None
    for wrong in ("24:00", "3:30", "daily", "03:30:00"):
        with pytest.raises(ValueError, match="must be a time of day in UTC as 03:30, or never"):
            Settings(prune_at=wrong)


async def test_whatever_goes_wrong_it_is_looked_at_again() -> None:
    outcomes: list[Exception | bool] = [
        LeaseHeld("Another."),
        DatabaseUnavailable("Away."),
        ValueError(),
        False,
        True,
    ]
    stop, tended = asyncio.Event(), []

    async def is_due() -> bool:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def tend() -> None:
        tended.append(len(outcomes))
        stop.set()

    await asyncio.wait_for(Tending(is_due, tend, looks=0.001).work(stop), 20)
    assert tended == [0]
