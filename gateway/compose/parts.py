"""What an open gateway is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from gateway.compose.refreshing import Refresher
from gateway.config import Settings
from gateway.errors import UsageError
from gateway.ports import Adapter, Portal
from harvest_graphql.engine import Engine
from harvest_graphql.listening import Listener


@dataclass(frozen=True, slots=True)
class Parts:
    """Postgres answers and is migrated, the portals are registered."""

    settings: Settings
    where: str
    """Which Postgres this is, for people."""
    url: str
    """Its address, a secret."""
    pool: asyncpg.Pool
    portals: Mapping[str, Portal]
    adapters: Mapping[str, Adapter]
    numbers: Mapping[str, int]
    engine: Engine
    listener: Listener
    """Hears what commits tell, while the endpoint is served."""
    refresher: Refresher
    """Reads one thing anew, before an answer about it."""

    def portal(self, key: str) -> Portal:
        """Return the configured portal *key*; UsageError for an unknown one."""
        if key not in self.portals:
            raise UsageError(f"There is no portal {key!r}.", hint=f"There are: {', '.join(self.portals)}.")
        return self.portals[key]
