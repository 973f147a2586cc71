"""A writer over a fresh database, and a normaliser so simple that a test can say what a document means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import asyncpg
import msgspec

from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import ENTITIES, Entity
from gateway.model.enums import EntityType, JobStatus
from gateway.model.expected import Expected
from gateway.model.mapping import Table
from gateway.ports import Portal, PortalSettings
from gateway.store import bookkeeping, lease, portals
from gateway.store.absence import Cap
from gateway.store.unit import Writer

START = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = {"older": "2026-10-01T00:00:00+00:00", "newer": "2026-10-02T00:00:00+00:00"}
"""Two runs of one source: their ids, and when they were made."""


class Toy:
    """An adapter whose documents are ``{"type": {field: value}, ...}``: each entity as it is."""

    name = "toy"
    title = "Toy portal"
    settings = PortalSettings
    caveats = ("Nothing here is real.",)
    version = 1
    job_statuses: ClassVar[dict[str, JobStatus]] = {}
    tables: ClassVar[dict[EntityType, Table[Any]]] = {}

    def __init__(self, *, inventory: bool) -> None:
        self.inventory = inventory
        self.expected: Mapping[EntityType, Expected] = {}

    def normalise(self, document: Document) -> Iterable[Entity | Rejection]:
        """Return the entities that the document spells out."""
        content: list[dict[str, Any]] = msgspec.json.decode(document.body)
        for values in content:
            type_ = EntityType(values.pop("type"))
            for name, value in values.items():
                if name.endswith("_at") and value is not None:
                    values[name] = datetime.fromisoformat(value)
            yield ENTITIES[type_](**values)


def document(type_: EntityType, native_id: str, *others: dict[str, Any], **values: Any) -> Document:
    """Return a toy document of one entity, followed by *others*."""
    body = msgspec.json.encode([{"type": type_, "native_id": native_id, **values}, *others])
    return Document.of(type_, native_id, body, Fetch("/toy", None, START, b"0" * 16))


def runs(source: str, made: Mapping[str, str]) -> list[Document]:
    """Return toy documents of runs of *source* that went well: *made* are their ids and when they were made."""
    return [
        document(EntityType.HARVEST_JOB, name, source=source, wire_status="SUCCEEDED", created_at=at)
        for name, at in made.items()
    ]


class Bench:
    """A writer whose clock the test moves."""

    writer: Writer

    def __init__(self, connection: asyncpg.Connection, held: lease.Lease, toy: Toy, cap: Cap) -> None:
        self.connection = connection
        self.number = held.portal
        self.held = held
        self.toy = toy
        self.cap = cap
        self.now = START

    @classmethod
    async def open(cls, connection: asyncpg.Connection, *, inventory: bool, cap: Cap | None = None) -> Bench:
        """Return a bench over an empty, migrated database, whose first pass has begun."""
        toy = Toy(inventory=inventory)
        portal = Portal("toy", PortalSettings(adapter="toy", base_url="http://localhost/toy", title="Toy"))
        numbers = await portals.register(connection, {"toy": portal}, {"toy": toy})
        held = await lease.take(connection, numbers["toy"], "portal", "test")
        bench = cls(connection, held, toy, cap or Cap())
        await bench.next_pass()
        return bench

    async def next_pass(self) -> None:
        """Begin a pass, now."""
        run = await bookkeeping.start_run(self.connection, self.number, "POLL", self.now, baseline=False)
        self.writer = Writer(
            self.connection,
            run=run,
            held=self.held,
            normalise=self.toy.normalise,
            inventory=self.toy.inventory,
            cap=self.cap,
            now=lambda: self.now,
            expected=self.toy.expected,
        )
        await self.writer.open()

    def later(self, **by: float) -> None:
        """Move the clock on."""
        self.now += timedelta(**by)

    async def value(self, query: str, *arguments: Any) -> Any:
        """Return one value."""
        return await self.connection.fetchval(query, *arguments)
