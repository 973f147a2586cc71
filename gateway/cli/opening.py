"""How a command comes to an open gateway: beside a running one where that holds the data folder."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.calling import with_changes

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


def beside(settings: Settings) -> Settings:
    """Return *settings* with the address of the Postgres that another process runs on the data folder."""
    if settings.database_url is not None:
        return settings
    url = running_postgres(settings.data_dir)
    return settings if url is None else with_changes(settings, database_url=url)


def running_postgres(data_dir: Path) -> str | None:
    """Return the address of the Postgres that a living gateway started on *data_dir*, or None."""
    try:
        holder = json.loads((data_dir / "postgres.lock").read_text("utf-8"))
        os.kill(holder["pid"], 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(holder["url"]) if "url" in holder else None


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """Open the gateway; an embedded Postgres that nobody else runs is migrated, any other one is not."""
    from gateway.compose import opened

    found = beside(settings)
    async with opened(found, migrate=found.database_url is None) as gateway:
        yield gateway


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Postgres]:
    """Open the Postgres of ``open_gateway`` and nothing more, for processes that open a gateway each."""
    from gateway.compose import prepared

    found = beside(settings)
    async with prepared(found, migrate=found.database_url is None) as database:
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
