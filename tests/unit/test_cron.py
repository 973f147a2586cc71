"""Lines that fire at one time of some days are read by their days: as the libraries read the whole line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from cron_descriptor import get_description
from croniter import CroniterBadDateError, croniter
from hypothesis import given
from hypothesis import strategies as st

from gateway.sync import cron

_NUMBERS = st.integers(0, 59).map(str)
_DAYS = st.sampled_from(["*", "1", "31", "30", "1,15", "*/2", "1-6", "l", "32"])
_MONTHS = st.sampled_from(["*", "2", "1,7", "jan", "*/3", "13"])
_WEEKDAYS = st.sampled_from(["*", "0", "1", "7", "mon-fri", "2#1", "1,3", "8"])
_LINES = st.tuples(_NUMBERS, st.integers(0, 24).map(str), _DAYS, _MONTHS, _WEEKDAYS).map(" ".join)
_INSTANTS = st.integers(0, 4 * 366 * 86_400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def _next(line: str, now: datetime) -> datetime | None:
    try:
        following: datetime = croniter(line, now, ret_type=datetime).get_next()
    except CroniterBadDateError:
        return None
    return following


@given(line=_LINES, now=_INSTANTS)
def test_a_line_by_its_days_is_the_line(line: str, now: datetime) -> None:
    assert cron.is_line(line) == croniter.is_valid(line)
    if cron.is_line(line):
        assert cron.following(line, now) == _next(line, now)
        assert cron.words(line) == get_description(line)


@given(line=_LINES.filter(croniter.is_valid))
def test_how_often_a_line_fires_is_what_its_firings_say(line: str) -> None:
    instants = [datetime(2026, 1, 1, tzinfo=UTC)]
    while len(instants) <= 6 and (following := _next(line, instants[-1])):
        instants.append(following)
    gaps = {(after - before).total_seconds() for before, after in pairwise(instants[1:])}
    constant = len(instants) == 7 and len(gaps) == 1
    assert cron.period(line) == (gaps.pop() if constant else None)


def test_a_firing_at_the_instant_itself_is_past() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert cron.following("0 12 * * *", noon) == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert cron.following("1 12 * * *", noon) == datetime(2026, 11, 20, 12, 1, tzinfo=UTC)
