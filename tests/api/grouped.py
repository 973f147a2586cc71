"""How tests ask for grouped counts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from acceptance.syncing import rehearsal
from api.world import Ask

from gateway.ports import Pass
from gateway.postgres import connect_pool
from harvest_graphql.engine import Engine

EVERYTHING = "filter: {presence: [PRESENT, GONE, EXPIRED, DELETED, UNKNOWN]}"
LIVE = 'changedAt: {since: "1900-01-01"}'
"""Narrows nothing, and is no column of the rollup."""
THINGS = {"portal": "{ key }", "organization": "{ id }", "backend": "{ id }", "source": "{ id }"}


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def value_of(found: Any) -> Any:
    """Return what tells a key's value from others: of a thing its id."""
    return next(iter(found.values())) if isinstance(found, dict) else found


async def groups(
    data: Ask, field: str, by: list[str], *, given: str = "", more: str = "", **variables: Any
) -> list[tuple[Any, ...]]:
    """Return the groups of a list: the keys' values, then the count."""
    names = [camel(name.lower()) for name in by]
    keys = " ".join(f"{name} {THINGS.get(name, '')}" for name in names)
    listed = f"({given})" if given else ""
    declared = f"query ({', '.join(f'${name}: String' for name in variables)}) " if variables else ""
    found = await data(
        f"{declared}{{ {field}{listed} {{ groups(by: [{', '.join(by)}]{more}) {{ count keys {{ {keys} }} }} }} }}",
        **variables,
    )
    return [
        (*(value_of(each["keys"][name]) for name in names), each["count"]) for each in found[field]["groups"]
    ]


@asynccontextmanager
async def synced(adapter: str, database_url: str, *, seed: int) -> AsyncIterator[Ask]:
    """Let real passes follow a moving sandbox portal into the database; yield how to ask for data there."""
    async with rehearsal(adapter, database_url, seed=seed) as mirror:
        await mirror.run(Pass.RECONCILE)
        for days, kind in ((1, Pass.POLL), (3, Pass.RECONCILE), (1, Pass.POLL)):
            mirror.sandbox.advance(days)
            assert (await mirror.run(kind)).state == "DONE"
        pool = await connect_pool(database_url, size=2)
        engine = Engine(pool)

        async def ask(document: str) -> Any:
            found = json.loads(await engine.execute(document))
            assert "errors" not in found, found["errors"]
            return found["data"]

        try:
            yield ask
        finally:
            await engine.close()
            await pool.close()
