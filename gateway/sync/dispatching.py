"""The queue: units that are due, taken by the workers of any number of machines that share the Postgres.

pgqueuer keeps the queue; this is the only module that knows it. The timetable says what is due, every worker puts that
into the queue, and a key of its own keeps a unit from being there twice. A portal's units are done one at a time. A job
is no more than a reminder: whoever takes it looks, under the portal's lease, whether it is still due. So a job that is
lost, or done by two workers after all, costs nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import asyncpg
import structlog
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.errors import FailingListenerError, RetryRequested
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries
from pgqueuer.types import Channel

from gateway.errors import GatewayError
from gateway.ports import Pass
from gateway.store.away import LOST, passes
from gateway.store.lease import BEATS
from gateway.sync.units import Duty, Unit, Units, first, pause

log = structlog.get_logger()

_SETTINGS = DBSettings(
    channel=Channel("gateway_queue"),
    function="sync_queue_changed",
    statistics_table="sync_queue_statistics",
    queue_status_type="sync_queue_status",
    queue_table="sync_queue",
    queue_table_log="sync_queue_log",
    trigger="sync_queue_changed",
    schedules_table="sync_queue_schedule",
    durability=Durability.balanced,
)
"""The names that the migrations gave to what pgqueuer needs, whatever the environment says."""
_LOOKS = 8
"""How often, in a heartbeat, the queue is looked at though nothing was heard."""
_FORGET_SECONDS = 3600.0
"""Pause between two removals of pgqueuer's own log, which nobody reads."""
HAND_BACK_SECONDS = 7.0
"""How long a pass may take to end once its worker is to stop."""


@dataclass(slots=True)
class Dispatcher:
    """Takes units of *portals* from the queue and does them, until it is told to stop."""

    portals: Sequence[str]
    units: Units
    connect: Callable[[], Awaitable[asyncpg.Connection]]
    heartbeat: float
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self, stop: asyncio.Event) -> None:
        """Work until *stop* is set, then hand back what is under way; what Postgres cannot do is tried again."""
        while not stop.is_set():
            try:
                await self._connected(stop)
            except (asyncpg.PostgresError, FailingListenerError, GatewayError, *LOST) as error:
                if isinstance(error, asyncpg.PostgresError) and not passes(error):
                    raise
                log.warning("queue_away", error=str(error) or type(error).__name__)
                await pause(stop, self.heartbeat / _LOOKS)

    async def _connected(self, stop: asyncio.Event) -> None:
        """Work for as long as the connections to Postgres last."""
        taking, planning = await self.connect(), None
        try:
            planning = await self.connect()
            await self._run(_queries(taking), _queries(planning), stop)
        finally:
            for connection in (taking, planning):
                if connection is not None:
                    connection.terminate()

    async def _run(self, taking: Queries, planning: Queries, stop: asyncio.Event) -> None:
        manager = QueueManager(taking, channel=_SETTINGS.channel)
        for portal in self.portals:
            manager.entrypoint(portal, concurrency_limit=1, accepts_context=False)(
                partial(self._execute, stop=stop)
            )
        beside = [
            asyncio.ensure_future(self._plan(planning, manager.shutdown)),
            asyncio.ensure_future(_pass_on(stop, manager.shutdown)),
        ]
        try:
            await manager.run(
                dequeue_timeout=timedelta(seconds=self.heartbeat / _LOOKS),
                batch_size=1,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=timedelta(seconds=BEATS * self.heartbeat),
                log_aggregation_interval=timedelta(0),
            )
        finally:
            for task in beside:
                task.cancel()
            ended = await asyncio.gather(*beside, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    async def _plan(self, queue: Queries, end: asyncio.Event) -> None:
        """Put what is due into the queue, again and again; when that fails, *end* the work."""
        forgotten = -_FORGET_SECONDS
        try:
            while True:
                self._changed.clear()
                duties = first(await self.units.due(self.portals))
                await _put(queue, [duty.unit for duty in duties if duty.seconds <= 0])
                if time.monotonic() - forgotten >= _FORGET_SECONDS:
                    forgotten = time.monotonic()
                    await queue.clear_queue_log(list(self.portals))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), self._until(duties))
        finally:
            end.set()

    def _until(self, duties: Sequence[Duty]) -> float:
        """Return the seconds until the timetable is worth a look."""
        coming = [duty.seconds for duty in duties if duty.seconds > 0]
        return max(0.05, min(self.heartbeat / _LOOKS, *coming)) if coming else self.heartbeat / _LOOKS

    async def _execute(self, job: Job, stop: asyncio.Event) -> None:
        """Do the unit of *job*; hand it back at once, for the next worker, where this one is to stop."""
        assert job.payload is not None, "jobs are made by _put"
        working = asyncio.ensure_future(self.units.do(Unit(job.entrypoint, Pass(job.payload.decode()))))
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            handed_back = working.cancel()
            await asyncio.wait({working}, timeout=HAND_BACK_SECONDS)
        self._changed.set()
        if handed_back:
            raise RetryRequested(reason="handed back")


def _queries(connection: asyncpg.Connection) -> Queries:
    return Queries(
        AsyncpgDriver(connection),
        qbe=QueryBuilderEnvironment(_SETTINGS),
        qbq=QueryQueueBuilder(_SETTINGS),
        qbs=QuerySchedulerBuilder(_SETTINGS),
    )


async def _put(queue: Queries, units: Sequence[Unit]) -> None:
    """Put *units* into the queue that are not there yet, nor taken from it."""
    for unit in units:
        await queue.enqueue(
            unit.portal, unit.kind.encode(), dedupe_key=f"{unit.portal} {unit.kind}", on_conflict="skip"
        )


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()
