"""Engines that a test makes for itself: closed also where it fails, since their connections keep its pool open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from harvest_graphql.engine import Engine


@asynccontextmanager
async def engine_on(pool: Any, **options: Any) -> AsyncIterator[Engine]:
    """An engine on *pool*; *options* as in ``Engine``."""
    engine = Engine(pool, **options)
    try:
        yield engine
    finally:
        await engine.close()
