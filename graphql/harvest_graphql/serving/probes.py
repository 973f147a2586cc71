"""`/healthz` and `/readyz`: whether the process is up, and whether it can answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.hdrs import CACHE_CONTROL

from gateway.errors import DatabaseError

Ready = Callable[[], Awaitable[None]]
"""Raises DatabaseError, in words that anybody may read, where requests cannot be answered now."""
HEALTH = "/healthz"
READY = "/readyz"
_log = logging.getLogger(__name__)


def routes(ready: Ready) -> list[web.RouteDef]:
    """Return the routes of the probes."""

    async def health(_: web.Request) -> web.Response:
        return _said(200, "ok")

    async def readiness(_: web.Request) -> web.Response:
        try:
            await ready()
        except DatabaseError as error:
            _log.warning("not ready: %s", error)
            return _said(503, str(error))
        return _said(200, "ready")

    return [web.get(HEALTH, health), web.get(READY, readiness)]


def _said(status: int, words: str) -> web.Response:
    return web.Response(text=f"{words}\n", status=status, headers={CACHE_CONTROL: "no-store"})
