from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fetch.budget import HOUR, Budget, Spending

NOON = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
POLL, BACKFILL = Spending.POLL, Spending.BACKFILL


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def spend(budget: Budget, now: datetime, count: int, *, limit: int, others: int = 0) -> None:
    """Send *count* requests to a portal that counts those of *others* as well."""
    for _ in range(count):
        budget.sent(now)
    budget.answered(now, limit=limit, remaining=limit - others - count)


def room(budget: Budget, now: datetime, spending: Spending) -> int:
    """Return how many requests may be sent at once."""
    trial, count = Budget.from_json(budget.to_json()), 0
    while trial.may_send(now, spending) is None:
        trial.sent(now)
        count += 1
    return count


def test_what_is_not_known_does_not_bind() -> None:
    budget = Budget()
    for _ in range(5000):
        assert budget.may_send(NOON, BACKFILL) is None
        budget.sent(NOON)


@pytest.mark.parametrize(
    ("limit", "reserve"), [(0, 0), (1, 0), (30, 15), (60, 30), (119, 59), (120, 60), (1000, 100), (600, 60)]
)
def test_polls_have_a_reserve(limit: int, reserve: int) -> None:
    budget = Budget()
    budget.answered(NOON, limit=limit, remaining=limit)
    assert budget.reserve == reserve
    assert room(budget, NOON, POLL) == limit
    assert room(budget, NOON, BACKFILL) == limit - reserve


def test_a_request_leaves_the_hour_an_hour_later() -> None:
    budget = Budget()
    spend(budget, NOON, 600, limit=1000)
    spend(budget, NOON + minutes(20), 300, limit=1000)
    now = NOON + minutes(30)
    assert room(budget, now, POLL) == 100
    assert budget.may_send(now, BACKFILL) == NOON + HOUR
    assert room(budget, NOON + HOUR, BACKFILL) == 600
    assert room(budget, NOON + minutes(80), BACKFILL) == 900


def test_requests_of_one_minute_leave_together() -> None:
    budget = Budget()
    for second in range(60):
        budget.sent(NOON.replace(second=second))
    budget.answered(NOON.replace(second=59), limit=60, remaining=0)
    assert len(budget.own) == 1
    assert budget.may_send(NOON.replace(second=59), POLL) == NOON.replace(second=59) + HOUR


def test_no_more_than_an_hour_is_kept() -> None:
    budget = Budget()
    for minute in range(600):
        budget.sent(NOON + minutes(minute))
    assert len(budget.own) == 60


def test_what_others_send_fades_over_the_hour() -> None:
    budget = Budget()
    spend(budget, NOON, 100, limit=1000, others=900)
    assert budget.others == 900
    assert room(budget, NOON, POLL) == 0
    assert room(budget, NOON + minutes(6), POLL) == 90
    assert room(budget, NOON + minutes(30), POLL) == 450
    assert room(budget, NOON + HOUR, POLL) == 1000
    assert budget.may_send(NOON, POLL) == NOON + minutes(1)
    assert budget.may_send(NOON, BACKFILL) == NOON + minutes(7)


def test_each_answer_tells_anew_what_others_sent() -> None:
    budget = Budget()
    spend(budget, NOON, 1, limit=1000, others=500)
    budget.sent(NOON + minutes(30))
    budget.answered(NOON + minutes(30), limit=1000, remaining=100)
    assert budget.others == 898
    assert room(budget, NOON + minutes(30), BACKFILL) == 0
    assert room(budget, NOON + minutes(30), POLL) == 100


def test_a_portal_that_has_counted_less_than_was_sent_is_not_believed() -> None:
    budget = Budget()
    for _ in range(50):
        budget.sent(NOON)
    budget.answered(NOON, limit=60, remaining=59)
    assert (budget.others, room(budget, NOON, POLL)) == (0, 10)


def test_answers_that_say_nothing_change_nothing() -> None:
    budget = Budget()
    budget.answered(NOON, limit=None, remaining=7)
    assert (budget.limit, budget.remaining, budget.others) == (None, 7, 0)
    spend(budget, NOON, 10, limit=1000, others=90)
    budget.answered(NOON, limit=None, remaining=None)
    assert (budget.limit, budget.remaining, budget.others) == (1000, 900, 90)


def test_the_limit_may_change() -> None:
    budget = Budget()
    spend(budget, NOON, 50, limit=1000)
    budget.answered(NOON, limit=60, remaining=10)
    assert (room(budget, NOON, POLL), room(budget, NOON, BACKFILL)) == (10, 0)
    assert budget.may_send(NOON, BACKFILL) == NOON + HOUR
    budget.answered(NOON, limit=2000, remaining=1950)
    assert (room(budget, NOON, POLL), room(budget, NOON, BACKFILL)) == (1950, 1750)


def test_nothing_is_sent_while_blocked() -> None:
    budget = Budget()
    spend(budget, NOON, 10, limit=1000)
    until = budget.refused(NOON, 1800)
    assert until == NOON + minutes(30)
    assert (budget.blocked_until, budget.remaining) == (until, 0)
    for spending in Spending:
        assert budget.may_send(NOON + minutes(29.9), spending) == until
        assert budget.may_send(until, spending) is None
    budget.sent(until)
    assert budget.blocked_until is None


def test_asking_ahead_changes_nothing() -> None:
    budget = Budget()
    spend(budget, NOON, 60, limit=60)
    before = budget.to_json()
    assert budget.may_send(NOON + 3 * HOUR, BACKFILL) is None
    assert budget.may_send(NOON, BACKFILL) == NOON + HOUR
    assert budget.to_json() == before


def test_a_block_ends_where_there_is_room() -> None:
    budget = Budget()
    spend(budget, NOON, 60, limit=60)
    budget.refused(NOON, 600)
    assert budget.may_send(NOON, POLL) == NOON + HOUR
    assert budget.may_send(NOON + minutes(10), POLL) == NOON + HOUR


def test_a_shorter_block_does_not_end_a_longer_one() -> None:
    budget = Budget()
    budget.refused(NOON, 1800)
    assert budget.refused(NOON, 5) == NOON + minutes(30)
    budget.answered(NOON, limit=60, remaining=59)  # one that was under way
    assert budget.may_send(NOON, POLL) == NOON + minutes(30)


def test_a_refusal_without_a_word_blocks_longer_each_time() -> None:
    budget, now, pauses = Budget(), NOON, []
    for _ in range(9):
        until = budget.refused(now, None)
        pauses.append((until - now) / minutes(1))
        assert budget.may_send(now, POLL) == until
        now = until
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    budget.answered(now, limit=None, remaining=None)
    assert budget.refused(now, None) == now + minutes(1)


def test_a_refusal_without_a_word_says_nothing_of_the_limit() -> None:
    budget = Budget()
    spend(budget, NOON, 10, limit=1000, others=500)
    budget.refused(NOON, None)
    assert (budget.remaining, budget.others) == (490, 500)


def test_a_daily_limit_is_a_long_block() -> None:
    budget = Budget()
    spend(budget, NOON, 20, limit=30)
    until = budget.refused(NOON, 79_200)
    assert budget.may_send(NOON + 2 * HOUR, POLL) == until == NOON + 22 * HOUR
    assert room(budget, until, POLL) == 30


def test_after_a_refusal_nothing_fades_for_an_hour() -> None:
    budget = Budget()
    spend(budget, NOON, 1, limit=1000, others=999)
    budget.refused(NOON + minutes(1), 600)
    after = NOON + minutes(11)
    assert budget.may_send(after, POLL) is None  # the portal has said so
    budget.sent(after)
    budget.answered(after, limit=1000, remaining=0)
    assert budget.may_send(after, POLL) == NOON + HOUR
    assert budget.may_send(NOON + minutes(50), BACKFILL) is not None


def test_a_limit_of_nothing_is_asked_about_again_an_hour_later() -> None:
    budget = Budget()
    budget.answered(NOON, limit=0, remaining=0)
    assert budget.may_send(NOON, POLL) == NOON + HOUR


def test_where_the_clock_goes_back_everything_goes_with_it() -> None:
    budget = Budget()
    spend(budget, NOON - minutes(20), 40, limit=60, others=10)
    budget.refused(NOON, 1200)
    earlier = NOON - timedelta(days=300)
    assert budget.may_send(earlier, POLL) == earlier + minutes(20)
    assert budget.may_send(earlier + minutes(39), BACKFILL) == earlier + minutes(40)
    assert budget.may_send(earlier + minutes(40), BACKFILL) is None


def test_a_clock_that_trembles_changes_little() -> None:
    budget = Budget()
    spend(budget, NOON, 60, limit=60)
    for _ in range(50):
        assert budget.may_send(NOON + timedelta(milliseconds=3), POLL) is not None
        assert budget.may_send(NOON, POLL) is not None
    until = budget.may_send(NOON, POLL)
    assert until is not None
    assert abs(until - NOON - HOUR) < timedelta(seconds=1)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["sent", "answered", "refused", "asked"]),
        st.integers(-5, 90),
        st.none() | st.integers(0, 2000),
        st.none() | st.integers(0, 2000),
    ),
    max_size=40,
)


def run(steps: list[Any]) -> tuple[Budget, datetime]:
    budget, now = Budget(), NOON
    for what, later, limit, number in steps:
        now += minutes(later)
        if what == "sent":
            budget.sent(now)
        elif what == "answered":
            budget.answered(now, limit=limit, remaining=number)
        elif what == "refused":
            budget.refused(now, number)
        else:
            budget.may_send(now, BACKFILL)
    return budget, now


@given(_STEPS)
def test_json_holds_all_of_it(steps: list[Any]) -> None:
    budget, now = run(steps)
    again = Budget.from_json(json.loads(json.dumps(budget.to_json())))
    assert again == budget
    for spending in Spending:
        assert again.may_send(now, spending) == budget.may_send(now, spending)


@given(_STEPS, st.sampled_from(Spending))
def test_what_is_promised_is_kept(steps: list[Any], spending: Spending) -> None:
    budget, now = run(steps)
    until = budget.may_send(now, spending)
    assert until is None or until > now
    if until is not None and budget.limit != 0:
        assert budget.may_send(until, spending) is None


@given(_STEPS)
def test_polls_may_do_what_the_rest_may(steps: list[Any]) -> None:
    budget, now = run(steps)
    if budget.may_send(now, BACKFILL) is None:
        assert budget.may_send(now, POLL) is None


@pytest.mark.parametrize(
    "state",
    [None, [], "x", {"limit": "many"}, {"own": [["yesterday", 1]]}, {"now": "2026-11-21T12:00:00"}],
)
def test_what_cannot_be_read_is_forgotten(state: Any) -> None:
    assert Budget.from_json(state) == Budget()


def test_what_is_not_known_yet_is_left_alone() -> None:
    assert Budget.from_json({"limit": 5, "later": 1}) == Budget(limit=5)
