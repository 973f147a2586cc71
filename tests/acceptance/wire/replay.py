"""A server on loopback that answers every request with one capture, and the client that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from acceptance.wire.capture import Capture
from aiohttp import web

from gateway.fetch.client import Client

NOW = datetime(2026, 11, 21, 23, 46, tzinfo=UTC)
"""When the captures were made: the epoch of the sandboxes that are held against them."""
KEPT = ("Content-Type", "Location", "WWW-Authenticate", "Allow", "Retry-After")


async def _patient(seconds: float) -> None:
    """Wait for nothing: what is replayed does not change."""


@asynccontextmanager
async def replayed(capture: Capture) -> AsyncIterator[Client]:
    """Serve the answer of *capture* for every path and method; yield a client of that server."""

    async def handle(request: web.Request) -> web.Response:
        del request
        headers = {name: capture.answered[name] for name in KEPT if name in capture.answered}
        return web.Response(status=capture.status, headers=headers, body=capture.raw)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        async with Client(
            portal=capture.portal,
            base_url=f"http://127.0.0.1:{port}",
            now=lambda: NOW,
            user_agent="captures",
            requests_per_second=10_000,
            sleep=_patient,
        ) as client:
            yield client
    finally:
        await runner.cleanup()
