"""Taking a portal for a command, after the process that is at work on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

from gateway.compose.parts import Parts
from gateway.compose.passes import keeper
from gateway.errors import LeaseHeld
from gateway.store.lease import Lease
from gateway.store.staging import Connection
from gateway.sync.patience import once_free

Waits: TypeAlias = Callable[[str, str, float], None]
"""Hears once, of a portal's key, who is at work on it and for how many seconds that is waited for."""


def unheard(key: str, reason: str, seconds: float) -> None:
    """Tell nobody."""
    del key, reason, seconds


@asynccontextmanager
async def taken(
    parts: Parts, connection: Connection, key: str, number: int, *, patience: float, waits: Waits
) -> AsyncIterator[Lease]:
    """Hold a portal's lease around a ``with`` block, once whoever has it is done.

    Raises LeaseHeld, with the portal's key, where that takes more than *patience* seconds; LeaseLost as ``Keeper``.
    """
    async with AsyncExitStack() as stack:

        async def take() -> Lease:
            return await stack.enter_async_context(keeper(parts).holding(connection, number))

        try:
            held = await once_free(
                take, patience=patience, told=lambda held: waits(key, held.message, patience)
            )
        except LeaseHeld as error:
            raise still_held(key, error, patience) from error
        yield held


def still_held(key: str, held: LeaseHeld, patience: float) -> LeaseHeld:
    """Return what is said of a portal that was waited for in vain."""
    waited = f" Waited for {patience:,.0f} s." if patience else ""
    return LeaseHeld(f"{key}: {held.message}{waited}", hint=held.hint)
