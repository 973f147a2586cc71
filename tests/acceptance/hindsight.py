"""What is answered of a portal after each pass, written down: all of its lists that is known of the past, too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from acceptance.syncing import Rehearsal
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type

from gateway.model.enums import EntityType, JobStatus, Presence
from gateway.ports import Pass
from gateway.postgres import connect_pool
from harvest_graphql.engine import Engine
from harvest_graphql.schema import core

LISTS = {
    "organizations": "Organization",
    "harvestBackends": "HarvestBackend",
    "harvestSources": "HarvestSource",
    "harvestJobs": "HarvestJob",
}
FROZEN = {
    "harvestRecords": (
        "HarvestRecord",
        "{ id nativeId presence removedAt remoteId createdAt position status nativeStatus endedAt job { id status } }",
    ),
    "harvestErrors": (
        "HarvestError",
        "{ id nativeId presence removedAt createdAt position severity message nativeType job { id } record { id } }",
    ),
}
NAMING = ("id", "nativeId", "presence", "removedAt", "remoteId", "createdAt", "position", "job")
"""What is told of records and errors that have changed since."""
NOT_KNOWN = {
    "lastSeenAt": "computed from whole passes, not from each stream's",
    "document": "of several documents that said the same, the last is told",
    "provenance": "rules are told as they are now",
    "raw": "read out of the document",
    "transformed": "read out of the document",
    "dataset": "datasets have no past",
    "datasets": "datasets have no past",
    "portal": "portals are told as they are now",
}
"""Fields that are left out of the comparison, and why."""
PASS = timedelta(minutes=30)
"""Longer than a pass takes: its rows are of its beginning, and the portal is known from the first one's end on."""
PERSON = "{ id presence }"
"""Persons are told as they are now."""
SOME = {
    "jobs": "{ id status createdAt }",
    "sources": "{ id name presence }",
    "records": "{ id }",
    "errors": "{ id }",
}
ONE = {
    "HarvestSource": "{ id name presence organization { id name sourceCount } lastJob { id status } }",
    "HarvestJob": "{ id status endedAt source { id name } }",
    "HarvestRecord": "{ id }",
    "Organization": "{ id name presence }",
    "HarvestBackend": "{ id label }",
    "Person": PERSON,
}


def selection(type_: GraphQLObjectType) -> str:
    """Return everything of *type_* that is known of the past, and a little of what lies below."""
    parts = [_selected(name, each) for name, each in type_.fields.items() if name not in NOT_KNOWN]
    return f"{{ {' '.join(parts)} }}"


def _selected(name: str, given: GraphQLField) -> str:
    named = get_named_type(given.type)
    if is_leaf_type(named):
        return name
    assert isinstance(named, GraphQLObjectType)
    if named.name.endswith("Connection"):
        return f"{name}(first: 2) {{ totalCount nodes {SOME[name]} }}"
    return f"{name} {ONE[named.name] if named.name in set(EntityType) else selection(named)}"


def question(list_: str, type_: str, columns: str | None = None) -> str:
    """Return the document that asks for a page of *list_* in the order in which rows came."""
    found = core().type_map[type_]
    assert isinstance(found, GraphQLObjectType)
    given = f"presence: [{', '.join(Presence)}]"
    if type_ == "HarvestJob":
        given += f", status: [{', '.join(JobStatus)}]"
    return (
        f"query ($at: DateTime, $after: Cursor) {{ {list_}(asOf: $at, first: 100, after: $after,"
        f" filter: {{{given}}}) {{ totalCount pageInfo {{ hasNextPage endCursor }}"
        f" nodes {columns or selection(found)} }} }}"
    )


class Asking:
    """Asks the mirror's database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def rows(
        self, list_: str, text: str, at: datetime | None = None, *, pages: int = 1000
    ) -> dict[str, Any]:
        """Return the rows of a list by id, of at most as many *pages*."""
        found: dict[str, Any] = {}
        after = None
        for _ in range(pages):
            variables = {"after": after, **({"at": at.isoformat()} if at else {})}
            answer = json.loads(await self.engine.execute(text, variables))
            assert "errors" not in answer, answer["errors"]
            page = answer["data"][list_]
            found |= {row["id"]: row for row in page["nodes"]}
            if not page["pageInfo"]["hasNextPage"]:
                assert len(found) == page["totalCount"]
                return found
            after = page["pageInfo"]["endCursor"]
        return found


@dataclass
class Diary:
    """What was answered after each pass over a portal."""

    mirror: Rehearsal
    asking: Asking
    then: list[tuple[datetime, dict[str, dict[str, Any]]]] = field(default_factory=list)

    async def write(self, days: float, kind: Pass) -> None:
        """Let *days* go by, run a pass, and note what is answered now."""
        self.mirror.sandbox.advance(days)
        assert (await self.mirror.run(kind)).state == "DONE"
        self.then.append((self.mirror.sandbox.clock() + PASS, await self.read(None)))

    async def read(self, at: datetime | None) -> dict[str, dict[str, Any]]:
        """Return the rows of all lists as of *at*, by list and id."""
        found = {}
        for list_, type_ in LISTS.items():
            rows = await self.asking.rows(list_, question(list_, type_), at)
            found[list_] = {key: self._without(row) for key, row in rows.items()}
        for list_, (type_, columns) in FROZEN.items():
            found[list_] = await self.asking.rows(list_, question(list_, type_, columns), at, pages=5)
        return found

    def _without(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return *row* without what is computed from a schedule, which is not known of the past."""
        return {k: v for k, v in row.items() if not (self.mirror.adapter.inventory and k == "nextRunAt")}


@asynccontextmanager
async def diary(mirror: Rehearsal, url: str) -> AsyncIterator[Diary]:
    """Open a diary of the *mirror* of the database at *url*."""
    pool = await connect_pool(url, size=2)
    engine = Engine(pool, status_seconds=0, now=lambda: mirror.sandbox.clock() + PASS)
    try:
        yield Diary(mirror, Asking(engine))
    finally:
        await engine.close()
        await pool.close()
