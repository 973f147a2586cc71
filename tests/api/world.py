"""A small world for the tests of the API: two portals, and one of everything that can go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
from sqlmodel import SQLModel

from gateway.model.enums import EntityType
from gateway.model.identity import global_id
from gateway.store import ledger, past, rollups, staging, tables

Ask = Callable[..., Coroutine[Any, Any, Any]]
"""Asks a document, with an operation's name and variables."""
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FR, GOV = 1, 2
KEYS = {FR: "data-gouv-fr", GOV: "data-gov"}


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


@dataclass
class World:
    """Inserts rows and remembers their keys by native id."""

    connection: asyncpg.Connection[asyncpg.Record]
    keys: dict[tuple[str, str], int] = field(default_factory=dict)

    async def add(self, row: type[SQLModel], **values: Any) -> int | None:
        """Insert one row; what every entity must have has defaults."""
        table: Any = row.__table__  # type: ignore[attr-defined]
        if issubclass(row, tables.EntityRow):
            values = {
                "portal": GOV,
                "presence": "PRESENT",
                "first_seen_at": hours_ago(1000),
                "changed_at": hours_ago(500),
                **values,
            }
        values = {name: _plain(table.c[name], value) for name, value in values.items()}
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        returning = " RETURNING id" if "id" in table.c else ""
        key = await self.connection.fetchval(
            f"INSERT INTO {table.name} ({names}) VALUES ({marks}){returning}", *values.values()
        )
        if "native_id" in values and key is not None:
            self.keys[table.name, values["native_id"]] = key
        return None if key is None else int(key)

    async def document(
        self,
        native_id: str,
        body: bytes,
        type_: EntityType = EntityType.HARVEST_RECORD,
        *,
        portal: int = GOV,
        **more: Any,
    ) -> None:
        """Store *body* as the document of a thing: of a record, unless said."""
        table = str(tables.ROWS[type_].__tablename__)
        key = self.keys[table, native_id]
        digest = sha256(body).digest()[:16]
        values = {"portal": portal, "entity_type": type_, "entity_id": key, "hash": digest, "body": body}
        await self.add(ledger.Document, **values, fetch_id=portal, **more)
        await self.connection.execute(f"UPDATE {table} SET document_hash = $1 WHERE id = $2", digest, key)

    async def payload(
        self, record: str, part: str, body: bytes | None, media_type: str | None = None
    ) -> None:
        """Store what was asked for by itself."""
        key = self.keys["harvest_record", record]
        values = {"record_id": key, "part": part, "body": body, "media_type": media_type}
        await self.add(ledger.Payload, portal=GOV, fetched_at=hours_ago(1), **values)


def _plain(column: Any, value: Any) -> Any:
    return json.dumps(value) if column.type.__class__.__name__ == "JSONB" and value is not None else value


def gid(type_: str, native_id: str, portal: int = GOV) -> str:
    """Return the global id of a seeded entity."""
    return global_id(type_, KEYS[portal], native_id)


async def seed(connection: asyncpg.Connection[asyncpg.Record]) -> World:
    """Fill an empty database."""
    world = World(connection)
    await _portals(world)
    await _publishers(world)
    await _sources(world)
    await _jobs(world)
    await _records(world)
    await _errors(world)
    await _payloads(world)
    await _origins(world)
    await _finish(world)
    await roll_up(connection)
    await connection.execute("ANALYZE")
    return world


async def roll_up(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Write the jobs' rollups as a unit does that has touched them all."""
    await staging.prepare(connection)
    async with connection.transaction():
        jobs = await connection.fetch("SELECT id FROM harvest_job")
        await staging.touch(connection, EntityType.HARVEST_JOB, [row["id"] for row in jobs])
        for portal in KEYS:
            await rollups.refresh(connection, portal)


async def _portals(world: World) -> None:
    common: dict[str, Any] = {
        "job_statuses": [{"word": "new", "status": "PENDING"}, {"word": "done", "status": "SUCCEEDED"}],
        "breaker_state": "CLOSED",
        "caveats": ["Counts differ."],
    }
    await world.add(
        ledger.Portal, number=FR, key="data-gouv-fr", adapter="data-gouv-fr", title="data.gouv.fr",
        base_url="https://fr.example/api/1", sandbox=False, inventory=True, notice="It did not answer.",
        capabilities={"wire": "V10", "jobStatuses": ["done", "dreaming"]}, **common,
    )  # fmt: skip
    await world.add(
        ledger.Portal, number=GOV, key="data-gov", adapter="data-gov", title="Data.gov",
        base_url="https://gov.example", site_url="https://catalog.gov.example", sandbox=True, inventory=False,
        capabilities={"wire": "REAL", "jobStatuses": None}, **common,
    )  # fmt: skip
    for portal, stream, polled in (
        (FR, "backends", 9), (FR, "sources", 3), (FR, "jobs", 2), (GOV, "organizations", 5), (GOV, "sources", 4),
        (GOV, "jobs", 4), (GOV, "records", 4), (GOV, "errors", 4),
    ):  # fmt: skip
        await world.add(
            ledger.StreamRow, portal=portal, stream=stream, polled_at=hours_ago(polled),
            reconciled_at=hours_ago(polled + 20), complete=True, done=10, expected=10,
        )  # fmt: skip
    await world.add(
        ledger.StreamRow, portal=FR, stream="records", polled_at=None, complete=False, done=3, expected=9
    )
    await world.add(past.PortalPast, portal=GOV, known_since=hours_ago(400))
    await world.add(
        ledger.SyncRun, portal=GOV, kind="POLL", state="DONE", baseline=False, started_at=hours_ago(4),
        ended_at=hours_ago(3.9), requests=7, tallies={"jobs": {"fetched": 5}},
    )  # fmt: skip


async def _publishers(world: World) -> None:
    await world.add(
        tables.Organization, native_id="epa", name="Environmental Agency", slug="epa", kind="FEDERAL_GOVERNMENT",
        native_kind="Federal Government", aliases=["EPA"], native_source_count=9,
    )  # fmt: skip
    await world.add(
        tables.Organization, native_id="city", name="City of Bäh", slug="city", kind="CITY_GOVERNMENT"
    )
    await world.add(
        tables.Organization,
        native_id="ign",
        portal=FR,
        name="IGN",
        slug="ign",
        kind="UNKNOWN",
        badges=["certified"],
    )
    await world.add(tables.Person, native_id="zoe", portal=FR, first_name="Zoé", last_name='Du"rand')


async def _sources(world: World) -> None:
    backend: dict[str, Any] = {"protocol": "DCAT", "metadata_standard": "DCAT", "standard_family": "DCAT"}
    await world.add(
        tables.HarvestBackend, native_id="dcat", portal=FR, label="DCAT", **backend,
        filters=[{"key": "org", "label": "Organization", "type": "str", "description": None}],
        features=[
            {"key": "geo", "label": "Geo", "default": True}, {"key": "deep", "label": "Deep", "default": False},
        ],
        extra_configs=[{"key": "remote", "label": "Remote", "default": 3}],
    )  # fmt: skip
    await world.add(
        tables.HarvestSource, native_id="geo", portal=FR, name="Géo 100%", slug="geo", url="https://geo.example:bad/x",
        backend_id=world.keys["harvest_backend", "dcat"], organization_id=world.keys["organization", "ign"],
        owner_id=world.keys["person", "zoe"], schedule_raw="0 0 * * *", schedule_every_seconds=86400,
        schedule_words="At 00:00", active=True, consecutive_failures=2,
        validation_state="ACCEPTED", validation_native_state="accepted",
        validation_by_id=world.keys["person", "zoe"], validation_on=hours_ago(900), created_at=hours_ago(2000),
        config={
            "filters": [{"key": "tag", "value": "a"}, {"key": "org", "value": {"id": 1}}],
            "features": {"geo": False, "odd": None}, "extra_configs": [{"key": "remote", "value": None}], "other": 1,
        }, **backend,
    )  # fmt: skip
    epa = world.keys["organization", "epa"]
    await world.add(
        tables.HarvestSource, native_id="air", name="Air quality", slug="air", url="https://air.example/data.json",
        organization_id=epa, created_at=hours_ago(1000), notification_emails=["secret@example.org"],
        notification_frequency="ON_ERROR", metadata_profile="FEDERAL", native={"extra": "word"},
        native_private={"extra": "word", "email": "secret@example.org"}, consecutive_failures=1, **backend,
    )  # fmt: skip
    await world.add(
        tables.HarvestSource, native_id="water", name="Water", slug="water", organization_id=epa,
        created_at=hours_ago(800), config=[1], **backend,
    )  # fmt: skip
    await world.add(
        tables.HarvestSource, native_id="old", name="Old source", presence="GONE", organization_id=epa,
        removed_at=hours_ago(30), created_at=None, last_seen_at=hours_ago(40), **backend,
    )  # fmt: skip
    await world.add(tables.HarvestSource, native_id="stub", presence="UNKNOWN", **backend)


async def _jobs(world: World) -> None:
    air, geo = world.keys["harvest_source", "air"], world.keys["harvest_source", "geo"]
    states = ["FAILED", "SUCCEEDED", "PARTIAL", "SUCCEEDED", "LOST", *["SUCCEEDED"] * 9]
    for number, status in enumerate(states):
        began = hours_ago(24 * number + 5)
        await world.add(
            tables.HarvestJob, native_id=f"air-{number:02}", source_id=air, status=status, wire_status=status,
            kind="HARVEST", native_kind="harvest", created_at=began, started_at=began,
            ended_at=began + timedelta(seconds=90.5), total=100 - number,
            added=number, failed=3 if status == "PARTIAL" else 0,
        )  # fmt: skip
    common: dict[str, Any] = {"wire_status": "PENDING", "kind": "HARVEST"}
    await world.add(
        tables.HarvestJob,
        native_id="air-next",
        source_id=air,
        status="SCHEDULED",
        created_at=NOW + timedelta(days=1),
        **common,
    )
    await world.add(
        tables.HarvestJob,
        native_id="geo-1",
        portal=FR,
        source_id=geo,
        status="RUNNING",
        created_at=hours_ago(1),
        **common,
    )
    await world.add(
        tables.HarvestJob,
        native_id="geo-0",
        portal=FR,
        source_id=geo,
        status="LOST",
        created_at=None,
        **common,
    )
    await world.connection.execute(
        "UPDATE harvest_source s SET last_job_id = j.id FROM harvest_job j"
        " WHERE (s.native_id, j.native_id) IN (('air', 'air-00'), ('geo', 'geo-1'))"
    )


async def _records(world: World) -> None:
    job, air = world.keys["harvest_job", "air-00"], world.keys["harvest_source", "air"]
    for name, state, presence in (
        ("no2", "LIVE", "PRESENT"),
        ("lost-set", "DELETED", "DELETED"),
        ("gone-set", "LIVE", "GONE"),
    ):
        await world.add(
            tables.Dataset, native_id=name, source_id=air, record_type="DATASET", state=state, presence=presence,
            title=f"Title of {name}", remote_id=name, modified_at=hours_ago(700), keywords=["air", "no₂"],
            state_basis="Its newest record says so.", state_job_id=job, removed_at=hours_ago(20),
        )  # fmt: skip
    for number, status in enumerate(["SUCCEEDED", "FAILED", "SUCCEEDED", "FAILED", "FAILED"]):
        await world.add(
            tables.HarvestRecord, native_id=f"r{number}", job_id=job, source_id=air, status=status, wire_status=status,
            remote_id=f"remote {number}", action="UPDATE", created_at=hours_ago(5), record_type="DATASET", logs=[],
            dataset_id=world.keys["dataset", "no2"],
        )  # fmt: skip
    await world.add(
        tables.HarvestRecord, native_id="geo-1/0", portal=FR, job_id=world.keys["harvest_job", "geo-1"],
        source_id=world.keys["harvest_source", "geo"], status="SKIPPED", wire_status="SKIPPED", position=0,
        args=["a"], kwargs={"page": 1}, remote_url="https://geo.example/0",
        logs=[
            {"position": 0, "level": "INFO", "nativeLevel": "INFO", "message": 'said "no"'},
            {"position": 1, "level": "ERROR", "nativeLevel": "CRITICAL", "message": None},
        ],
    )  # fmt: skip


async def _errors(world: World) -> None:
    job = world.keys["harvest_job", "air-00"]
    await world.add(
        tables.HarvestError, native_id="e-job", job_id=job, severity="ERROR", native_type="DownloadError",
        message="Cannot reach\nhttps://air.example", created_at=hours_ago(4.5),
    )  # fmt: skip
    for number in (1, 3, 4):
        for place in range(2):
            await world.add(
                tables.HarvestError, native_id=f"e{number}-{place}", job_id=job,
                severity="WARNING" if place else "ERROR", native_type="ValidationError",
                record_id=world.keys["harvest_record", f"r{number}"],
                message=f"Record {number} is 50% wrong_{place}",
                created_at=hours_ago(4.5) + timedelta(seconds=number * 10 + place),
            )  # fmt: skip


async def _payloads(world: World) -> None:
    raw = json.dumps({"title": "NO₂", "n": [1, 2]}, ensure_ascii=False)
    await world.document("r0", json.dumps({"source_raw": raw, "source_transform": None}).encode())
    await world.document(
        "r1", json.dumps({"source_raw": "<xml/>", "source_transform": {"b": 1, "a": "é"}}).encode()
    )
    await world.document("r2", b'{"source_raw": "nul \\u0000 inside", "source_transform": {"a": 1e999999}}')
    await world.document("r3", b'{"id": "no payload here"}')
    await world.document("r4", b"\xff\xfe not even text")


async def _origins(world: World) -> None:
    for portal, endpoint, mask in (
        (FR, "/harvest/job/geo-1/", "data{*}"),
        (GOV, "/harvest_records/?page=0", None),
    ):
        await world.add(
            ledger.FetchLog, portal=portal, endpoint=endpoint, mask=mask, fetched_at=hours_ago(2), page_hash=b"page",
        )  # fmt: skip
    await _embedded(world)
    common: dict[str, Any] = {"basis": "DIRECT", "adapter_version": 7}
    for type_, field_, place, rule in (
        ("HarvestRecord", "status", 0, {"pointer": "/status", "rule": "the word", "basis": "DERIVED"}),
        ("HarvestRecord", "status", 1, {"rule": "then the clock", "basis": "DERIVED"}),
        ("HarvestRecord", "createdAt", 0, {"pointer": "/created", "clock": "UTC_ASSUMED"}),
        ("HarvestError", "message", 0, {"pointer": "/message"}),
        ("HarvestError", "severity", 0, {"rule": "nothing milder is listed", "basis": "ASSUMED"}),
        ("HarvestJob", "counts.total", 0, {"pointer": "/total"}),
        ("Dataset", "title", 0, {"pointer": "/title"}),
    ):
        for portal in KEYS:
            values = {**common, **rule, "entity_type": type_, "field": field_, "place": place}
            await world.add(ledger.ProvenanceRule, portal=portal, **values)


async def _embedded(world: World) -> None:
    """A run and an item whose errors came inside their documents."""
    job, item = world.keys["harvest_job", "geo-1"], world.keys["harvest_record", "geo-1/0"]
    held = json.dumps({"id": "geo-1", "errors": [{"message": "The run stopped"}]}).encode()
    await world.document("geo-1", held, EntityType.HARVEST_JOB, portal=FR, counted={"total": 3})
    held = json.dumps({"remote_id": "é", "errors": [{"message": "First"}, {"message": "Second"}]}).encode()
    await world.document("geo-1/0", held, portal=FR, parent="geo-1", position=0)
    for native_id, record, place, message in (
        ("geo-1/e0", None, 0, "The run stopped"), ("geo-1/0/e0", item, 0, "First"), ("geo-1/0/e1", item, 1, "Second"),
    ):  # fmt: skip
        await world.add(
            tables.HarvestError, native_id=native_id, portal=FR, job_id=job, record_id=record, position=place,
            severity="ERROR", message=message, created_at=hours_ago(0.5),
        )  # fmt: skip


async def _finish(world: World) -> None:
    await world.connection.execute(
        "UPDATE dataset SET latest_record_id = (SELECT id FROM harvest_record WHERE native_id = 'r0')"
        " WHERE native_id = 'no2'"
    )
    await world.connection.execute(
        "UPDATE dataset SET text_record_id = (SELECT id FROM harvest_record WHERE native_id = 'r1')"
        " WHERE native_id IN ('no2', 'lost-set')"
    )
    await world.connection.execute(
        "UPDATE dataset SET parent_id = (SELECT id FROM dataset WHERE native_id = 'no2') WHERE native_id = 'gone-set'"
    )
