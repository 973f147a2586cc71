"""What can be done with an open gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from gateway import postgres, resources
from gateway.access.scopes import SYNC
from gateway.compare.measure import Comparison, compare
from gateway.compose.parts import Parts
from gateway.compose.passes import Clock, ask_payload, portal_clock, run_pass
from gateway.compose.serving import serve
from gateway.compose.taking import Waits, still_held, taken, unheard
from gateway.compose.tending import tended, tending
from gateway.compose.units import dispatcher, units
from gateway.compose.webhooks import delivering
from gateway.errors import LeaseHeld, LeaseLost, UsageError
from gateway.ports import Part, Pass, Portal
from gateway.store import drifted, overview
from gateway.store.renormalise import renormalise
from gateway.sync.patience import once_free
from gateway.sync.progress import Progress, RunSummary
from gateway.sync.worker import PortalWorker
from harvest_graphql.serving.siblings import Siblings


@dataclass(frozen=True, slots=True)
class Gateway(Parts):
    """An open gateway."""

    async def sync(
        self,
        keys: Sequence[str] | None,
        *,
        full: bool,
        progress: Progress,
        clock: Clock | None = None,
        patience: float = 0.0,
        leave: bool = False,
    ) -> list[RunSummary]:
        """Bring the portals *keys* (None: all) up to date, each on its own; *full* reconciles.

        *clock* replaces the portals' clocks. A portal that another process is at work on is waited for, *patience*
        seconds at most, and is then LeaseHeld, or with *leave* left to whoever has it. UsageError for an unknown key.
        """
        kind = Pass.RECONCILE if full else Pass.POLL
        chosen = [self.portal(key) for key in (self.portals if keys is None else keys)]

        async def run(portal: Portal) -> RunSummary | None:
            return await once_free(
                partial(run_pass, self, portal, kind, progress, clock),
                patience=patience,
                told=lambda held: progress.waits(portal.key, held.message, patience),
            )

        # With exceptions returned, a cancelled gather waits for every pass: each still ends its run in Postgres.
        outcomes = await asyncio.gather(*map(run, chosen), return_exceptions=True)
        for portal, outcome in zip(chosen, outcomes, strict=True):
            if leave and isinstance(outcome, LeaseHeld | LeaseLost):
                progress.waits(portal.key, outcome.message, 0.0)
                continue
            if isinstance(outcome, LeaseHeld):
                raise still_held(portal.key, outcome, patience) from outcome
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, RunSummary)]

    async def work(self, stop: asyncio.Event, progress: Progress) -> None:
        """Keep all portals current until *stop* is set, without the queue."""
        due = units(self, progress)
        async with asyncio.TaskGroup() as group:
            for key in self.portals:
                group.create_task(PortalWorker(key, due).work(stop))

    async def tend(self, stop: asyncio.Event) -> None:
        """Send events to the webhooks, and prune when that is due, until *stop* is set."""
        async with delivering(self, stop), tending(self, stop):
            await stop.wait()

    async def dispatch(self, stop: asyncio.Event, progress: Progress) -> None:
        """Do the same as ``work`` and ``tend``, together with all others who take units from the queue."""
        async with delivering(self, stop), tending(self, stop):
            await dispatcher(self, progress).work(stop)

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
        await serve(self, host=host, port=port, stop=stop, ready=ready, siblings=siblings)

    async def status(self) -> dict[str, Any]:
        """Return where each portal stands: streams, counts, last runs, and the upkeep, as plain values."""
        async with self.pool.acquire() as connection:
            return {
                "database": self.where,
                "portals": await overview.portals(connection, list(self.portals)),
                "upkeep": await tended(self, connection),
            }

    async def drift(self, keys: Sequence[str] | None, since: datetime | None = None) -> list[dict[str, Any]]:
        """Return what portals have sent that nobody expected, the newest first."""
        async with self.pool.acquire() as connection:
            return await drifted.listed(connection, list(self.portals) if keys is None else keys, since)

    async def renormalise(
        self, key: str | None, *, patience: float = 0.0, waits: Waits = unheard
    ) -> dict[str, Any]:
        """Read all stored documents again with today's rules; return per portal what that changed.

        A portal that another process is at work on is waited for, *patience* seconds at most, and is then LeaseHeld.
        """
        chosen = [self.portal(key)] if key else list(self.portals.values())
        changed: dict[str, Any] = {}
        for portal in chosen:
            connection = await postgres.connect(self.url)
            try:
                now, number = await portal_clock(portal), self.numbers[portal.key]
                async with taken(
                    self, connection, portal.key, number, patience=patience, waits=waits
                ) as held:
                    changed[portal.key] = await renormalise(
                        connection,
                        number=number,
                        adapter=self.adapters[portal.settings.adapter],
                        held=held,
                        batch=self.settings.batch_size,
                        now=now,
                    )
            finally:
                await connection.close()
        return changed

    async def compare(self, since: datetime | None = None, until: datetime | None = None) -> Comparison:
        """Return the portals side by side over the runs created in [since, until)."""
        async with self.pool.acquire() as connection:
            return await compare(connection, since=since, until=until)

    async def execute(self, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a named document of graphql/operations; UsageError for an unknown name.

        Whoever may open the database may have it sync, and so have things read anew.
        """
        documents = resources.operations()
        if operation not in documents:
            raise UsageError(
                f"There is no operation {operation!r}.", hint=f"There are: {', '.join(documents)}."
            )
        answer: dict[str, Any] = msgspec.json.decode(
            await self.engine.execute(documents[operation], variables, scopes=frozenset({SYNC}))
        )
        return answer

    async def fetch_payload(self, key: str, record: str, part: Part) -> bool:
        """Ask the portal *key* for a payload of the record with that native id, and store it; see ``ask_payload``."""
        return await ask_payload(self, key, record, part)
