"""How a command comes to an open gateway: beside a running one where that holds the data folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.lending import shared

if TYPE_CHECKING:
    from gateway.compose import Gateway
    from gateway.config import Settings
    from gateway.postgres import Postgres


def settings_for(
    *, data: Path | None = None, sandbox: bool | None = None, talkative: bool = False, **given: Any
) -> Settings:
    """Return the settings of a command that works on a database, and set up its log lines."""
    from gateway.cli.calling import folder, load, log
    from gateway.cli.place import place

    settings = load(data_dir=folder(data), sandbox=sandbox, **given)
    log(settings, talkative=talkative)
    return place(settings) if settings.sandbox else settings


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """Open the gateway; an embedded Postgres that nobody else runs is migrated, any other one is not."""
    from gateway.compose import opened

    async with shared(settings, lambda found, migrate: opened(found, migrate=migrate)) as gateway:
        yield gateway


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Postgres]:
    """Open the Postgres of ``open_gateway`` and nothing more, for processes that open a gateway each."""
    from gateway.compose import prepared

    async with shared(settings, lambda found, migrate: prepared(found, migrate=migrate)) as database:
        yield database


def known_portals(settings: Settings, keys: list[str] | None) -> list[str] | None:
    """Return *keys* as they are written everywhere; UsageError for one that is not configured."""
    from gateway.config import portal_key
    from gateway.errors import UsageError
    from gateway.registry import portals

    if not keys:
        return None
    configured = portals(settings)
    wanted = [portal_key(key) for key in keys]
    for key in wanted:
        if key not in configured:
            raise UsageError(
                f"There is no portal {key!r}.",
                hint=f"There are: {', '.join(configured)}. `gateway portals` tells more.",
            )
    return wanted
