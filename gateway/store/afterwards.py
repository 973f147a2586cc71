"""What is written once work was cancelled: Postgres may hear of it late, and stop the statement that follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import asyncpg

from gateway.store.staging import Connection

_TRIES = 5


async def insist(write: Callable[[], Awaitable[None]]) -> None:
    """Do *write*, again where it was cancelled in the place of a statement before it."""
    for _ in range(_TRIES - 1):
        try:
            return await write()
        except asyncpg.QueryCanceledError:
            continue
    return await write()


async def start_anew(connection: Connection) -> None:
    """Undo what a cancellation has left open on *connection*.

    Who is cancelled on the way to a transaction may have begun one all the same, which nobody ends: all that is
    written later would be lost with it.
    """
    await insist(connection.reset)
