"""The same schema as a good engineer writes it with Strawberry: resolvers, a DataLoader per relation, asyncpg's pool.

``python dataloaders.py PORT``; the database is ``DATABASE_URL``. Parsed and validated documents are remembered.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType

import asyncpg
import msgspec
import strawberry
import uvloop
from aiohttp import web
from strawberry.aiohttp.views import GraphQLView
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from gateway.model import enums

SEARCH = (Path(__file__).parent / "sql" / "found.sql").read_text("utf-8")
SOURCE = "id, native_id, name, url, active, next_run_at, organization_id, last_job_id"
JOB = "id, source_id, native_id, status, created_at, ended_at, total, failed"
JOBS = f"""
    SELECT j.* FROM unnest($1::bigint[]) WITH ORDINALITY AS s (id, n) CROSS JOIN LATERAL (
        SELECT {JOB} FROM harvest_job WHERE source_id = s.id AND presence = ANY ($2) AND status <> 'SCHEDULED'
        ORDER BY created_at DESC, id DESC LIMIT $3) j
    ORDER BY s.n, j.created_at DESC, j.id DESC
"""
ERRORS = """
    SELECT e.* FROM unnest($1::bigint[]) WITH ORDINALITY AS j (id, n) CROSS JOIN LATERAL (
        SELECT id, job_id, native_id, severity, message, created_at FROM harvest_error
        WHERE job_id = j.id AND presence = ANY ($2) AND created_at IS NOT NULL
        ORDER BY created_at DESC, id DESC LIMIT $3) e
    ORDER BY j.n, e.created_at DESC, e.id DESC
"""
COUNTS = """
    SELECT p.key, j.status, count(*) AS count FROM harvest_job j JOIN portal p ON p.number = j.portal
    WHERE j.presence = ANY ('{PRESENT,EXPIRED}') AND j.status <> 'SCHEDULED' AND j.created_at >= $1
    GROUP BY p.key, j.status ORDER BY count(*) DESC, p.key COLLATE "C", j.status COLLATE "C"
"""

Cursor = NewType("Cursor", str)
Row = asyncpg.Record
Info = strawberry.Info[Any, Any]

Presence = strawberry.enum(enums.Presence)
RecordStatus = strawberry.enum(enums.RecordStatus)
JobStatus = strawberry.enum(enums.JobStatus)
Severity = strawberry.enum(enums.Severity)
RecordAction = strawberry.enum(enums.RecordAction)


@strawberry.enum
class JobGroupKey(StrEnum):
    PORTAL = "PORTAL"
    STATUS = "STATUS"


@strawberry.enum
class SearchType(StrEnum):
    HARVEST_SOURCE = "HARVEST_SOURCE"


class Loaders:
    """The loaders of one request."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.organizations = DataLoader(load_fn=self._organizations)
        self.jobs = DataLoader(load_fn=self._jobs)
        self._lists: dict[tuple[str, tuple[str, ...], int], DataLoader[int, list[Row]]] = {}

    def of(
        self, sql: str, owner: str, presence: list[enums.Presence], first: int
    ) -> DataLoader[int, list[Row]]:
        """Return the loader of the lists that *sql* reads for many owners at once."""
        key = (sql, tuple(presence), first)
        if key not in self._lists:

            async def load(owners: Sequence[int]) -> list[list[Row]]:
                found: dict[int, list[Row]] = defaultdict(list)
                for row in await self.pool.fetch(sql, owners, list(presence), first):
                    found[row[owner]].append(row)
                return [found[each] for each in owners]

            self._lists[key] = DataLoader(load_fn=load)
        return self._lists[key]

    async def _organizations(self, keys: list[int]) -> list[Organization | None]:
        sql = "SELECT id, native_id, name FROM organization WHERE id = ANY ($1)"
        rows = await self.pool.fetch(sql, keys)
        found = {row["id"]: Organization(native_id=row["native_id"], name=row["name"]) for row in rows}
        return [found.get(key) for key in keys]

    async def _jobs(self, keys: list[int]) -> list[HarvestJob | None]:
        rows = await self.pool.fetch(f"SELECT {JOB} FROM harvest_job WHERE id = ANY ($1)", keys)
        found = {row["id"]: HarvestJob.of(row) for row in rows}
        return [found.get(key) for key in keys]


@strawberry.input
class HarvestSourceFilter:
    portal: list[str]
    presence: list[Presence]


@strawberry.input
class HarvestRecordFilter:
    source: list[strawberry.ID]
    status: list[RecordStatus]
    presence: list[Presence]


@strawberry.input
class DateTimeRange:
    since: datetime


@strawberry.input
class HarvestJobFilter:
    presence: list[Presence] | None = None
    created_at: DateTimeRange | None = None


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
class Portal:
    key: str


@strawberry.type
class JobGroupKeys:
    portal: Portal
    status: JobStatus


@strawberry.type
class JobGroup:
    keys: JobGroupKeys
    count: int


@strawberry.type
class HarvestJobConnection:
    nodes: list[HarvestJob]
    since: strawberry.Private[datetime | None] = None

    @strawberry.field
    async def groups(self, info: Info, by: list[JobGroupKey]) -> list[JobGroup]:
        assert by == [JobGroupKey.PORTAL, JobGroupKey.STATUS]
        rows = await info.context["loaders"].pool.fetch(COUNTS, self.since)
        return [
            JobGroup(keys=JobGroupKeys(portal=Portal(key=key), status=JobStatus(status)), count=count)
            for key, status, count in rows
        ]


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
        return None if key is None else await info.context["loaders"].organizations.load(key)

    @strawberry.field
    async def last_job(self, info: Info) -> HarvestJob | None:
        key = self.last_job_key
        return None if key is None else await info.context["loaders"].jobs.load(key)

    @strawberry.field
    async def jobs(self, info: Info, filter: HarvestJobFilter, first: int) -> HarvestJobConnection:  # noqa: A002
        loader = info.context["loaders"].of(JOBS, "source_id", filter.presence or [], first)
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


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: Cursor | None


@strawberry.type
class HarvestRecordConnection:
    nodes: list[HarvestRecord]
    page_info: PageInfo


@strawberry.type
class SearchResult:
    node: Entity


@strawberry.type
class SearchResultConnection:
    nodes: list[SearchResult]


@strawberry.type
class Query:
    @strawberry.field
    async def harvest_sources(
        self,
        info: Info,
        filter: HarvestSourceFilter,  # noqa: A002
        first: int,
        after: Cursor | None = None,
    ) -> HarvestSourceConnection:
        sql = f"""
            SELECT {SOURCE} FROM harvest_source
            WHERE portal = ANY (ARRAY(SELECT number FROM portal WHERE key = ANY ($1))) AND presence = ANY ($2)
              AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4)) AND created_at IS NOT NULL
            ORDER BY created_at DESC, id DESC LIMIT $5
        """
        presence = list(filter.presence)
        rows = await info.context["loaders"].pool.fetch(sql, filter.portal, presence, *_place(after), first)
        return HarvestSourceConnection(nodes=[HarvestSource.of(row) for row in rows])

    @strawberry.field
    async def harvest_source(self, info: Info, portal: str, native_id: str) -> HarvestSource | None:
        where = "portal = (SELECT number FROM portal WHERE key = $1) AND native_id = $2"
        sql = f"SELECT {SOURCE} FROM harvest_source WHERE {where}"
        row = await info.context["loaders"].pool.fetchrow(sql, portal, native_id)
        return None if row is None else HarvestSource.of(row)

    @strawberry.field
    async def harvest_records(
        self,
        info: Info,
        filter: HarvestRecordFilter,  # noqa: A002
        first: int,
        after: Cursor | None = None,
    ) -> HarvestRecordConnection:
        sql = """
            SELECT id, native_id, remote_id, remote_url, status, action, created_at FROM harvest_record
            WHERE source_id = (SELECT s.id FROM harvest_source s JOIN portal p ON p.number = s.portal
                WHERE p.key = $1 AND s.native_id = $2) AND status = ANY ($3) AND presence = ANY ($4)
              AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6)) AND created_at IS NOT NULL
            ORDER BY created_at DESC, id DESC LIMIT $7
        """
        _, portal, native_id = urlsafe_b64decode(f"{filter.source[0]}==").decode().split(":", 2)
        status, presence = list(filter.status), list(filter.presence)
        rows = await info.context["loaders"].pool.fetch(
            sql, portal, native_id, status, presence, *_place(after), first + 1
        )
        nodes = [
            HarvestRecord(
                native_id=row["native_id"],
                remote_id=row["remote_id"],
                remote_url=row["remote_url"],
                status=RecordStatus(row["status"]),
                action=None if row["action"] is None else RecordAction(row["action"]),
                created_at=row["created_at"],
            )
            for row in rows[:first]
        ]
        page_info = PageInfo(
            has_next_page=len(rows) > first, end_cursor=_cursor(rows[first - 1]) if nodes else None
        )
        return HarvestRecordConnection(nodes=nodes, page_info=page_info)

    @strawberry.field
    async def harvest_jobs(self, filter: HarvestJobFilter) -> HarvestJobConnection:  # noqa: A002
        return HarvestJobConnection(nodes=[], since=filter.created_at.since if filter.created_at else None)

    @strawberry.field
    async def search(
        self, info: Info, text: str, types: list[SearchType], first: int
    ) -> SearchResultConnection:
        assert types == [SearchType.HARVEST_SOURCE]
        rows = await info.context["loaders"].pool.fetch(SEARCH, text, first)
        return SearchResultConnection(nodes=[SearchResult(node=HarvestSource.of(row)) for row in rows])


class View(GraphQLView[Any, Any]):
    """Gives each request loaders of its own."""

    def __init__(self, pool: asyncpg.Pool, schema: strawberry.Schema) -> None:
        super().__init__(schema=schema, graphql_ide=None)
        self._pool = pool

    def encode_json(self, data: object) -> bytes:
        return msgspec.json.encode(data)

    async def get_context(self, request: web.Request, response: web.StreamResponse) -> Any:
        return {"request": request, "response": response, "loaders": Loaders(self._pool)}


def _place(after: Cursor | None) -> tuple[datetime | None, int | None]:
    if after is None:
        return None, None
    _, _, at, key = json.loads(urlsafe_b64decode(f"{after}=="))
    return datetime.fromisoformat(at), key


def _cursor(row: Row) -> Cursor:
    place = ["CREATED_AT", "DESC", row["created_at"].isoformat(), row["id"]]
    return Cursor(urlsafe_b64encode(json.dumps(place).encode()).rstrip(b"=").decode())


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    config = StrawberryConfig(scalar_map={Cursor: strawberry.scalar(name="Cursor")})
    schema = strawberry.Schema(
        Query,
        types=[HarvestSource],
        config=config,
        extensions=[lambda: ParserCache(maxsize=1000), lambda: ValidationCache(maxsize=1000)],
    )
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=8, max_size=8)
    app = web.Application()
    app.router.add_route("*", "/graphql", View(pool, schema))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
