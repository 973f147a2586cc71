"""How a command is told to stop: Ctrl-C and SIGTERM become an event, a second one an end without grace."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

GRACE_SECONDS = 4.0
"""How long work under way may take to end by itself after it was told to."""
HAND_BACK_SECONDS = 8.0
"""The same, of a worker that hands its work back to others."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """Yield an event that the first Ctrl-C or SIGTERM sets; the second one cancels the task."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def asked() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        stop.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, asked)
    try:
        yield stop
    finally:
        for number in SIGNALS:
            with suppress(ValueError):
                loop.remove_signal_handler(number)


async def until(
    stop: asyncio.Event, work: Coroutine[Any, Any, None], *, grace: float = GRACE_SECONDS
) -> None:
    """Run *work* until it ends or, once *stop* is set and *grace* seconds have passed, is cancelled."""
    task = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait({task}, timeout=grace)
    finally:
        waiting.cancel()
        if not task.done():
            task.cancel()
    with suppress(asyncio.CancelledError):
        await task
