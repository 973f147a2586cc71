"""What an address may spend: never more than its limit over all processes, and seldom a question about it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import DatabaseUnavailable
from gateway.store.spending import Taken
from harvest_graphql.serving.purses import ALONE_SECONDS, CHUNKS, Purses, Spent

LIMIT, SECONDS = 1000, 60
CHUNK = LIMIT // CHUNKS
ADA = "192.0.2.1"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Ledger:
    """Postgres's part: what was taken in the window that is now; *clock* is everybody's."""

    clock: float = 100.0
    taken: dict[tuple[str, int], int] = field(default_factory=dict)
    asked: int = 0
    away: bool = False

    async def take(self, address: str, amount: int) -> Taken:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise DatabaseUnavailable("away")
        window = int(self.clock // SECONDS)
        before = self.taken.get((address, window), 0)
        self.taken[address, window] = before + amount
        return Taken(EPOCH + timedelta(seconds=window * SECONDS), before, (window + 1) * SECONDS - self.clock)

    def process(self, limit: int = LIMIT, most: int = 100) -> Purses:
        return Purses(self.take, limit=limit, seconds=SECONDS, clock=lambda: self.clock, most=most)


async def spent(purses: Purses, amount: int, address: str = ADA) -> int:
    """Pay *amount* as often as it is left; return how much that was."""
    total = 0
    try:
        while True:
            await purses.pay(address, amount)
            total += amount
    except Spent:
        return total


async def test_a_chunk_is_asked_for_once() -> None:
    ledger = Ledger()
    purses = ledger.process()
    for _ in range(CHUNK):
        await purses.pay(ADA, 1)
    assert ledger.asked == 1
    await purses.pay(ADA, 1)
    assert ledger.asked == 2


async def test_all_of_it_can_be_spent_and_nothing_more() -> None:
    ledger = Ledger()
    purses = ledger.process()
    assert await spent(purses, 1) == LIMIT
    asked = ledger.asked
    assert asked == CHUNKS
    for _ in range(10):
        with pytest.raises(Spent) as refused:
            await purses.pay(ADA, 1)
        assert refused.value.seconds == SECONDS - ledger.clock % SECONDS
    assert ledger.asked == asked, "who has nothing left costs no statement"
    assert await spent(purses, 1, "192.0.2.2") == LIMIT, "others have their own"


async def test_the_next_window_is_a_new_one() -> None:
    ledger = Ledger()
    first, second = ledger.process(), ledger.process()
    assert await spent(first, 10) == LIMIT
    assert await spent(second, 10) == 0
    ledger.clock += SECONDS
    assert await spent(second, 10) == LIMIT
    assert await spent(first, 10) == 0


async def test_what_is_left_of_a_window_is_worth_nothing_in_the_next() -> None:
    ledger = Ledger()
    purses = ledger.process()
    await purses.pay(ADA, 1)
    ledger.clock += SECONDS
    assert await spent(purses, 1) == LIMIT


async def test_whoever_asks_for_more_than_a_window_holds_pays_a_whole_one() -> None:
    purses = Ledger().process()
    await purses.pay(ADA, 5 * LIMIT)
    with pytest.raises(Spent):
        await purses.pay(ADA, 1)


async def test_what_is_too_dear_leaves_the_rest_for_what_is_cheaper() -> None:
    purses = Ledger().process()
    await purses.pay(ADA, LIMIT - 50)
    with pytest.raises(Spent):
        await purses.pay(ADA, 51)
    assert purses.remaining(ADA)[0] == 50
    assert await spent(purses, 1) == 50


async def test_what_is_owed_is_paid_with_the_next_request() -> None:
    ledger = Ledger()
    first, second = ledger.process(), ledger.process()
    first.owe(ADA, LIMIT // 2)
    assert first.remaining(ADA)[0] == LIMIT // 2
    await first.pay(ADA, 1)
    assert await spent(second, 1) == LIMIT // 2 - 1
    first.owe(ADA, 3 * LIMIT)
    with pytest.raises(Spent):
        await first.pay(ADA, 1)
    assert first.remaining(ADA)[0] == 0


async def test_many_at_once_ask_once() -> None:
    ledger = Ledger()
    purses = ledger.process()
    await asyncio.gather(*(purses.pay(ADA, 1) for _ in range(CHUNK)))
    assert ledger.asked == 1
    done = await asyncio.gather(*(purses.pay(ADA, 1) for _ in range(LIMIT)), return_exceptions=True)
    assert sum(each is None for each in done) == LIMIT - CHUNK


async def test_a_caller_who_goes_away_while_it_is_asked_blocks_nobody() -> None:
    purses = Ledger().process()
    waiting = asyncio.ensure_future(purses.pay(ADA, 1))
    await asyncio.sleep(0)
    waiting.cancel()
    await purses.pay(ADA, 1)
    assert waiting.cancelled()


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 400), st.sampled_from([0, 0, 0, 7, 25])), max_size=60
    )
)
async def test_processes_together_never_spend_more_than_a_window_holds(
    steps: list[tuple[int, int, int]],
) -> None:
    ledger = Ledger()
    processes = [ledger.process() for _ in range(3)]
    paid: dict[int, int] = {}
    for process, amount, pause in steps:
        ledger.clock += pause
        try:
            await processes[process].pay(ADA, amount)
        except Spent:
            continue
        window = int(ledger.clock // SECONDS)
        paid[window] = paid.get(window, 0) + amount
    assert all(total <= LIMIT for total in paid.values())


async def test_without_postgres_each_process_reckons_alone(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger(away=True)
    first, second = ledger.process(), ledger.process()
    assert await spent(first, 1) == LIMIT
    assert await spent(second, 1) == LIMIT
    assert ledger.asked == 2, "it is not asked again at once"
    assert caplog.text.count("callers are limited by each process alone") == 2
    ledger.clock += SECONDS
    assert await spent(first, 1) == LIMIT
    assert caplog.text.count("callers are limited by each process alone") == 2, "it is said once"
    ledger.away = False
    ledger.clock += SECONDS
    assert await spent(first, 1) == LIMIT
    assert caplog.text.count("over all processes again") == 1


async def test_postgres_is_asked_again_after_a_while() -> None:
    ledger = Ledger(away=True)
    first, second = ledger.process(), ledger.process()
    await first.pay(ADA, CHUNK)
    ledger.away = False
    await second.pay(ADA, LIMIT - 2 * CHUNK)
    await first.pay(ADA, CHUNK)
    assert ledger.asked == 2
    ledger.clock += ALONE_SECONDS
    assert await spent(first, 1) == 2 * CHUNK, "what was spent in its absence is forgotten"


async def test_an_outage_in_a_window_leaves_a_process_its_own_limit() -> None:
    ledger = Ledger()
    purses = ledger.process()
    await purses.pay(ADA, LIMIT // 2)
    ledger.away = True
    assert await spent(purses, 1) == LIMIT // 2


async def test_only_so_many_addresses_are_remembered() -> None:
    purses = Ledger().process(most=3)
    for number in range(10):
        await purses.pay(f"192.0.2.{number}", 1)
        await purses.pay("192.0.2.0", 1)
    assert len(purses) == 3
    assert purses.remaining("192.0.2.0")[0] == LIMIT - 11


async def test_a_limit_smaller_than_the_number_of_chunks() -> None:
    ledger = Ledger()
    assert await spent(ledger.process(limit=3), 1) == 3


async def test_what_was_taken_is_spent_without_a_question() -> None:
    ledger = Ledger()
    purses = ledger.process()
    assert not purses.spend(ADA, 1), "nothing was taken yet"
    await purses.pay(ADA, 1)
    assert purses.spend(ADA, CHUNK - 1)
    assert not purses.spend(ADA, 1)
    assert ledger.asked == 1
    await purses.pay(ADA, 1)
    assert not purses.spend(ADA, LIMIT + 1)
    ledger.clock += SECONDS
    assert not purses.spend(ADA, 1), "what an older window left is worth nothing"
    assert ledger.asked == 2
