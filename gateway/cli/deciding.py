"""How a command comes to the desk where operators decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from gateway.compose.deciding import Desk
    from gateway.config import Settings

Result = TypeVar("Result")
COMMAND_LINE = "command line"
"""Who has decided what is decided here, as it is noted: of a key it is the name."""


def at_desk(settings: Settings, work: Callable[[Desk], Awaitable[Result]]) -> Result:
    """Return what *work* does at the desk of the database that the other commands use."""
    from gateway.cli.calling import await_result

    return await_result(_open(settings, work))


async def _open(settings: Settings, work: Callable[[Desk], Awaitable[Result]]) -> Result:
    from gateway.cli.opening import open_gateway
    from gateway.compose.deciding import Desk

    async with open_gateway(settings) as gateway:
        return await work(Desk(gateway))
