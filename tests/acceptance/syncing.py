"""A sandbox portal and a database that mirrors it: passes are run, and held against the portal's own truth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
from acceptance.mirror import differences, held

from gateway import postgres, registry
from gateway.fetch.client import Client
from gateway.ports import Adapter, Pass, Portal
from gateway.sandbox import control
from gateway.sandbox.portal import Step
from gateway.store import portals
from gateway.store.keeping import Keeper
from gateway.sync.passes import Limits, PortalPass
from gateway.sync.progress import Progress, RunSummary, Silent

EPOCH = datetime(2026, 11, 20, 6, tzinfo=UTC)

CONTENT = (
    "organization",
    "person",
    "harvest_backend",
    "harvest_source",
    "harvest_job",
    "harvest_record",
    "harvest_error",
    "dataset",
    "document",
    "drift",
    "event",
    "organization_history",
    "harvest_backend_history",
    "harvest_source_history",
    "harvest_job_history",
    "job_rollup",
    "portal_rollup",
)
"""Tables in which an unchanged pass writes nothing."""
BOOKKEEPING = (
    "sync_run",
    "sync_stream",
    "scope",
    "fetch_log",
    "lease",
    "quarantine",
    "data_version",
    "portal",
    "budget",
)


@dataclass(slots=True)
class Rehearsal:
    """One portal, one database, and the passes so far."""

    adapter: Adapter
    portal: Portal
    number: int
    connection: asyncpg.Connection
    sandbox: control.Running
    passes: list[Step]
    keeper: Keeper
    max_requests: int | None = None
    backoff_seconds: float = 0.5
    asking: dict[str, Any] = field(default_factory=dict)
    """Further options of the client."""

    async def run(
        self, kind: Pass, *, progress: Progress | None = None, limits: Limits | None = None
    ) -> RunSummary:
        """Run a pass at the sandbox's time; it counts for the truth once it ended well."""
        now = self.sandbox.clock()
        key = self.portal.settings.api_key
        client = Client(
            portal=self.portal.key,
            base_url=self.portal.settings.base_url,
            now=lambda: now,
            user_agent="harvest-gateway tests",
            api_key=None if key is None else key.get_secret_value(),
            requests_per_second=1e6,
            max_requests=self.max_requests,
            backoff_seconds=self.backoff_seconds,
            **self.asking,
        )
        async with self.keeper.holding(self.connection, self.number) as held, client:
            summary = await PortalPass(
                portal=self.portal,
                number=self.number,
                adapter=self.adapter,
                client=client,
                connection=self.connection,
                now=lambda: now,
                held=held,
                progress=progress or Silent(),
                limits=limits or Limits(),
            ).run(kind)
        if summary.state == "DONE":
            kind = "RECONCILE" if summary.baseline else summary.kind
            self.passes.append(Step(now, kind, self.sandbox.control.dialect))
        return summary

    async def differences(self) -> list[str]:
        """Return where the database differs from what a perfect mirror would hold after the same passes."""
        truth = self.sandbox.world.truth(self.passes)
        return list(differences(await held(self.connection, self.portal.key), truth))

    def minimum(self) -> int:
        """Return how many requests the last pass needed at least."""
        return sum(self.sandbox.world.minimum(self.passes).values())

    async def written(self) -> dict[str, int]:
        """Return the rows written so far, by table."""
        await self.connection.execute("SELECT pg_stat_force_next_flush()")
        rows = await self.connection.fetch(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del AS n FROM pg_stat_user_tables "
            "WHERE schemaname = 'public'"
        )
        return {row["relname"]: row["n"] for row in rows}


@asynccontextmanager
async def rehearsal(
    name: str,
    database_url: str,
    *,
    seed: int,
    scale: int = 1,
    dialect: str = "",
    key: str = "",
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Rehearsal]:
    """Serve the sandbox of the adapter *name*, speaking *dialect*, and open an empty mirror of it.

    *key* is the portal's, by default the adapter's name; *settings* are further ones of the portal.
    """
    adapters = registry.adapters()
    adapter, key = adapters[name], key or name
    connection = await postgres.connect(database_url)
    try:
        async with control.running(
            registry.sandboxes()[name], seed=seed, scale=scale, epoch=EPOCH, dialect=dialect
        ) as sandbox:
            chosen = adapter.settings.model_validate(
                {
                    "adapter": name,
                    "base_url": sandbox.base_url,
                    "sandbox": True,
                    "requests_per_second": 1e6,
                    **(settings or {}),
                }
            )
            portal = Portal(key, chosen)
            numbers = await portals.register(connection, {key: portal}, adapters)
            keeper = Keeper(partial(postgres.connect, database_url), "test", heartbeat=60.0)
            yield Rehearsal(adapter, portal, numbers[key], connection, sandbox, [], keeper)
    finally:
        await connection.close()
