"""The types of the peer with dataloaders: what each field reads, and through which loader."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NewType

import asyncpg
import strawberry
from loaders import COUNTS, ERRORS, JOBS, RECORDS

from gateway.model import enums

Cursor = NewType("Cursor", str)
Row = asyncpg.Record
Info = strawberry.Info[Any, Any]

Presence = strawberry.enum(enums.Presence)
RecordStatus = strawberry.enum(enums.RecordStatus)
JobStatus = strawberry.enum(enums.JobStatus)
Severity = strawberry.enum(enums.Severity)
RecordAction = strawberry.enum(enums.RecordAction)


@strawberry.enum
class RecordGroupKey(StrEnum):
    PORTAL = "PORTAL"
    STATUS = "STATUS"


@strawberry.enum
class SearchType(StrEnum):
    HARVEST_SOURCE = "HARVEST_SOURCE"


@strawberry.input
class HarvestSourceFilter:
    portal: list[str]
    presence: list[Presence]


@strawberry.input
class HarvestRecordFilter:
    source: list[strawberry.ID] | None = None
    portal: list[str] | None = None
    status: list[RecordStatus] | None = None
    presence: list[Presence] | None = None


@strawberry.input
class HarvestJobFilter:
    presence: list[Presence]


@strawberry.input
class HarvestErrorFilter:
    presence: list[Presence]


@strawberry.interface
class Entity:
    native_id: str


@strawberry.type
class Organization(Entity):
    name: str | None


@strawberry.type
class HarvestError(Entity):
    severity: Severity
    message: str | None
    created_at: datetime | None


@strawberry.type
class HarvestErrorConnection:
    nodes: list[HarvestError]


@strawberry.type
class JobCounts:
    total: int | None
    failed: int | None


@strawberry.type
class HarvestJob(Entity):
    key: strawberry.Private[int]
    status: JobStatus
    created_at: datetime | None
    ended_at: datetime | None
    counts: JobCounts

    @classmethod
    def of(cls, row: Row) -> HarvestJob:
        return cls(
            native_id=row["native_id"],
            key=row["id"],
            status=JobStatus(row["status"]),
            created_at=row["created_at"],
            ended_at=row["ended_at"],
            counts=JobCounts(total=row["total"], failed=row["failed"]),
        )

    @strawberry.field
    async def errors(self, info: Info, filter: HarvestErrorFilter, first: int) -> HarvestErrorConnection:  # noqa: A002
        rows = await info.context["loaders"].of(ERRORS, "job_id", filter.presence, first).load(self.key)
        nodes = [
            HarvestError(
                native_id=row["native_id"],
                severity=Severity(row["severity"]),
                message=row["message"],
                created_at=row["created_at"],
            )
            for row in rows
        ]
        return HarvestErrorConnection(nodes=nodes)


@strawberry.type
class HarvestJobConnection:
    nodes: list[HarvestJob]


@strawberry.type
class HarvestSource(Entity):
    key: strawberry.Private[int]
    organization_key: strawberry.Private[int | None]
    last_job_key: strawberry.Private[int | None]
    name: str | None
    url: str | None
    active: bool | None
    next_run_at: datetime | None

    @classmethod
    def of(cls, row: Row) -> HarvestSource:
        return cls(
            native_id=row["native_id"],
            key=row["id"],
            organization_key=row["organization_id"],
            last_job_key=row["last_job_id"],
            name=row["name"],
            url=row["url"],
            active=row["active"],
            next_run_at=row["next_run_at"],
        )

    @strawberry.field
    async def organization(self, info: Info) -> Organization | None:
        key = self.organization_key
        row = None if key is None else await info.context["loaders"].organizations.load(key)
        return None if row is None else Organization(native_id=row["native_id"], name=row["name"])

    @strawberry.field
    async def last_job(self, info: Info) -> HarvestJob | None:
        key = self.last_job_key
        row = None if key is None else await info.context["loaders"].jobs.load(key)
        return None if row is None else HarvestJob.of(row)

    @strawberry.field
    async def jobs(self, info: Info, filter: HarvestJobFilter, first: int) -> HarvestJobConnection:  # noqa: A002
        loader = info.context["loaders"].of(JOBS, "source_id", filter.presence, first)
        return HarvestJobConnection(nodes=[HarvestJob.of(row) for row in await loader.load(self.key)])


@strawberry.type
class HarvestSourceConnection:
    nodes: list[HarvestSource]


@strawberry.type
class HarvestRecord(Entity):
    remote_id: str | None
    remote_url: str | None
    status: RecordStatus
    action: RecordAction | None
    created_at: datetime | None

    @classmethod
    def of(cls, row: Row) -> HarvestRecord:
        return cls(
            native_id=row["native_id"],
            remote_id=row["remote_id"],
            remote_url=row["remote_url"],
            status=RecordStatus(row["status"]),
            action=None if row["action"] is None else RecordAction(row["action"]),
            created_at=row["created_at"],
        )


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: Cursor | None


@strawberry.type
class Portal:
    key: str


@strawberry.type
class RecordGroupKeys:
    portal: Portal
    status: RecordStatus


@strawberry.type
class RecordGroup:
    keys: RecordGroupKeys
    count: int


@strawberry.type
class HarvestRecordConnection:
    """A page; its rows are read where they are selected."""

    asked: strawberry.Private[HarvestRecordFilter]
    first: strawberry.Private[int]
    after: strawberry.Private[Cursor | None]

    @cached_property
    def _page(self) -> dict[str, asyncio.Future[list[Row]]]:
        return {}

    async def _rows(self, info: Info) -> list[Row]:
        if "rows" not in self._page:
            self._page["rows"] = asyncio.ensure_future(self._read(info.context["loaders"].pool))
        return await self._page["rows"]

    async def _read(self, pool: asyncpg.Pool) -> list[Row]:
        asked = self.asked
        _, portal, native_id = urlsafe_b64decode(f"{(asked.source or [''])[0]}==").decode().split(":", 2)
        words = list(asked.status or []), list(asked.presence or [])
        found: list[Row] = await pool.fetch(
            RECORDS, portal, native_id, *words, *place(self.after), self.first + 1
        )
        return found

    @strawberry.field
    async def nodes(self, info: Info) -> list[HarvestRecord]:
        return [HarvestRecord.of(row) for row in (await self._rows(info))[: self.first]]

    @strawberry.field
    async def page_info(self, info: Info) -> PageInfo:
        rows = await self._rows(info)
        return PageInfo(
            has_next_page=len(rows) > self.first, end_cursor=cursor(rows[: self.first][-1]) if rows else None
        )

    @strawberry.field
    async def groups(self, info: Info, by: list[RecordGroupKey]) -> list[RecordGroup]:
        assert by == [RecordGroupKey.PORTAL, RecordGroupKey.STATUS]
        rows = await info.context["loaders"].pool.fetch(
            COUNTS, self.asked.portal, list(self.asked.status or [])
        )
        return [
            RecordGroup(
                keys=RecordGroupKeys(portal=Portal(key=key), status=RecordStatus(status)), count=count
            )
            for key, status, count in rows
        ]


@strawberry.type
class SearchResult:
    node: Entity


@strawberry.type
class SearchResultConnection:
    nodes: list[SearchResult]


def place(after: Cursor | None) -> tuple[datetime | None, int | None]:
    """Return createdAt and key of the row that a cursor names."""
    if after is None:
        return None, None
    _, _, at, key = json.loads(urlsafe_b64decode(f"{after}=="))
    return datetime.fromisoformat(at), key


def cursor(row: Row) -> Cursor:
    """Return what names a row's place."""
    place = ["CREATED_AT", "DESC", row["created_at"].isoformat(), row["id"]]
    return Cursor(urlsafe_b64encode(json.dumps(place).encode()).rstrip(b"=").decode())
