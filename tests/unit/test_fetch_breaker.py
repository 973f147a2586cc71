from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.fetch.breaker import ENOUGH, LONGEST_PAUSE, TRIAL, Breaker, BreakerState

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHY = "The portal cannot answer now (503)."


def opened(now: datetime = NOON) -> Breaker:
    breaker = Breaker()
    for _ in range(ENOUGH):
        breaker.failed(now, WHY)
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
    breaker = Breaker()
    for _ in range(ENOUGH - 1):
        assert breaker.failed(NOON, WHY) is None
        assert breaker.ask(NOON) is None
    assert breaker.failed(NOON, WHY) == NOON + MINUTE
    assert (breaker.state, breaker.since, breaker.reason) == (BreakerState.OPEN, NOON, WHY)
    assert breaker.ask(NOON + MINUTE - timedelta(seconds=1)) == NOON + MINUTE


def test_an_answer_between_failures_starts_the_count_anew() -> None:
    breaker = Breaker()
    for _ in range(10):
        breaker.failed(NOON, WHY)
        breaker.answered()
    assert breaker == Breaker()


def test_one_trial_is_let_through() -> None:
    breaker = opened()
    assert breaker.ask(NOON + MINUTE) is None
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.ask(NOON + MINUTE) == NOON + MINUTE + TRIAL


def test_a_trial_of_somebody_who_is_no_more_is_followed_by_another() -> None:
    breaker = opened()
    assert breaker.ask(NOON + MINUTE) is None
    assert breaker.ask(NOON + MINUTE + TRIAL) is None


def test_an_answer_to_the_trial_closes_it() -> None:
    breaker = opened()
    breaker.ask(NOON + MINUTE)
    breaker.answered()
    assert breaker == Breaker()


def test_pauses_grow_to_the_longest_and_since_stays() -> None:
    breaker, now, pauses = opened(), NOON + MINUTE, []
    for _ in range(9):
        assert breaker.ask(now) is None
        until = breaker.failed(now, WHY)
        assert until is not None
        pauses.append((until - now) / MINUTE)
        now = until
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert breaker.since == NOON


def test_failures_of_what_was_under_way_do_not_prolong_it() -> None:
    breaker = opened()
    assert breaker.failed(NOON, WHY) == NOON + MINUTE


@pytest.mark.parametrize(("seconds", "pause"), [(600, 10 * MINUTE), (5, MINUTE), (1e9, LONGEST_PAUSE)])
def test_a_portal_that_says_how_long_is_left_alone_at_once(seconds: float, pause: timedelta) -> None:
    assert Breaker().failed(NOON, WHY, seconds) == NOON + pause


def test_a_clock_that_goes_back_keeps_nobody_out() -> None:
    breaker = opened()
    assert breaker.left_alone(NOON) == NOON + MINUTE
    assert breaker.ask(NOON - timedelta(days=400)) is None
