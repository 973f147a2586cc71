from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from harvest_graphql.envelope import Answer, Data
from harvest_graphql.events import Events, Unheard

SECONDS = 10


class Told:
    """Changes that a test tells itself."""

    version: int | None = 1

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    @asynccontextmanager
    async def hearing(self, channel: str) -> AsyncIterator[Told]:
        assert channel == "gateway_sync"
        yield self

    async def __anext__(self) -> str:
        return await self.queue.get()


class Watch:
    """A watcher whose states a test writes."""

    def __init__(self, *states: Answer) -> None:
        self.states = list(states)
        self.looks = 0
        self.told: list[Answer] = []
        self.looked = asyncio.Event()

    async def look(self) -> Answer:
        self.looks += 1
        self.looked.set()
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    async def tell(self, answer: Answer) -> None:
        self.told.append(answer)

    async def looks_again(self) -> None:
        self.looked.clear()
        async with asyncio.timeout(SECONDS):
            await self.looked.wait()


def data(text: str) -> Answer:
    return Answer(text.encode(), held=Data(text.encode(), 1, ()))


def failed(code: str, *, refused: bool = False) -> Answer:
    return Answer(code.encode(), refused=refused, code=code)


@pytest.fixture
def changes() -> Told:
    return Told()


async def followed(events: Events, watch: Watch, times: int, changes: Told | None = None) -> None:
    """Follow until *watch* has looked so many times."""
    task = asyncio.create_task(events.follow(watch.look, watch.tell))
    while watch.looks < times:
        if changes is not None:
            changes.queue.put_nowait("1")
        await watch.looks_again()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert events.watchers == 0


async def test_the_first_state_is_told_and_then_only_another(changes: Told) -> None:
    watch = Watch(data("a"), data("a"), data("b"), data("a"), data("a"))
    await followed(Events(changes, pause=0, blind=SECONDS), watch, 5, changes)
    assert [each.body for each in watch.told] == [b"a", b"b", b"a"]


async def test_what_is_refused_at_first_is_over(changes: Told) -> None:
    watch = Watch(failed("NOT", refused=True))
    answer = await asyncio.wait_for(Events(changes).follow(watch.look, watch.tell), SECONDS)
    assert (answer.code, watch.told) == ("NOT", [])


async def test_what_is_refused_later_is_looked_at_again_without_a_word(changes: Told) -> None:
    watch = Watch(data("a"), failed("LIMITED", refused=True), failed("LIMITED", refused=True), data("b"))
    changes.queue.put_nowait("1")
    await followed(Events(changes, pause=0, blind=0.01), watch, 4)
    assert [each.body for each in watch.told] == [b"a", b"b"]


async def test_a_failure_is_told_once_and_looked_at_again_without_a_word(changes: Told) -> None:
    watch = Watch(failed("AWAY"), failed("AWAY"), failed("AWAY"), data("a"))
    await followed(Events(changes, pause=0, blind=0.01), watch, 4)
    assert [each.body for each in watch.told] == [b"AWAY", b"a"]


async def test_while_everything_is_heard_nobody_looks_by_himself(changes: Told) -> None:
    watch = Watch(data("a"), data("b"))
    task = asyncio.create_task(Events(changes, pause=0, blind=0.01).follow(watch.look, watch.tell))
    await watch.looks_again()
    await asyncio.sleep(0.1)
    assert watch.looks == 1
    changes.version = None  # from now on nothing is heard
    await watch.looks_again()
    task.cancel()


async def test_without_changes_it_is_looked_at_now_and_then() -> None:
    watch = Watch(data("a"), data("b"))
    await followed(Events(Unheard(), pause=0, blind=0.01), watch, 3)
    assert [each.body for each in watch.told] == [b"a", b"b"]


async def test_one_looks_at_a_time() -> None:
    events, busy, most = Events(pause=0, blind=0.001), 0, 0

    async def look() -> Answer:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.001)
        busy -= 1
        return data("a")

    watch = Watch(data("a"))
    tasks = [asyncio.create_task(events.follow(look, watch.tell)) for _ in range(5)]
    async with asyncio.timeout(SECONDS):
        while len(watch.told) < 5:  # noqa: ASYNC110 - each tells once, of its own accord
            await asyncio.sleep(0.001)
    assert (most, events.watchers) == (1, 5)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert events.watchers == 0
