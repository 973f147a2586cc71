"""The Postgres and the sandbox portals that another gateway runs on a data folder: found, waited for, missed."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from gateway.cli.calling import with_changes
from gateway.errors import ConfigurationError, DatabaseUnavailable, DatabaseUnusable, PortalUnavailable

if TYPE_CHECKING:
    from gateway.config import Settings

STARTING_SECONDS = 60.0
"""How long another gateway may take to start its Postgres and to migrate it."""
LOOK_SECONDS = 0.5
"""How often is looked whether a lender still lives."""
_PAUSE = 0.1
Opened = TypeVar("Opened")


@dataclass(frozen=True, slots=True)
class Lender:
    """A living gateway that holds a data folder; *url* is its Postgres', None while that starts."""

    since: datetime
    url: str | None

    @property
    def starts(self) -> bool:
        """Whether it may not have come to its end of starting yet."""
        return (datetime.now(UTC) - self.since).total_seconds() < STARTING_SECONDS


def lender(data_dir: Path) -> Lender | None:
    """Return the other gateway that holds *data_dir*, or None."""
    try:
        holder = _holder(data_dir)
        if holder["pid"] == os.getpid():
            return None
        os.kill(holder["pid"], 0)
        return Lender(datetime.fromisoformat(holder["since"]), holder.get("url"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _holder(data_dir: Path) -> Any:
    return json.loads((data_dir / "postgres.lock").read_text("utf-8"))


def _is_ours(data_dir: Path) -> bool:
    """Whether this process runs the Postgres of *data_dir*."""
    try:
        return bool(_holder(data_dir)["pid"] == os.getpid())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def beside(settings: Settings) -> Settings:
    """Return *settings* with the address of the Postgres that another process runs on the data folder."""
    if settings.database_url is not None:
        return settings
    found = lender(settings.data_dir)
    return settings if found is None or found.url is None else with_changes(settings, database_url=found.url)


@asynccontextmanager
async def shared(
    settings: Settings, opening: Callable[[Settings, bool], AbstractAsyncContextManager[Opened]]
) -> AsyncIterator[Opened]:
    """Open what *opening* opens, on our own Postgres or the one that another gateway has; wait while that starts.

    *opening* hears whether the Postgres is to be migrated: an embedded one that nobody else runs is.
    """
    async with AsyncExitStack() as stack:
        yield await _entered(stack, settings, opening)


async def _entered(
    stack: AsyncExitStack,
    settings: Settings,
    opening: Callable[[Settings, bool], AbstractAsyncContextManager[Opened]],
) -> Opened:
    until = time.monotonic() + STARTING_SECONDS
    while True:
        found = beside(settings)
        try:
            return await stack.enter_async_context(opening(found, found.database_url is None))
        except (ConfigurationError, DatabaseUnusable):
            other = None if settings.database_url else lender(settings.data_dir)
            if other is None or not other.starts or time.monotonic() > until:
                raise
        await asyncio.sleep(_PAUSE)


async def while_lent(settings: Settings, origins: Iterable[str], work: Coroutine[Any, Any, None]) -> None:
    """Do *work* for as long as there is what it shares with others: their Postgres, and portals at *origins*.

    Raises DatabaseUnavailable, PortalUnavailable once that is gone.
    """
    working = asyncio.ensure_future(work)
    missing = asyncio.ensure_future(_missing(settings, tuple(origins)))
    try:
        await asyncio.wait({working, missing}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await missing
    finally:
        for task in (working, missing):
            task.cancel()
        await asyncio.gather(working, missing, return_exceptions=True)
    await working


async def _missing(settings: Settings, origins: tuple[str, ...]) -> None:
    """Return never; raise once something is gone that others had."""
    borrows = settings.database_url is None and not _is_ours(settings.data_dir)
    url = beside(settings).database_url
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if borrows and (url is None or beside(settings).database_url != url):
            raise DatabaseUnavailable(
                "The gateway has ended whose Postgres this one shared.",
                hint="Start this one again: it runs one of its own then.",
            )
        for origin in origins:
            if not await _answers(origin):
                raise PortalUnavailable(
                    "The gateway has ended whose sandbox portals this one shared.",
                    hint="Start this one again: it serves its own then.",
                )


async def _answers(origin: str) -> bool:
    parts = urlsplit(origin)
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
