"""The endpoint as it is served: what is mounted, who is let in, on which port."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import partial
from typing import Any

from aiohttp import web

from gateway import postgres, resources
from gateway.access.keys import Keys
from gateway.access.spending import Spending
from gateway.compose.deciding import Desk
from gateway.compose.parts import Parts
from gateway.compose.passes import ask_payload
from gateway.compose.settling import settle
from gateway.errors import ConfigurationError
from gateway.store import drifted, upkeep, webhooks
from gateway.store.webhooks import Measured
from harvest_graphql import payloads
from harvest_graphql.events import Events
from harvest_graphql.feed import Feed
from harvest_graphql.limits import limits
from harvest_graphql.pages.mounting import Pages
from harvest_graphql.plan.payloads import PATH as PAYLOADS
from harvest_graphql.serving import cors, methods, probes
from harvest_graphql.serving.addresses import Addresses
from harvest_graphql.serving.briefly import Briefly
from harvest_graphql.serving.callers import Admit, Admitted
from harvest_graphql.serving.discreet import Runner
from harvest_graphql.serving.metrics import Metrics
from harvest_graphql.serving.persisted import Documents
from harvest_graphql.serving.purses import Purses
from harvest_graphql.serving.rates import FILE, Callers, Rates, paid, unlimited
from harvest_graphql.serving.reading import MOST_LINE
from harvest_graphql.serving.siblings import Siblings
from harvest_graphql.serving.streams import Streams
from harvest_graphql.sockets.endpoint import Sockets
from harvest_graphql.sockets.operations import Service
from harvest_graphql.view import PATH, routes, short

_WAITING = {
    "held_deletions": "Deletions that wait for an operator's word.",
    "quarantined": "Elements that could not be read and are kept aside.",
}
_DRIFT = {
    "drift": "Fields, types and words in its answers that the gateway does not know.",
    "drift_newest_timestamp_seconds": "When the newest of them was first seen.",
}
SHUTDOWN_SECONDS = 3.0
"""How long requests under way may take once the endpoint is to end."""


async def serve(
    parts: Parts,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    ready: Callable[[str], None],
    siblings: Siblings | None = None,
) -> None:
    """Serve the endpoint until *stop* is set; *ready* hears its address. ConfigurationError: port in use.

    With *siblings* the port is shared with their processes, and so are the numbers.
    """
    app, metrics = web.Application(), Metrics(parts.engine, parts.pool, siblings)
    brief = _mount(parts, app, metrics)
    origins = parts.settings.cors_origins
    cors.allow(app, origins, (PATH, PAYLOADS))
    runner = Runner(
        app,
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
        max_line_size=MOST_LINE,
        path=PATH,
        brief=None if origins else brief,  # with origins, answers are marked on the way
    )
    await runner.setup()
    try:
        async with (
            parts.listener.listening(),
            _beside(_spending(parts).forget_on()),
            siblings.telling(metrics.collect) if siblings else nullcontext(),
        ):
            await _listen(runner, host, port, shared=siblings is not None)
            address = runner.addresses[0]
            settle()
            ready(f"http://{host}:{address[1]}")
            await stop.wait()
    finally:
        await runner.cleanup()


def _spending(parts: Parts) -> Spending:
    return Spending(parts.pool, parts.settings.rate_seconds)


async def _drift(parts: Parts) -> dict[str, dict[str, float]]:
    async with parts.pool.acquire() as connection:
        return await drifted.counted(connection)


async def _deliveries(parts: Parts) -> list[Measured]:
    async with parts.pool.acquire() as connection:
        return await webhooks.measured(connection)


async def _upkeep(parts: Parts) -> list[dict[str, Any]]:
    async with parts.pool.acquire() as connection:
        return await upkeep.told(connection)


def _admit(parts: Parts) -> Admit:
    """Return what tells whose a key is."""
    keys = Keys(parts.pool)

    async def admit(key: str) -> Admitted | None:
        found = await keys.valid(key)
        return None if found is None else Admitted(found.scopes, found.name)

    return admit


def _callers(parts: Parts) -> Callers:
    """Return what limits callers without a key, by the settings."""
    cost, seconds = parts.settings.rate_cost, parts.settings.rate_seconds
    if not cost:
        return unlimited
    purses = Purses(_spending(parts).take, limit=cost, seconds=seconds, clock=time.monotonic)
    return Rates(purses, Addresses(parts.settings.trusted_proxies), cost=cost, seconds=seconds).caller


def _mount(parts: Parts, app: web.Application, metrics: Metrics) -> Briefly:
    """Put everything that is served on *app*; return the short way of what is posted to the endpoint."""
    trusted, locked = parts.settings.documents == "trusted", parts.settings.profile == "locked"
    documents = Documents(resources.operations(), trusted=trusted)
    told = limits(parts.settings.limits, locked=locked)
    pages = Pages(resources.operations(), limits=told, trusted=trusted)
    ready = partial(postgres.ensure_ready, parts.pool, postgres.head())
    admit, callers = _admit(parts), _callers(parts)
    feed = Feed(parts.listener, parts.engine.newest)
    service = Service(parts.engine, documents, Events(parts.listener), metrics.observe, feed)
    addresses = Addresses(parts.settings.trusted_proxies)
    sockets = Sockets(
        service, admit, origins=parts.settings.cors_origins, addresses=addresses, callers=callers
    )
    streams = Streams(service, admit, places=sockets.places, addresses=addresses)
    metrics.gauge("sockets", "Open websockets and streams of events.", lambda: sockets.open)
    metrics.by_portal(_WAITING, Desk(parts).waiting)
    metrics.by_portal(_DRIFT, partial(_drift, parts))
    metrics.by_webhook(partial(_deliveries, parts))
    metrics.by_upkeep(partial(_upkeep, parts))
    metrics.counted(
        "refreshes",
        "Readings of one source or run before an answer, by outcome: LIVE or why not.",
        "outcome",
        lambda: parts.refresher.outcomes,
    )
    metrics.gauge("subscriptions", "Subscriptions that are running.", lambda: sockets.watchers)
    app.on_shutdown.extend((sockets.close, streams.close))
    (endpoint,) = routes(
        parts.engine,
        admit=admit,
        documents=documents,
        observe=metrics.observe,
        callers=callers,
        page=None if locked else pages.front,
        methods=methods.POST if locked else methods.ALL,
        sockets=sockets,
        streams=streams,
    )
    app.add_routes(
        [
            endpoint,
            *([] if locked else pages.routes()),
            *probes.routes(ready),
            *metrics.routes(),
            *paid(payloads.routes(parts.pool, partial(ask_payload, parts)), callers, FILE),
        ]
    )
    return short(parts.engine, admit=admit, documents=documents, observe=metrics.observe, callers=callers)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do *work* for the length of a ``with`` block."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _listen(runner: Runner, host: str, port: int, *, shared: bool) -> None:
    try:
        await web.TCPSite(runner, host, port, reuse_port=shared or None).start()
    except OSError as error:
        raise ConfigurationError(
            f"The gateway cannot listen on {host}:{port}: {error.strerror or error}.",
            hint="Choose another port with --port, or stop what uses it.",
        ) from error
