"""Rounds: what one pass over a poisonous portal is shown, and what came of each item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from faults.poisoning.fronts import RUN, Broken, Front

from adapters.data_gouv_fr.runs import run_document
from gateway import registry
from gateway.fetch import decode
from gateway.fetch.client import Client
from gateway.model.document import digest
from gateway.ports import Pass, Portal
from gateway.store import lease, portals
from gateway.store.afterwards import start_anew
from gateway.sync.passes import Limits, PortalPass
from gateway.sync.progress import Silent
from gateway.testing import garbage

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
LEASE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a list, or a page that cannot be split."""

    listed: str
    body: bytes
    good: bool = False
    page: bool = False
    content_type: str = "application/json"

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Return the fingerprints under which it may be kept: its own, that of a page of it alone, of a run's rest."""
        own = digest(self.body), digest(b"[" + self.body + b"]")
        try:
            found = decode.value(self.body)
        except decode.DecodeError:
            return own
        if self.listed != "jobs" or not isinstance(found, dict):
            return own
        return *own, run_document("", "", found, self.body, garbage.FETCH).hash


@dataclass(slots=True)
class Outcome:
    """What came of the items of a round."""

    stored: int = 0
    quarantined: int = 0
    lost: list[Item] = None  # type: ignore[assignment]
    crashes: list[tuple[Item, str]] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Begin with nothing."""
        self.lost, self.crashes = [], []

    def add(self, other: Outcome) -> None:
        """Add what came of other items."""
        self.stored += other.stored
        self.quarantined += other.quarantined
        self.lost += other.lost
        self.crashes += other.crashes


class Reader:
    """Reads one front by real passes into one database."""

    def __init__(self, connection: asyncpg.Connection, front: Front, address: str) -> None:
        self._connection = connection
        self._adapter = registry.adapters()[front.adapter]
        settings: dict[str, Any] = {"adapter": front.adapter, "base_url": address, "backfill_days": None}
        self._portal = Portal(front.name, self._adapter.settings.model_validate(settings))
        self._number = 0
        self._now = START
        self.front = front
        self.passes = 0

    async def open(self) -> None:
        """Register the portal and load what holds it together."""
        known = {self._portal.key: self._portal}
        numbers = await portals.register(self._connection, known, registry.adapters())
        self._number = numbers[self._portal.key]
        self._held = await lease.take(self._connection, self._number, "portal", "poison campaign", term=LEASE)
        self.front.begin(self._now)
        await self._read(Pass.RECONCILE)

    async def round(self, items: Sequence[Item]) -> Outcome:
        """Show *items* and read them; where that breaks a pass, find by halves which of them it was."""
        self._now += timedelta(minutes=20)
        run = self.front.begin(self._now)
        items = [replace(item, body=item.body.replace(RUN.encode(), run)) for item in items]
        for item in items:
            if item.page:
                self.front.broken[item.listed] = Broken(item.body, item.content_type)
            else:
                self.front.rows[item.listed].append(item.body)
        try:
            await self._read(Pass.POLL)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the campaign looks for
            await start_anew(self._connection)
            return await self._halved(items, run, f"{type(error).__name__}: {error}")
        return await self._outcome(items)

    async def _halved(self, items: Sequence[Item], run: bytes, words: str) -> Outcome:
        outcome = Outcome()
        items = [replace(item, body=item.body.replace(run, RUN.encode())) for item in items]
        if len(items) == 1:
            outcome.crashes.append((items[0], words))
            return outcome
        half = len(items) // 2
        outcome.add(await self.round(items[:half]))
        outcome.add(await self.round(items[half:]))
        return outcome

    async def _read(self, kind: Pass) -> None:
        now = self._now
        client = Client(
            portal=self._portal.key,
            base_url=self._portal.settings.base_url,
            now=lambda: now,
            user_agent="harvest-gateway tests",
            requests_per_second=1e6,
            backoff_seconds=0.0,
        )
        async with client:
            await PortalPass(
                portal=self._portal,
                number=self._number,
                adapter=self._adapter,
                client=client,
                connection=self._connection,
                now=lambda: now,
                held=self._held,
                progress=Silent(),
                limits=Limits(),
            ).run(kind)
        self.passes += 1

    async def _outcome(self, items: Sequence[Item]) -> Outcome:
        hashes = [hash_ for item in items for hash_ in item.hashes]
        stored = await self._among("SELECT hash FROM document WHERE portal = $1 AND hash = ANY ($2)", hashes)
        aside = await self._among("SELECT hash FROM quarantine WHERE portal = $1 AND hash = ANY ($2)", hashes)
        outcome = Outcome()
        for item in items:
            if not stored.isdisjoint(item.hashes):
                outcome.stored += 1
            elif not aside.isdisjoint(item.hashes):
                outcome.quarantined += 1
            else:
                outcome.lost.append(item)
        return outcome

    async def _among(self, query: str, hashes: Sequence[bytes]) -> set[bytes]:
        return {row[0] for row in await self._connection.fetch(query, self._number, hashes)}
