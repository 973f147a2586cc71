"""The windows of the sandbox's api.data.gov gateway, on clocks that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from adapters.data_gov.sandbox_cache import Cache
from adapters.data_gov.sandbox_limits import DAY, HOUR, Allowance, Quota, Window

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = ("real", "/api/v1/harvest_jobs/")


class Hand:
    """A clock's hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_a_window_rolls_request_by_request() -> None:
    clock = Hand()
    window = Window(3, HOUR, clock)
    for _ in range(3):
        window.add()
        clock.at += 600
    assert (window.remaining, window.wait()) == (0, HOUR - 1800)
    clock.at += HOUR - 1800
    assert (window.remaining, window.wait()) == (1, 0)
    window.add()
    assert window.wait() == 600


def test_a_wait_is_whole_seconds_and_never_none() -> None:
    clock = Hand()
    window = Window(1, 15.0, clock)
    window.add()
    clock.at += 14.9
    assert window.wait() == 1
    clock.at += 0.1
    assert window.wait() == 0


def test_every_limit_must_fit_and_the_longest_wait_is_told() -> None:
    hours, real = Hand(), Hand()
    quota = Quota(Allowance(hourly=2, daily=3, bursts=()), hours, real)
    assert [quota.ask() for _ in range(2)] == [(2, 1, None), (2, 0, None)]
    assert quota.ask() == (2, 0, HOUR)
    hours.at += HOUR
    assert quota.ask() == (2, 1, None)
    assert quota.ask() == (2, 0, DAY - HOUR)


def test_what_is_refused_is_not_counted() -> None:
    hours, real = Hand(), Hand()
    quota = Quota(Allowance(hourly=100, bursts=((2, 1.0),)), hours, real)
    verdicts = [quota.ask() for _ in range(50)]
    assert verdicts[1:] == [(100, 98, None), *[(100, 0, 1)] * 48]
    real.at += 1
    assert quota.ask() == (100, 97, None)


def test_bursts_do_not_roll_with_the_hours() -> None:
    hours, real = Hand(), Hand()
    quota = Quota(Allowance(hourly=100, bursts=((1, 15.0),)), hours, real)
    quota.ask()
    hours.at += DAY
    assert quota.ask() == (100, 0, 15)


def answer(body: bytes = b"[]", status: int = 200, control: str = "public, s-maxage=60") -> web.Response:
    return web.Response(body=body, status=status, headers={"Cache-Control": control, "X-Own": "1"})


def test_answers_are_kept_as_long_as_they_say() -> None:
    cache = Cache()
    cache.put(KEY, answer(b"[1]"), NOON)
    kept = cache.get(KEY, NOON + timedelta(seconds=59.5))
    assert kept is not None
    assert (kept.body, kept.headers["X-Cache"], kept.headers["Age"], kept.headers["X-Own"]) == (
        b"[1]",
        "HIT",
        "59",
        "1",
    )
    assert cache.get(KEY, NOON + timedelta(seconds=60)) is None
    assert cache.get(KEY, NOON) is None


@pytest.mark.parametrize(
    "unkept",
    [
        answer(status=404),
        answer(control="private, no-store, max-age=0"),
        answer(control="public, max-age=60"),
        web.StreamResponse(headers={"Cache-Control": "s-maxage=60"}),
    ],
    ids=["404", "private", "not-shared", "stream"],
)
def test_other_answers_are_not_kept(unkept: web.StreamResponse) -> None:
    cache = Cache()
    cache.put(KEY, unkept, NOON)
    assert cache.get(KEY, NOON) is None


def test_a_cache_has_room_for_so_much() -> None:
    cache = Cache(largest=10)
    for number in range(4):
        cache.put(("real", str(number)), answer(b"1234"), NOON)
    assert [cache.get(("real", str(number)), NOON) is None for number in range(4)] == [
        True,
        True,
        False,
        False,
    ]
    cache.put(KEY, answer(b"12345678901"), NOON)
    assert cache.get(KEY, NOON) is None
