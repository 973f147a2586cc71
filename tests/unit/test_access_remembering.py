"""How long what was found out about a key is believed, how much of it is kept, and how often is asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from gateway.access.remembering import Remembered, Valid
from gateway.errors import DatabaseUnavailable

SYNC = frozenset({"sync"})


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Postgres:
    """Answers about keys, and notes about which it was asked."""

    valid: dict[bytes, Valid] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)
    fails: bool = False
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def find(self, digest: bytes) -> Valid | None:
        self.asked.append(digest)
        found = self.valid.get(digest)
        await self.open.wait()
        if self.fails:
            raise DatabaseUnavailable("Gone.")
        return found


async def scopes(remembered: Remembered, digest: bytes) -> frozenset[str] | None:
    found = await remembered.valid(digest)
    return None if found is None else found.scopes


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def postgres() -> Postgres:
    return Postgres({b"a": Valid("ada", SYNC, None)})


async def test_an_answer_is_used_for_five_seconds_and_no_longer(clock: Clock, postgres: Postgres) -> None:
    remembered = Remembered(postgres.find, clock)
    for _ in range(3):
        assert await scopes(remembered, b"a") == SYNC
    clock.now += 4.99
    assert await scopes(remembered, b"a") == SYNC
    assert postgres.asked == [b"a"]
    del postgres.valid[b"a"]
    clock.now += 0.01
    assert await scopes(remembered, b"a") is None
    assert postgres.asked == [b"a", b"a"]


async def test_use_does_not_prolong_what_is_remembered(clock: Clock, postgres: Postgres) -> None:
    remembered = Remembered(postgres.find, clock)
    for _ in range(12):
        await scopes(remembered, b"a")
        clock.now += 1.0
    assert len(postgres.asked) == 3


async def test_bad_keys_are_remembered_as_bad(clock: Clock, postgres: Postgres) -> None:
    remembered = Remembered(postgres.find, clock)
    assert await scopes(remembered, b"x") is None
    assert await scopes(remembered, b"x") is None
    assert postgres.asked == [b"x"]


async def test_the_time_counts_from_the_question_not_from_the_answer(
    clock: Clock, postgres: Postgres
) -> None:
    remembered = Remembered(postgres.find, clock)
    postgres.open.clear()
    waiting = asyncio.ensure_future(scopes(remembered, b"a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.now += 3.0
    postgres.open.set()
    assert await waiting == SYNC
    clock.now += 2.0
    await scopes(remembered, b"a")
    assert len(postgres.asked) == 2


async def test_a_key_that_expires_sooner_is_asked_about_sooner(clock: Clock, postgres: Postgres) -> None:
    postgres.valid[b"a"] = Valid("ada", SYNC, 2.0)
    remembered = Remembered(postgres.find, clock)
    assert await scopes(remembered, b"a") == SYNC
    clock.now += 1.9
    assert await scopes(remembered, b"a") == SYNC
    del postgres.valid[b"a"]
    clock.now += 0.1
    assert await scopes(remembered, b"a") is None


async def test_a_flood_of_bad_keys_takes_bounded_memory_and_displaces_no_good_one(
    clock: Clock, postgres: Postgres
) -> None:
    remembered = Remembered(postgres.find, clock, most=10)
    assert await scopes(remembered, b"a") == SYNC
    for number in range(1000):
        assert await scopes(remembered, f"bad {number}".encode()) is None
    assert len(remembered) == 11
    asked = len(postgres.asked)
    assert await scopes(remembered, b"a") == SYNC
    assert await scopes(remembered, b"bad 999") is None
    assert len(postgres.asked) == asked


async def test_many_good_keys_take_bounded_memory_too(clock: Clock, postgres: Postgres) -> None:
    postgres.valid |= {b"%d" % number: Valid("ada", SYNC, None) for number in range(100)}
    remembered = Remembered(postgres.find, clock, most=10)
    for digest in postgres.valid:
        assert await scopes(remembered, digest) == SYNC
    assert len(remembered) == 10


async def test_a_key_that_many_wait_for_is_looked_up_once(clock: Clock, postgres: Postgres) -> None:
    remembered = Remembered(postgres.find, clock)
    postgres.open.clear()
    waiting = [asyncio.ensure_future(scopes(remembered, b"a")) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    postgres.open.set()
    assert await asyncio.gather(*waiting[1:]) == [SYNC] * 49, "who goes away takes nobody else's answer along"
    assert postgres.asked == [b"a"]


async def test_a_failure_is_told_to_everybody_who_waits_and_not_remembered(
    clock: Clock, postgres: Postgres
) -> None:
    remembered = Remembered(postgres.find, clock)
    postgres.fails = True
    both = await asyncio.gather(scopes(remembered, b"a"), scopes(remembered, b"a"), return_exceptions=True)
    assert [type(each) for each in both] == [DatabaseUnavailable] * 2
    postgres.fails = False
    assert await scopes(remembered, b"a") == SYNC
    assert len(postgres.asked) == 2
