"""What was known then: questions that were asked after each pass are asked again at the end, as of these passes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from acceptance.syncing import Rehearsal, rehearsal
from acceptance.wires import WIRES, Wire
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
PASSES = (
    (0, Pass.RECONCILE),
    (0.1, Pass.POLL),
    (1, Pass.POLL),
    (3, Pass.RECONCILE),
    (400, Pass.RECONCILE),
)
"""Days that go by before each pass, and how much it reads; in the end the portals have purged what was."""
ALL = os.environ.get("GATEWAY_TRUTH") == "all"
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


def settled(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a frozen row differs from what it was: one that has changed since tells no more than its name."""
    unknown = other.get("status", other.get("severity")) == "UNKNOWN"
    told = NAMING if unknown else one.keys()
    return {name: (one[name], other[name]) for name in told if name in one and one[name] != other[name]}


@pytest.mark.parametrize("wire", WIRES if ALL else (WIRES[0], WIRES[3]), ids=str)
async def test_what_was_answered_then_is_answered_again(wire: Wire, database_url: str) -> None:
    pool = await connect_pool(database_url, size=2)
    async with rehearsal(
        wire.adapter, database_url, seed=4, dialect=wire.dialect, settings=wire.settings
    ) as mirror:
        began = mirror.sandbox.clock()
        diary = Diary(
            mirror, Asking(Engine(pool, status_seconds=0, now=lambda: mirror.sandbox.clock() + PASS))
        )
        for days, kind in PASSES:
            await diary.write(days, kind)
        last = diary.then[-1][1]
        for at, then in diary.then:
            again = await diary.read(at)
            for list_ in LISTS:
                assert again[list_].keys() == then[list_].keys(), (list_, at)
                assert _differences(then[list_], again[list_]) == {}, (list_, at)
            for list_ in FROZEN:
                assert list(again[list_]) == list(then[list_]), (list_, at)
                differ = {key: settled(row, again[list_][key]) for key, row in then[list_].items()}
                assert not any(differ.values()), (list_, at)
        for list_ in LISTS:
            moved = sum(then[list_] != last[list_] for _, then in diary.then)
            assert moved or list_ == "harvestBackends", f"{list_} did not move, so nothing was tried"
        assert not any((await diary.read(began - timedelta(seconds=1))).values())
        await diary.asking.engine.close()
    await pool.close()


def _differences(then: Mapping[str, Any], again: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: {name: (row[name], again[key][name]) for name in row if row[name] != again[key][name]}
        for key, row in then.items()
        if row != again[key]
    }
