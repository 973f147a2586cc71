from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.sync.schedule import meaning, next_run

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "every", "words"),
    [
        (None, None, None),
        ("manual", None, "By hand"),
        ("daily", 86_400, "Every day"),
        ("biweekly", 1_209_600, "Every two weeks"),
        ("monthly", 2_629_746, "Every month"),
        ("0 0 * * *", 86_400, "At 12:00 AM"),
        ("*/15 * * * *", 900, "Every 15 minutes"),
        ("30 4 * * 1", 604_800, "At 04:30 AM, only on Monday"),
        ("0 0 1 * *", None, "At 12:00 AM, on day 1 of the month"),
        ("every 12 hours", None, "every 12 hours"),
        ("99 99 * * *", None, "99 99 * * *"),
    ],
)
def test_a_schedule_is_put_in_seconds_and_words(
    raw: str | None, every: int | None, words: str | None
) -> None:
    assert meaning(raw) == (every, words)


@pytest.mark.parametrize(
    ("raw", "following"),
    [
        ("0 0 * * *", datetime(2026, 11, 21, tzinfo=UTC)),
        ("0 6 * * *", datetime(2026, 11, 21, 6, tzinfo=UTC)),
        ("1 6 * * *", datetime(2026, 11, 20, 6, 1, tzinfo=UTC)),
        ("daily", None),
        ("every 12 hours", None),
        (None, None),
    ],
)
def test_the_next_run_lies_strictly_ahead(raw: str | None, following: datetime | None) -> None:
    assert next_run(raw, NOW) == following


def test_a_cron_line_that_never_fires_has_no_next_run() -> None:
    assert next_run("0 0 30 2 *", NOW) is None
