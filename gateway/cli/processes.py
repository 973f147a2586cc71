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
        self._running: dict[int, Process] = {}

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Run them until *stop* is set; *ready* hears when all answer. Typer's Exit where one cannot start."""
        work = asyncio.ensure_future(self._work(ready))
        asked = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for each in (work, asked):
                each.cancel()
            await asyncio.gather(work, asked, return_exceptions=True)
            await self._end()

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
            code = await self._running[place].wait()
            pause = FIRST_PAUSE if time.monotonic() - begun > STEADY_SECONDS else pause
            words = "process %d of the endpoint ended (%d): it is started again in %.1f s"
            _log.warning(words, place, code, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, MOST_PAUSE)
            await self._start(place)

    async def _start(self, place: int) -> Process:
        self._running[place] = await asyncio.create_subprocess_exec(
            *self._command(place),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the others in order
        )
        return self._running[place]

    async def _end(self) -> None:
        """Ask all of them to end, and make them end."""
        for process in self._running.values():
            if process.stdin is not None:
                process.stdin.close()
            _send(process, signal.SIGTERM)
        ended = asyncio.gather(*(process.wait() for process in self._running.values()))
        try:
            await asyncio.wait_for(asyncio.shield(ended), END_SECONDS)
        except (TimeoutError, asyncio.CancelledError):
            for process in self._running.values():
                _send(process, signal.SIGKILL)
            await ended


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of *work*; where one part fails, the others are given up."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _send(process: Process, number: int) -> None:
    with suppress(ProcessLookupError):
        if process.returncode is None:
            process.send_signal(number)


def _ended(code: int) -> Exception:
    """Return what ends the command after a process that did not come to answer with *code*: it has said why."""
    if code > 0:
        return typer.Exit(code)
    return GatewayError("A process of the endpoint ended before it could answer.", hint="Its log says more.")
