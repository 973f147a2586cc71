"""The same schema as a good engineer writes it with Strawberry: resolvers, a DataLoader per relation, asyncpg's pool.

``python dataloaders.py PORT``; the database is ``DATABASE_URL``. Parsed and validated documents are remembered.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import asyncpg
import msgspec
import strawberry
import uvloop
from aiohttp import web
from loaders import SEARCH, SOURCE, Loaders
from resolved import (
    Cursor,
    HarvestRecordConnection,
    HarvestRecordFilter,
    HarvestSource,
    HarvestSourceConnection,
    HarvestSourceFilter,
    Info,
    SearchResult,
    SearchResultConnection,
    SearchType,
    place,
)
from strawberry.aiohttp.views import GraphQLView
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig


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
        rows = await info.context["loaders"].pool.fetch(sql, filter.portal, presence, *place(after), first)
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
        filter: HarvestRecordFilter,  # noqa: A002
        first: int = 20,
        after: Cursor | None = None,
    ) -> HarvestRecordConnection:
        return HarvestRecordConnection(asked=filter, first=first, after=after)

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
