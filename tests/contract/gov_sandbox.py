"""The sandbox Data.gov behind its gateway, as tests ask it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp

from adapters.data_gov.sandbox import SANDBOX, routes
from adapters.data_gov.sandbox_gateway import OPEN_KEY
from gateway.sandbox.changes import Changes
from gateway.sandbox.changes_view import View
from gateway.sandbox.control import Running, running

EPOCH = datetime(2026, 11, 22, 8, tzinfo=UTC)
NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    status: int
    headers: Any
    media_type: str
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body's value."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Return the code of an error of the gateway's own."""
        assert self.media_type == "application/json"
        error: dict[str, str] = self.json["error"]
        assert error.keys() == {"code", "message"}
        return error["code"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Asks the portal below its base URL, with a key, and keeps nothing."""

    session: aiohttp.ClientSession
    server: Running
    view: View
    """The portal's database at the epoch."""

    async def ask(self, path: str, method: str = "GET", key: str | None = OPEN_KEY, **options: Any) -> Said:
        """Return the answer to a request."""
        if key is not None:
            options["headers"] = {"X-Api-Key": key}
        url = self.server.base_url + path
        async with self.session.request(method, url, allow_redirects=False, **options) as response:
            return Said(response.status, response.headers, response.content_type, await response.read())

    async def rows(self, path: str) -> Any:
        """Return the value of a good answer."""
        said = await self.ask(path)
        assert (said.status, said.media_type) == (200, "application/json"), said.body
        return said.json


@asynccontextmanager
async def visiting(
    world: Changes, dialect: str, monotonic: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[Visitor]:
    """Serve *world* in *dialect*; bursts are counted on *monotonic*."""
    portal = replace(SANDBOX, build=lambda *_: world, routes=partial(routes, monotonic=monotonic))
    server = running(portal, seed=7, scale=1, epoch=EPOCH, dialect=dialect)
    async with server as started, aiohttp.ClientSession() as session:
        yield Visitor(session, started, world.at(EPOCH))
