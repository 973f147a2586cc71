"""`/metrics`: what the process does, and how current its data is, for Prometheus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import asyncpg
from aiohttp import web
from aiohttp.hdrs import ACCEPT, CONTENT_TYPE
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from gateway.errors import GatewayError
from gateway.store.webhooks import Measured
from harvest_graphql.engine import Engine
from harvest_graphql.held import LOST, TooSlow, Unreachable
from harvest_graphql.serving import deliveries, tended
from harvest_graphql.serving.siblings import Siblings
from harvest_graphql.serving.tallies import Tallies

PATH = "/metrics"
_NAME = "harvest_gateway"
_SHARED = (f"{_NAME}_portal_", deliveries.PREFIX, tended.PREFIX)
"""What the names of numbers begin with that every process reads from the database."""
_PATIENCE_SECONDS = 5.0
"""How long numbers that are read when they are asked for may take."""
ReadPortals = Callable[[], Awaitable[Mapping[str, Mapping[str, float]]]]
"""Returns numbers by name, each by the keys of portals."""
ReadWebhooks = Callable[[], Awaitable[Iterable[Measured]]]
"""Returns what webhooks took."""
ReadUpkeep = Callable[[], Awaitable[Iterable[Mapping[str, Any]]]]
"""Returns how each kind of upkeep went last: ``gateway.store.upkeep.told``."""


class Metrics:
    """The numbers of one process: counted here where requests are, read from *engine* and *pool* when asked.

    Labels come from closed lists: an outcome is OK, PAGE or an error's code; a portal is a configured one. With
    *siblings* on the same port the numbers of all of them are told, labelled by process.
    """

    def __init__(self, engine: Engine, pool: asyncpg.Pool, siblings: Siblings | None = None) -> None:
        self._engine = engine
        self._siblings = siblings
        self._registry = CollectorRegistry()
        tallies = Tallies(_NAME)
        self._registry.register(tallies)
        self.observe = tallies.observe
        """Counts a request that was answered, by its outcome, after so many seconds."""
        self._state = _State(engine, pool)
        self._registry.register(self._state)
        ProcessCollector(registry=self._registry)

    def gauge(self, name: str, words: str, read: Callable[[], float]) -> None:
        """Show one more number: what *read* returns when it is asked for."""
        self._state.gauges.append((name, words, read))

    def counted(self, name: str, words: str, label: str, read: Callable[[], Mapping[str, int]]) -> None:
        """Show one more number that only grows, for each word of the *label* that *read* returns."""
        self._state.counters.append((name, words, label, read))

    def by_portal(self, words: Mapping[str, str], read: ReadPortals) -> None:
        """Show more numbers, per portal: *words* by name say what each is, *read* returns them."""

        async def look() -> list[Metric]:
            return list(_by_portal(words, await read()))

        self._state.looks.append(look)

    def by_webhook(self, read: ReadWebhooks) -> None:
        """Show more numbers, per webhook: what *read* returns when it is asked for."""

        async def look() -> list[Metric]:
            return deliveries.families(await read())

        self._state.looks.append(look)

    def by_upkeep(self, read: ReadUpkeep) -> None:
        """Show more numbers, per kind of upkeep: what *read* returns when it is asked for."""

        async def look() -> list[Metric]:
            return tended.families(await read())

        self._state.looks.append(look)

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the numbers."""
        return [web.get(PATH, self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with all numbers, in the format that Prometheus asks for."""
        try:
            await self._engine.status()
            self._state.answers = True
            await self._state.look()
        except (TooSlow, Unreachable):
            self._state.answers = False  # the other numbers are known all the same
        encode, content_type = choose_encoder(request.headers.get(ACCEPT, ""))
        numbers: Collector = self._registry
        if self._siblings is not None:
            numbers = await self._siblings.gathered(self.collect(), _SHARED)
        return web.Response(body=encode(numbers), headers={CONTENT_TYPE: content_type})

    def collect(self) -> Iterable[Metric]:
        """Return the numbers of this process."""
        return self._registry.collect()


class _State(Collector):
    """What is read when it is asked for."""

    def __init__(self, engine: Engine, pool: asyncpg.Pool) -> None:
        self._engine = engine
        self._pool = pool
        self.answers = True
        """Whether the database answered a moment ago."""
        self.gauges: list[tuple[str, str, Callable[[], float]]] = []
        self.counters: list[tuple[str, str, str, Callable[[], Mapping[str, int]]]] = []
        self.looks: list[Callable[[], Awaitable[list[Metric]]]] = []
        self._looked: list[Metric] = []

    async def look(self) -> None:
        """Read what the database tells; what cannot be read is left out."""
        self._looked = []
        for read in self.looks:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    self._looked += await read()
            except (GatewayError, asyncpg.PostgresError, *LOST, TimeoutError):
                continue

    def describe(self) -> Iterable[Metric]:
        """Say nothing before it is asked for."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers of now."""
        size, busy = self._engine.connections
        yield CounterMetricFamily(
            f"{_NAME}_statements", "SQL statements sent to answer requests.", self._engine.sent
        )
        yield _gauge("plans", "Compiled operations that are remembered.", self._engine.plans)
        kept = self._engine.answers
        yield CounterMetricFamily(
            f"{_NAME}_cache_hits", "Requests answered with data that were kept.", kept.hits
        )
        yield CounterMetricFamily(f"{_NAME}_cache_misses", "Requests whose data had to be read.", kept.misses)
        yield _gauge("cache_answers", "Answers that are kept.", len(kept))
        yield _gauge("cache_bytes", "Bytes that they take.", kept.bytes)
        yield _gauge("listener_up", "Whether commits are heard of; else no answer is kept.", kept.hears)
        yield _gauge("database_up", "Whether the database answers.", self.answers)
        yield _gauge("answering_connections", "Connections that answers are read on.", size)
        yield _gauge("answering_connections_busy", "Those of them that are in use.", busy)
        yield _gauge("pool_connections", "Open connections to Postgres.", self._pool.get_size())
        yield _gauge("pool_connections_idle", "Those that nobody has taken.", self._pool.get_idle_size())
        yield _gauge("pool_connections_max", "The most that there may be.", self._pool.get_max_size())
        for name, words, read in self.gauges:
            yield _gauge(name, words, read())
        for name, words, label, count in self.counters:
            family = CounterMetricFamily(f"{_NAME}_{name}", words, labels=[label])
            for word, number in count().items():
                family.add_metric([word], number)
            yield family
        yield from _freshness(json.loads(self._engine.known.freshness))
        yield from self._looked


def _by_portal(words: Mapping[str, str], told: Mapping[str, Mapping[str, float]]) -> Iterator[Metric]:
    for name, said in words.items():
        family = GaugeMetricFamily(f"{_NAME}_portal_{name}", said, labels=["portal"])
        for key, value in told[name].items():
            family.add_metric([key], value)
        yield family


def _freshness(portals: dict[str, dict[str, Any]]) -> Iterator[Metric]:
    """Yield how current each portal's data is; an instant that is not known is left out."""
    told = {
        "portal_polled_timestamp_seconds": ("When its last poll succeeded.", "polledAt"),
        "portal_reconciled_timestamp_seconds": ("When it was last read as a whole.", "reconciledAt"),
        "portal_complete": ("Whether its lists are complete.", "complete"),
    }
    for name, (words, member) in told.items():
        family = GaugeMetricFamily(f"{_NAME}_{name}", words, labels=["portal"])
        for key, portal in portals.items():
            if portal[member] is not None:
                family.add_metric([key], _number(portal[member]))
        yield family
    loading = GaugeMetricFamily(
        f"{_NAME}_portal_loading", "Whether its first load goes on.", labels=["portal"]
    )
    for key, portal in portals.items():
        loading.add_metric([key], float(portal["state"] == "LOADING"))
    yield loading


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_NAME}_{name}", words, value)


def _number(value: bool | str) -> float:
    """Return a word of the freshness as a number: an instant as seconds since 1970."""
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else float(value)
