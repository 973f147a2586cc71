"""Opens and closes everything: the only module that knows all the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import msgspec
from aiohttp import web

from gateway import postgres, registry, resources
from gateway.access.keys import Keys
from gateway.access.spending import Spending
from gateway.compare.measure import Comparison, compare
from gateway.config import Settings
from gateway.errors import ConfigurationError, UsageError
from gateway.ports import Adapter, Part, Pass, Portal
from gateway.store import overview, portals
from gateway.store.absence import Cap
from gateway.store.lease import this_process
from gateway.store.renormalise import renormalise
from gateway.sync.asking import asked, fetch_payload
from gateway.sync.passes import Limits, PortalPass
from gateway.sync.progress import Progress, RunSummary
from gateway.sync.worker import PortalWorker, Rhythm
from harvest_graphql import payloads
from harvest_graphql.engine import Engine
from harvest_graphql.events import Events
from harvest_graphql.limits import limits
from harvest_graphql.listening import Listener
from harvest_graphql.pages.mounting import Pages
from harvest_graphql.plan.payloads import PATH as PAYLOADS
from harvest_graphql.serving import cors, methods, probes
from harvest_graphql.serving.addresses import Addresses
from harvest_graphql.serving.discreet import Runner
from harvest_graphql.serving.metrics import Metrics
from harvest_graphql.serving.persisted import Documents
from harvest_graphql.serving.purses import Purses
from harvest_graphql.serving.rates import FILE, Callers, Rates, paid, unlimited
from harvest_graphql.serving.reading import MOST_LINE
from harvest_graphql.serving.settling import settle
from harvest_graphql.serving.shortcut import Handle, Shortcut
from harvest_graphql.serving.siblings import Siblings
from harvest_graphql.sockets.endpoint import Sockets
from harvest_graphql.sockets.operations import Service
from harvest_graphql.view import PATH, routes

Clock = Callable[[], datetime]

_SHUTDOWN_SECONDS = 3.0


def real_time() -> datetime:
    """Return the time (aware, UTC)."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Gateway:
    """An open gateway: Postgres answers and is migrated, the portals are registered."""

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

    async def sync(
        self, keys: Sequence[str] | None, *, full: bool, progress: Progress, clock: Clock | None = None
    ) -> list[RunSummary]:
        """Bring the portals *keys* (None: all) up to date, each on its own; *full* reconciles.

        *clock* replaces the portals' clocks. UsageError for an unknown key.
        """
        kind = Pass.RECONCILE if full else Pass.POLL
        chosen = [self._portal(key) for key in (self.portals if keys is None else keys)]
        passes = (self._pass(portal, kind, progress, clock) for portal in chosen)
        # With exceptions returned, a cancelled gather waits for every pass: each still ends its run in Postgres.
        outcomes = await asyncio.gather(*passes, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, RunSummary)]

    async def work(self, stop: asyncio.Event, progress: Progress) -> None:
        """Keep all portals current until *stop* is set."""
        rhythm = Rhythm(self.settings.poll_seconds, self.settings.reconcile_seconds)
        async with asyncio.TaskGroup() as group:
            for portal in self.portals.values():
                group.create_task(self._worker(portal, rhythm, progress).work(stop))

    async def serve(
        self,
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
        app, metrics = web.Application(), Metrics(self.engine, self.pool, siblings)
        endpoint = self._mount(app, metrics)
        origins = self.settings.cors_origins
        cors.allow(app, origins, (PATH, PAYLOADS))
        runner = Runner(
            app,
            access_log=None,
            shutdown_timeout=_SHUTDOWN_SECONDS,
            max_line_size=MOST_LINE,
            shortcut=None
            if origins
            else Shortcut(PATH, endpoint),  # with origins, answers are marked on the way
        )
        await runner.setup()
        try:
            async with (
                self.listener.listening(),
                _beside(self._spending.forget_on()),
                siblings.telling(metrics.collect) if siblings else nullcontext(),
            ):
                await _listen(runner, host, port, shared=siblings is not None)
                address = runner.addresses[0]
                settle()
                ready(f"http://{host}:{address[1]}")
                await stop.wait()
        finally:
            await runner.cleanup()

    @property
    def _spending(self) -> Spending:
        return Spending(self.pool, self.settings.rate_seconds)

    def _callers(self) -> Callers:
        """Return what limits callers without a key, by the settings."""
        cost, seconds = self.settings.rate_cost, self.settings.rate_seconds
        if not cost:
            return unlimited
        purses = Purses(self._spending.take, limit=cost, seconds=seconds, clock=time.monotonic)
        return Rates(purses, Addresses(self.settings.trusted_proxies), cost=cost, seconds=seconds).caller

    def _mount(self, app: web.Application, metrics: Metrics) -> Handle:
        """Put everything that is served on *app*; return what answers at the endpoint."""
        trusted, locked = self.settings.documents == "trusted", self.settings.profile == "locked"
        documents = Documents(resources.operations(), trusted=trusted)
        told = limits(self.settings.limits, locked=locked)
        pages = Pages(resources.operations(), limits=told, trusted=trusted)
        ready = partial(postgres.ensure_ready, self.pool, postgres.head())
        admit, callers = Keys(self.pool).scopes_of, self._callers()
        sockets = Sockets(
            Service(self.engine, documents, Events(self.listener), metrics.observe),
            admit,
            origins=self.settings.cors_origins,
            addresses=Addresses(self.settings.trusted_proxies),
            callers=callers,
        )
        metrics.gauge("sockets", "Open websockets.", lambda: sockets.open)
        metrics.gauge("subscriptions", "Subscriptions that are running.", lambda: sockets.watchers)
        app.on_shutdown.append(sockets.close)
        (endpoint,) = routes(
            self.engine,
            admit=admit,
            documents=documents,
            observe=metrics.observe,
            callers=callers,
            page=None if locked else pages.front,
            methods=methods.POST if locked else methods.ALL,
            sockets=sockets,
        )
        app.add_routes(
            [
                endpoint,
                *([] if locked else pages.routes()),
                *probes.routes(ready),
                *metrics.routes(),
                *paid(payloads.routes(self.pool, self.fetch_payload), callers, FILE),
            ]
        )
        handler: Any = endpoint.handler
        return cast("Handle", handler)

    async def status(self) -> dict[str, Any]:
        """Return where each portal stands: streams, counts, last runs, as plain values."""
        async with self.pool.acquire() as connection:
            return {
                "database": self.where,
                "portals": await overview.portals(connection, list(self.portals)),
            }

    async def renormalise(self, key: str | None) -> dict[str, Any]:
        """Read all stored documents again with today's rules; return per portal what that changed."""
        chosen = [self._portal(key)] if key else list(self.portals.values())
        changed: dict[str, Any] = {}
        for portal in chosen:
            connection = await postgres.connect(self.url)
            try:
                changed[portal.key] = await renormalise(
                    connection,
                    number=self.numbers[portal.key],
                    adapter=self.adapters[portal.settings.adapter],
                    holder=this_process(),
                    batch=self.settings.batch_size,
                    now=await portal_clock(portal),
                )
            finally:
                await connection.close()
        return changed

    async def compare(self, since: datetime | None = None, until: datetime | None = None) -> Comparison:
        """Return the portals side by side over the runs created in [since, until)."""
        async with self.pool.acquire() as connection:
            return await compare(connection, since=since, until=until)

    async def execute(self, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a named document of graphql/operations; UsageError for an unknown name."""
        documents = resources.operations()
        if operation not in documents:
            raise UsageError(
                f"There is no operation {operation!r}.", hint=f"There are: {', '.join(documents)}."
            )
        answer: dict[str, Any] = msgspec.json.decode(
            await self.engine.execute(documents[operation], variables)
        )
        return answer

    async def fetch_payload(self, key: str, record: str, part: Part) -> bool:
        """Ask the portal *key* for a payload of the record with that native id, and store it.

        False where the portal's wire has none of its own, or the portal is no longer configured. Raises
        PortalUnavailable, PortalRefused, PortalUnreadable.
        """
        if key not in self.portals:
            return False
        portal, number = self.portals[key], self.numbers[key]
        now = await portal_clock(portal)
        connection = await postgres.connect(self.url)
        try:
            async with asked(connection, portal, number, now) as client:
                adapter = self.adapters[portal.settings.adapter]
                return await fetch_payload(connection, portal, number, adapter, client, record, part)
        finally:
            await connection.close()

    def _portal(self, key: str) -> Portal:
        if key not in self.portals:
            raise UsageError(f"There is no portal {key!r}.", hint=f"There are: {', '.join(self.portals)}.")
        return self.portals[key]

    def _worker(self, portal: Portal, rhythm: Rhythm, progress: Progress) -> PortalWorker:
        async def run(kind: Pass) -> RunSummary:
            return await self._pass(portal, kind, progress, None)

        async def since_reconcile() -> timedelta | None:
            async with self.pool.acquire() as connection:
                began = await overview.reconciled_at(connection, self.numbers[portal.key])
            return None if began is None else (await portal_clock(portal))() - began

        return PortalWorker(portal.key, rhythm, run, since_reconcile)

    async def _pass(self, portal: Portal, kind: Pass, progress: Progress, clock: Clock | None) -> RunSummary:
        """Run one pass over *portal* with a client and a connection of its own."""
        now = clock or await portal_clock(portal)
        connection = await postgres.connect(self.url)
        try:
            async with asked(connection, portal, self.numbers[portal.key], now) as client:
                return await PortalPass(
                    portal=portal,
                    number=self.numbers[portal.key],
                    adapter=self.adapters[portal.settings.adapter],
                    client=client,
                    connection=connection,
                    now=now,
                    holder=this_process(),
                    progress=progress,
                    limits=Limits(
                        self.settings.batch_size,
                        Cap(self.settings.deletion_cap_percent, self.settings.deletion_cap_rows),
                    ),
                ).run(kind)
        finally:
            await connection.close()


@asynccontextmanager
async def prepared(settings: Settings, *, migrate: bool = False) -> AsyncIterator[postgres.Postgres]:
    """Open Postgres, with tables as this version wants them: after it has migrated them, where *migrate* says so."""
    async with postgres.postgres(settings.database_url, settings.data_dir) as database:
        if migrate:
            await postgres.migrate(database.url)
        else:
            await postgres.ensure_current(database.url)
        yield database


@asynccontextmanager
async def opened(settings: Settings, *, migrate: bool = False) -> AsyncIterator[Gateway]:
    """Open Postgres, optionally *migrate* it, register the portals; close everything at the end."""
    adapters = registry.adapters()
    configured = registry.portals(settings)
    async with prepared(settings, migrate=migrate) as database:
        pool = await postgres.connect_pool(database.url, size=settings.pool_size + 2)
        listener = Listener(partial(postgres.connect, database.url))
        engine = Engine(
            pool,
            limits=limits(settings.limits, locked=settings.profile == "locked"),
            connections=settings.pool_size,  # two are left: for callers' keys, and for payloads
            cache_bytes=settings.cache_bytes,
            listener=listener,
        )
        try:
            async with pool.acquire() as connection:
                numbers = await portals.register(connection, configured, adapters)
            yield Gateway(
                settings,
                database.where,
                database.url,
                pool,
                configured,
                adapters,
                numbers,
                engine,
                listener,
            )
        finally:
            await _close(pool, engine)


async def portal_clock(portal: Portal) -> Clock:
    """Return the portal's clock: a sandbox portal's is its world's, a live one's is the time.

    The offset is asked for once a pass, so that a pass has one time.
    """
    if not portal.settings.sandbox:
        return real_time
    parts = urlsplit(portal.settings.base_url)
    url = f"{parts.scheme}://{parts.netloc}/_sandbox/clock"
    try:
        async with aiohttp.ClientSession(trust_env=False) as session, session.get(url) as response:
            told = datetime.fromisoformat((await response.json())["now"])
    except (aiohttp.ClientError, OSError, ValueError, KeyError):
        return real_time  # the pass itself says that the portal cannot be reached
    return lambda: told


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


async def _close(pool: asyncpg.Pool, engine: Engine) -> None:
    try:
        async with asyncio.timeout(_SHUTDOWN_SECONDS):
            await engine.close()
            await pool.close()
    except (TimeoutError, asyncio.CancelledError):
        pool.terminate()
