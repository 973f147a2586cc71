"""Several processes that answer on one port: started, watched, started again where one ends, and ended together."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any

import typer

from gateway.errors import GatewayError

READY = b"ready"
"""What a process says once it answers."""
END_SECONDS = 7.5
"""How long the processes may take to end before they are killed."""
FIRST_PAUSE = 0.1
MOST_PAUSE = 10.0
"""Pauses in seconds before a process is started again; each is twice as long as the one before."""
STEADY_SECONDS = 60.0
"""Who ran for so long is started again as if it was for the first time."""
_log = logging.getLogger(__name__)


class Processes:
    """*count* processes, each started by the words that *command* gives for its place, from 1.

    A process says READY on its standard output, and ends when its standard input does: so they end even where this
    one is killed.
    """

    def __init__(self, command: Callable[[int], Sequence[str]], count: int) -> None:
        self._command = command
        self._count = count
        self._starting: dict[int, asyncio.Future[Process]] = {}

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Run them until *stop* is set; *ready* hears when all answer. Typer's Exit where one cannot start."""
        work = asyncio.ensure_future(self._work(ready))
        asked = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            ending = asyncio.ensure_future(self._end(work, asked))
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError:  # asked again: without grace
                self._send(signal.SIGKILL)
                await ending

    async def _work(self, ready: Callable[[], None]) -> None:
        # The first one alone: what keeps it from starting is said once, and what it has to write is written once.
        await self._begin(1)
        await _together(self._begin(place) for place in range(2, self._count + 1))
        ready()
        await _together(self._keep(place) for place in range(1, self._count + 1))

    async def _begin(self, place: int) -> None:
        """Start a process and wait until it answers."""
        process = await self._start(place)
        assert process.stdout is not None
        async for line in process.stdout:
            if line.strip() == READY:
                return
        raise _ended(await process.wait())

    async def _keep(self, place: int) -> None:
        """Start the process at *place* again whenever it ends."""
        pause = FIRST_PAUSE
        while True:
            begun = time.monotonic()
            code = await (await self._starting[place]).wait()
            pause = FIRST_PAUSE if time.monotonic() - begun > STEADY_SECONDS else pause
            words = "process %d of the endpoint ended (%d): it is started again in %.1f s"
            _log.warning(words, place, code, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, MOST_PAUSE)
            await self._start(place)

    async def _start(self, place: int) -> Process:
        starting = asyncio.create_subprocess_exec(
            *self._command(place),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the others in order
        )
        # Shielded: a process whose start was given up half-way would be nobody's to end.
        self._starting[place] = asyncio.ensure_future(starting)
        return await asyncio.shield(self._starting[place])

    async def _end(self, *tasks: asyncio.Future[Any]) -> None:
        """Give *tasks* up, ask all processes to end, and make them end."""
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, *self._starting.values(), return_exceptions=True)
        for process in self._processes():
            if process.stdin is not None:
                process.stdin.close()
        self._send(signal.SIGTERM)
        ended = asyncio.gather(*(process.wait() for process in self._processes()))
        try:
            await asyncio.wait_for(asyncio.shield(ended), END_SECONDS)
        except TimeoutError:
            self._send(signal.SIGKILL)
            await ended

    def _processes(self) -> list[Process]:
        """Return those that were started last at each place."""
        done = (each for each in self._starting.values() if each.done() and not each.cancelled())
        return [each.result() for each in done if each.exception() is None]

    def _send(self, number: int) -> None:
        for process in self._processes():
            with suppress(ProcessLookupError):
                if process.returncode is None:
                    process.send_signal(number)


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of *work*; where one part fails, the others are given up."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _ended(code: int) -> Exception:
    """Return what ends the command after a process that did not come to answer with *code*: it has said why."""
    if code > 0:
        return typer.Exit(code)
    return GatewayError("A process of the endpoint ended before it could answer.", hint="Its log says more.")
