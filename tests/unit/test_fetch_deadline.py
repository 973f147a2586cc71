from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.fetch.deadline import Deadline


class Clock:
    """Timers that go off when the time is moved on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> Any:
        timer = (when, call)
        self.timers.append(timer)
        return Handle(self, timer)

    def pass_to(self, now: float) -> None:
        self.now = now
        for timer in [timer for timer in self.timers if timer[0] <= now]:
            self.timers.remove(timer)
            timer[1]()


class Handle:
    def __init__(self, clock: Clock, timer: tuple[float, Callable[[], None]]) -> None:
        self._clock = clock
        self._timer = timer

    def cancel(self) -> None:
        self._clock.timers.remove(self._timer)


async def _waiting(deadline: Deadline, until: asyncio.Event) -> str:
    with deadline.bound():
        await until.wait()
    return "done"


async def _begun(deadline: Deadline, until: asyncio.Event | None = None) -> asyncio.Task[str]:
    task = asyncio.create_task(_waiting(deadline, until or asyncio.Event()))
    await asyncio.sleep(0)
    return task


async def test_each_block_ends_at_its_own_time() -> None:
    clock = Clock()
    deadline = Deadline(10, clock.time, clock.call_at)
    first = await _begun(deadline)
    clock.pass_to(4)
    second = await _begun(deadline)
    clock.pass_to(10)
    await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
    assert (first.done(), second.done()) == (True, False)
    clock.pass_to(14)
    for task in (first, second):
        with pytest.raises(TimeoutError):
            await task
        assert task.cancelling() == 0
    assert clock.timers == []


async def test_one_timer_stands_for_all_and_moves_on_to_who_is_left() -> None:
    clock, go = Clock(), asyncio.Event()
    deadline = Deadline(10, clock.time, clock.call_at)
    first, second = await _begun(deadline, go), await _begun(deadline, go)
    go.set()
    assert (await first, await second) == ("done", "done")
    clock.pass_to(7)
    third = await _begun(deadline)
    assert [when for when, _ in clock.timers] == [10]
    clock.pass_to(10)
    assert [when for when, _ in clock.timers] == [17]
    clock.pass_to(17)
    with pytest.raises(TimeoutError):
        await third


async def test_a_cancellation_from_outside_stays_one() -> None:
    clock = Clock()
    deadline = Deadline(10, clock.time, clock.call_at)
    only, both = await _begun(deadline), await _begun(deadline)
    only.cancel()
    clock.pass_to(10)
    both.cancel()
    for task in (only, both):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_failed_by_itself_is_no_timeout() -> None:
    clock = Clock()
    deadline = Deadline(10, clock.time, clock.call_at)

    async def failing() -> None:
        with deadline.bound():
            try:
                await asyncio.Event().wait()
            finally:
                raise OSError("broken")

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)
    clock.pass_to(10)
    with pytest.raises(OSError, match="broken"):
        await task
    assert task.cancelling() == 0


async def test_nothing_is_ended_after_the_close() -> None:
    clock, go = Clock(), asyncio.Event()
    deadline = Deadline(10, clock.time, clock.call_at)
    task = await _begun(deadline, go)
    deadline.close()
    clock.pass_to(20)
    go.set()
    assert await task == "done"
