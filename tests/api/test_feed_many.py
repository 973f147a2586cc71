"""A thousand who follow events: nothing is queued for the slow ones, and those who ask the same are asked for once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from api.caching import Keeping, keeping, until
from api.happenings import happen
from api.sockets import Served, Talk
from api.test_socket_feed import FOLLOW, heard, numbered
from api.world import World

from harvest_graphql.envelope import Answer
from harvest_graphql.feed import Feed
from harvest_graphql.plan.cursors import Position
from harvest_graphql.sockets.bounds import Bounds

MANY = 1000


class Follower:
    """Takes pages when the test lets it."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.may = asyncio.Event()
        self.may.set()
        self.seen: list[str] = []
        self.read = 0
        self.taken = 0

    async def look(self, at: Position | None, most: int | None) -> Answer:
        """Read a page."""
        answer: Answer = await self._engine.answer(FOLLOW, {"first": 10}, at=at, most=most)
        self.read += 1
        return answer

    async def tell(self, answer: Answer) -> None:
        """Take a page."""
        await self.may.wait()
        page = json.loads(answer.body)["data"]["harvestEvents"]
        self.seen += [node["nativeId"] for node in page["nodes"]]
        self.taken += 1


@pytest.fixture
async def kept(database_url: str, own_world: World) -> AsyncIterator[Keeping]:
    assert own_world.keys
    async with keeping(database_url) as kept:
        yield kept


def feed(kept: Keeping) -> Feed:
    return Feed(kept.listener, kept.engine.newest, pause=0.01)


async def test_who_reads_alike_is_read_for_once(kept: Keeping, own_world: World) -> None:
    events = feed(kept)
    followers = [Follower(kept.engine) for _ in range(MANY)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(events.follow(each.look, each.tell)) for each in followers]
        await until(lambda: all(each.taken for each in followers))
        assert events.followers == MANY
        before = kept.engine.sent
        await numbered(own_world, range(5))
        await until(lambda: all(len(each.seen) == 5 for each in followers))
        assert {tuple(each.seen) for each in followers} == {tuple(f"n{number}" for number in range(5))}
        assert kept.engine.sent - before < 10
        for task in tasks:
            task.cancel()
    assert events.followers == 0


async def test_nothing_is_queued_for_who_does_not_take_it(kept: Keeping, own_world: World) -> None:
    events = feed(kept)
    followers = [Follower(kept.engine) for _ in range(MANY)]
    slow, quick = followers[: MANY // 2], followers[MANY // 2 :]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(events.follow(each.look, each.tell)) for each in followers]
        await until(lambda: all(each.taken for each in followers))
        for each in slow:
            each.may.clear()
        for round_ in range(3):
            await numbered(own_world, range(30 * round_, 30 * round_ + 30))
            await until(lambda last=30 * round_ + 30: all(len(each.seen) == last for each in quick))
        read = [each.read for each in slow]
        assert (
            max(each.read - each.taken for each in slow) <= 2
        )  # one in hand, and perhaps one without events
        assert kept.engine.answers.bytes <= 64_000_000
        for each in slow:
            each.may.set()
        await until(lambda: all(len(each.seen) == 90 for each in slow))
        assert all(each.seen == [f"n{number}" for number in range(90)] for each in followers)
        assert min(each.read for each in slow) > max(read)
        for task in tasks:
            task.cancel()


async def test_a_hundred_sockets_of_which_half_do_not_read(kept: Keeping, own_world: World) -> None:
    bounds = Bounds(sockets_of_address=200)
    async with Served(kept.engine, feed=feed(kept), bounds=bounds) as served:
        talks = [await served.begun() for _ in range(100)]
        for talk in talks:
            await talk.subscribe("feed", FOLLOW, variables={"first": 10})
            await heard(talk)
        paused = [transport_of(talk) for talk in talks[:50]]
        for transport in paused:
            transport.pause_reading()
        await numbered(own_world, range(40))
        for talk in talks[50:]:
            assert await names_of(talk, 40) == [f"n{number}" for number in range(40)]
        for transport in paused:
            transport.resume_reading()
        for talk in talks[:50]:
            assert await names_of(talk, 40) == [f"n{number}" for number in range(40)]


def transport_of(talk: Talk) -> Any:
    """Return what a client's socket is read from."""
    connection: Any = talk.socket._response.connection
    return connection.transport


async def names_of(talk: Talk, count: int) -> list[str]:
    """Return the next *count* events that a client hears of."""
    seen: list[str] = []
    while len(seen) < count:
        seen += [node["nativeId"] for node in (await heard(talk))["nodes"]]
    return seen


async def test_nobody_is_asked_for_while_nobody_follows(kept: Keeping, own_world: World) -> None:
    events = feed(kept)
    follower = Follower(kept.engine)
    task = asyncio.create_task(events.follow(follower.look, follower.tell))
    await until(lambda: follower.taken == 1)
    task.cancel()
    await asyncio.wait({task})
    before = kept.engine.sent
    version: Any = await own_world.connection.fetchval("SELECT version FROM data_version")
    await happen(own_world)
    await kept.heard(version + 1)
    assert kept.engine.sent == before
