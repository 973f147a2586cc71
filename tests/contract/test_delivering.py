"""Webhooks: each event once, in order, under one id, until it has been taken; whoever fails for long is let be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from standardwebhooks import Webhook as Checking

from gateway.fetch.guarded import Undelivered
from gateway.store import webhooks
from gateway.sync.delivering import Deliverer, Events, Message, Unanswerable, signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NONE = timedelta()


class World:
    """Events with numbers for cursors, and a receiver that takes them as the test says."""

    def __init__(self, pool: asyncpg.Pool, count: int = 5) -> None:
        self.count = count
        self.taken: list[str] = []
        self.tried: list[tuple[str, str, bytes]] = []
        self.answers: list[int | Exception] = []
        self.pool = pool
        self.deliverer = self.make()

    def make(self, **options: Any) -> Deliverer:
        """Return one more who delivers."""
        options = {"pause": NONE, "pauses": (NONE,), **options}
        return Deliverer(self.pool.acquire, self.read, self.post, lambda: NOW, **options)

    async def read(self, cursor: str, filter_: Mapping[str, Any]) -> Events:
        """Read two at a time."""
        if filter_.get("bad"):
            raise Unanswerable("There is no portal 'x'.")
        first = int(cursor) + 1
        numbers = range(first, min(first + 2, self.count + 1))
        messages = [Message(f"s.{number}", b'{"n":%d}' % number, str(number)) for number in numbers]
        return Events(messages, str(max(int(cursor), numbers.stop - 1)), numbers.stop <= self.count)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Take a message, or not."""
        self.tried.append((url, headers["webhook-id"], body))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer
        if answer < 300:
            self.taken.append(headers["webhook-id"])
        return answer

    async def add(self, name: str = "hook", cursor: str = "0", **filter_: Any) -> webhooks.Webhook:
        async with self.pool.acquire() as connection:
            made = await webhooks.add(
                connection,
                name=name,
                url=f"https://{name}.example.org",
                secret=SECRET,
                filter_=filter_,
                cursor=cursor,
            )
        assert made is not None
        return made

    async def row(self, name: str = "hook") -> webhooks.Webhook:
        async with self.pool.acquire() as connection:
            found = await webhooks.named(connection, name)
        assert found is not None
        return found


@pytest.fixture
def world(pool: asyncpg.Pool) -> World:
    return World(pool)


async def test_what_is_signed_can_be_checked() -> None:
    """The example of the specification."""
    when = datetime.fromtimestamp(1614265330, UTC)
    headers = signed(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', when)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    now = datetime.now(UTC)
    Checking(SECRET).verify(b'{"a": "\xc3\xa9"}', signed(SECRET, "x", b'{"a": "\xc3\xa9"}', now))


async def test_events_are_sent_in_their_order(world: World) -> None:
    await world.add()
    for _ in range(3):
        assert await world.deliverer.deliver()
    assert world.taken == [f"s.{number}" for number in range(1, 6)]
    found = await world.row()
    assert (found.cursor, found.failures, found.notice) == ("5", 0, None)
    assert found.delivered_at is not None


async def test_without_a_webhook_there_is_nothing_to_do(world: World) -> None:
    assert not await world.deliverer.deliver()


async def test_what_is_not_taken_is_sent_again_under_its_id(world: World) -> None:
    await world.add()
    world.answers = [204, 500, Undelivered("It cannot be reached."), 302]
    await world.deliverer.deliver()
    found = await world.row()
    assert (found.cursor, found.failures, found.notice) == ("1", 1, "It answered 500.")
    for _ in range(2):
        await world.deliverer.deliver()
    assert ((await world.row()).failures, (await world.row()).notice) == (3, "It answered 302.")
    for _ in range(3):
        await world.deliverer.deliver()
    assert world.taken == [f"s.{number}" for number in range(1, 6)]
    assert [id_ for _, id_, _ in world.tried].count("s.2") == 4
    assert len({body for _, id_, body in world.tried if id_ == "s.2"}) == 1
    assert (await world.row()).failures == 0


async def test_failures_wait_longer_and_longer(world: World) -> None:
    await world.add()
    world.answers = [500]
    await world.make(pauses=(timedelta(hours=1),)).deliver()
    assert not await world.deliverer.deliver()
    due = await world.pool.fetchval("SELECT due_at - now() FROM webhook")
    assert timedelta(minutes=59) < due <= timedelta(hours=1)


async def test_days_of_failures_disable_it_until_somebody_says_so(world: World) -> None:
    await world.add()
    await world.pool.execute("UPDATE webhook SET failing_since = now() - interval '6 days', failures = 50")
    world.answers = [500]
    await world.deliverer.deliver()
    found = await world.row()
    assert found.disabled_at is not None
    assert found.notice == "It answered 500."
    assert not await world.deliverer.deliver()
    async with world.pool.acquire() as connection:
        assert await webhooks.rewind(connection, "hook", None)
    await world.deliverer.deliver()
    assert world.taken == ["s.1", "s.2"]


async def test_a_receiver_that_wants_no_more_gets_no_more(world: World) -> None:
    await world.add()
    world.answers = [410]
    await world.deliverer.deliver()
    assert (await world.row()).disabled_at is not None
    assert not await world.deliverer.deliver()


async def test_one_that_fails_keeps_no_other_from_its_events(world: World) -> None:
    await world.add("bad", bad=True)
    await world.add("good")
    for _ in range(6):
        await world.deliverer.deliver()
    assert world.taken == [f"s.{number}" for number in range(1, 6)]
    assert (await world.row("bad")).notice == "There is no portal 'x'."


async def test_what_is_sent_again_from_a_cursor_has_the_ids_that_it_had(world: World) -> None:
    await world.add()
    for _ in range(3):
        await world.deliverer.deliver()
    async with world.pool.acquire() as connection:
        await webhooks.rewind(connection, "hook", "3")
    await world.deliverer.deliver()
    assert world.taken[5:] == ["s.4", "s.5"]


async def test_many_who_deliver_send_each_event_once(world: World) -> None:
    world.count = 20
    await world.add()
    many = [world.make() for _ in range(4)]
    while (await world.row()).cursor != "20":
        await asyncio.gather(*(each.deliver() for each in many))
    assert world.taken == [f"s.{number}" for number in range(1, 21)]


async def test_who_was_rewound_while_sending_stops(world: World) -> None:
    await world.add()

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        async with world.pool.acquire() as connection:
            await webhooks.rewind(connection, "hook", "3")
        return await world.post(url, body, headers)

    await Deliverer(world.pool.acquire, world.read, post, lambda: NOW, pause=NONE).deliver()
    assert (await world.row()).cursor == "3"
    assert world.taken == ["s.1"]


async def test_one_that_died_is_replaced_once_its_term_is_over(world: World) -> None:
    await world.add()
    async with world.pool.acquire() as connection:
        assert await webhooks.take(connection, "dead", timedelta(seconds=60))
    assert not await world.deliverer.deliver()
    await world.pool.execute("UPDATE webhook SET due_at = now()")
    await world.deliverer.deliver()
    assert world.taken == ["s.1", "s.2"]


async def test_it_works_until_it_is_stopped_whatever_goes_wrong(world: World) -> None:
    await world.add()
    stop = asyncio.Event()
    world.answers = [RuntimeError("a mistake of ours")]
    working = asyncio.create_task(world.make(pause=timedelta(milliseconds=10)).work(stop))
    async with asyncio.timeout(20):
        while not world.tried:  # noqa: ASYNC110 - what it waits for is a message
            await asyncio.sleep(0.01)
        await world.pool.execute("UPDATE webhook SET due_at = now()")
        while len(world.taken) < 5:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
    stop.set()
    await working
