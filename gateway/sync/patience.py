"""Waiting for a portal that another process is at work on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.errors import LeaseHeld

PAUSE_SECONDS = 0.25
"""How often is looked whether the portal is free."""
Result = TypeVar("Result")


def _silent(_: LeaseHeld) -> None:
    """Tell nobody."""


async def once_free(
    attempt: Callable[[], Awaitable[Result]],
    *,
    patience: float,
    told: Callable[[LeaseHeld], None] = _silent,
    pause: float = PAUSE_SECONDS,
) -> Result:
    """Return what *attempt* does, tried again for *patience* seconds while it raises LeaseHeld.

    *told* hears, once, who is waited for. Raises LeaseHeld when the time is over, at once where there is none.
    """
    until, waited = time.monotonic() + patience, False
    while True:
        try:
            return await attempt()
        except LeaseHeld as held:
            left = until - time.monotonic()
            if left <= 0:
                raise
            if not waited:
                told(held)
            waited = True
        await asyncio.sleep(min(pause, left))
