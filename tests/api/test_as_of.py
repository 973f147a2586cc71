"""What is told of an instant: what was known then, what is not known of it, and why."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from contract.writing import Bench, document

from gateway.model.enums import EntityType
from gateway.model.identity import global_id
from gateway.ports import End, Scope
from gateway.store import tables
from gateway.store.parts import Part
from harvest_graphql.engine import Engine

SOURCE, JOB, RECORD, ERROR = (
    EntityType.HARVEST_SOURCE,
    EntityType.HARVEST_JOB,
    EntityType.HARVEST_RECORD,
    EntityType.HARVEST_ERROR,
)
SOURCES, JOBS, RECORDS = Scope("sources", SOURCE, whole=True), Scope("jobs", JOB), Scope("records", RECORD)
BEGUN = {"source": "s", "created_at": "2026-10-31T00:00:00+00:00"}
ANY = "[PRESENT, DELETED, GONE, EXPIRED, UNKNOWN]"


@dataclass
class Asked:
    """A database that is written and asked."""

    bench: Bench
    engine: Engine

    async def answer(self, text: str, at: datetime | None) -> dict[str, Any]:
        """Return the answer to a query of the variable ``at``."""
        variables = {} if at is None else {"at": at.isoformat()}
        found: dict[str, Any] = json.loads(
            await self.engine.execute(f"query ($at: DateTime) {{ {text} }}", variables)
        )
        return found

    async def data(self, text: str, at: datetime | None) -> Any:
        """Return the value of the one root field."""
        answer = await self.answer(text, at)
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    async def notices(self, text: str, at: datetime) -> list[tuple[str, str | None, str | None]]:
        """Return what is said of the answer: code, portal, since when."""
        answer = await self.answer(text, at)
        return [
            (each["code"], each.get("portal"), each.get("since"))
            for each in answer["extensions"]["notices"]
            if "asOf" in each
        ]

    async def loaded(self) -> None:
        """Let the first load have ended now."""
        await self.bench.connection.execute(
            "INSERT INTO portal_past VALUES ($1, $2)", self.bench.number, self.bench.now
        )

    async def commit(self, scope: Scope, *documents: Any) -> datetime:
        """Store what was read, and return an instant at which that was all that was known."""
        self.bench.later(hours=1)
        await self.bench.writer.commit([Part(scope, list(documents))])
        return self.bench.now + timedelta(minutes=1)


@pytest.fixture
async def asked(pool: asyncpg.Pool) -> AsyncIterator[Asked]:
    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=False)
        engine = Engine(pool, connections=1, status_seconds=0, now=lambda: bench.now + timedelta(hours=1))
        yield Asked(bench, engine)
        await engine.close()


ONE_SOURCE = 'harvestSource(portal: "toy", nativeId: "s", asOf: $at) '
ALL_SOURCES = f"harvestSources(asOf: $at, filter: {{presence: {ANY}}}) "


async def test_nothing_is_known_before_the_first_load_ended(asked: Asked) -> None:
    loading = await asked.commit(SOURCES, document(SOURCE, "s", name="a"))
    assert await asked.notices(f"{ONE_SOURCE} {{ name }}", loading) == [("NOT_KNOWN_YET", "toy", None)]
    asked.bench.later(hours=1)
    await asked.loaded()
    since = "2026-11-01T02:00:00Z"
    for text, nothing in (
        (f"{ONE_SOURCE} {{ name }}", None),
        (f"{ALL_SOURCES} {{ totalCount }}", {"totalCount": 0}),
    ):
        assert await asked.data(text, loading) == nothing
        assert await asked.notices(text, loading) == [("NOT_KNOWN_YET", "toy", since)]
        assert await asked.data(text, asked.bench.now) != nothing
        assert await asked.notices(text, asked.bench.now) == []


async def test_another_portal_says_nothing_of_what_it_was_not_asked(asked: Asked) -> None:
    before = await asked.commit(SOURCES, document(SOURCE, "s", name="a"))
    filtered = 'harvestSources(asOf: $at, filter: {portal: ["toy"]}) { totalCount }'
    assert await asked.notices('harvestJob(portal: "other", nativeId: "x", asOf: $at) { id }', before) == []
    assert await asked.notices(filtered, before) == [("NOT_KNOWN_YET", "toy", None)]


async def test_an_instant_to_come_is_the_askers_mistake(asked: Asked) -> None:
    answer = await asked.answer(f"{ONE_SOURCE} {{ name }}", asked.bench.now + timedelta(hours=2))
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "2026-11-01T01:00:00Z" in error["message"]


async def test_what_was_pruned_is_told_of_no_more(asked: Asked) -> None:
    await asked.loaded()
    then = await asked.commit(SOURCES, document(SOURCE, "s", name="a"))
    await asked.commit(SOURCES, document(SOURCE, "s", name="b"))
    assert await asked.data(f"{ONE_SOURCE} {{ name }}", then) == {"name": "a"}
    await asked.bench.connection.execute("UPDATE portal_past SET pruned_until = $1", asked.bench.now)
    assert await asked.data(f"{ONE_SOURCE} {{ name }}", then) is None
    assert await asked.notices(f"{ONE_SOURCE} {{ name }}", then) == [
        ("PRUNED", "toy", "2026-11-01T02:00:00Z")
    ]
    assert await asked.data(f"{ONE_SOURCE} {{ name }}", asked.bench.now) == {"name": "b"}


async def test_what_is_gone_now_was_present_then(asked: Asked) -> None:
    await asked.loaded()
    other, text = document(SOURCE, "other"), f"{ONE_SOURCE} {{ presence removedAt }}"
    then = await asked.commit(SOURCES, document(SOURCE, "s"), other)
    seen = await asked.bench.writer.begin(SOURCES)
    asked.bench.later(hours=1)
    await asked.bench.writer.commit([Part(SOURCES, [other], seen, end=End(proved=True))])
    gone = {"presence": "GONE", "removedAt": "2026-11-01T02:00:00.000000Z"}
    assert await asked.data(text, None) == await asked.data(text, asked.bench.now) == gone
    assert await asked.data(text, then) == {"presence": "PRESENT", "removedAt": None}
    names = "harvestSources(asOf: $at) { nodes { nativeId } }"
    assert len((await asked.data(names, then))["nodes"]) == 2
    assert (await asked.data(names, asked.bench.now))["nodes"] == [{"nativeId": "other"}]


async def test_what_follows_from_runs_is_what_followed_then(asked: Asked) -> None:
    await asked.loaded()
    text = f"{ONE_SOURCE} {{ consecutiveFailures nextRunAt lastJob {{ nativeId status }} }}"
    await asked.commit(SOURCES, document(SOURCE, "s"))
    planned = document(JOB, "p", source="s", wire_status="PENDING", created_at="2026-11-20T00:00:00+00:00")
    first = await asked.commit(JOBS, document(JOB, "a", wire_status="FAILED", **BEGUN), planned)
    later = {"source": "s", "created_at": "2026-11-01T01:30:00+00:00"}
    second = await asked.commit(JOBS, document(JOB, "b", wire_status="RUNNING", **later))
    await asked.commit(JOBS, document(JOB, "b", wire_status="SUCCEEDED", **later))
    assert [await asked.data(text, at) for at in (first, second, asked.bench.now)] == [
        {
            "consecutiveFailures": failures,
            "nextRunAt": "2026-11-20T00:00:00.000000Z",
            "lastJob": {"nativeId": job, "status": status},
        }
        for failures, job, status in ((1, "a", "FAILED"), (1, "b", "RUNNING"), (0, "b", "SUCCEEDED"))
    ]


ONE_RECORD = 'harvestRecord(portal: "toy", nativeId: "r", asOf: $at) '


async def test_a_record_that_has_changed_since_tells_its_name_alone(asked: Asked) -> None:
    await asked.loaded()
    text = f"{ONE_RECORD} {{ status nativeStatus presence remoteId job {{ status }} document {{ bytes }} }}"
    await asked.commit(JOBS, document(JOB, "j", wire_status="RUNNING", **BEGUN))
    named = {"job": "j", "remote_id": "x"}
    opened = await asked.commit(
        RECORDS, document(RECORD, "r", wire_status="PENDING", native_status="new", **named)
    )
    ended = document(JOB, "j", wire_status="SUCCEEDED", **BEGUN)
    await asked.commit(
        RECORDS, ended, document(RECORD, "r", wire_status="SUCCEEDED", native_status="ok", **named)
    )
    now, then = await asked.data(text, asked.bench.now), await asked.data(text, opened)
    assert (now["status"], now["nativeStatus"], now["job"]) == ("SUCCEEDED", "ok", {"status": "SUCCEEDED"})
    assert then.pop("document") is not None
    assert then == {
        "status": "UNKNOWN", "nativeStatus": None, "presence": "PRESENT", "remoteId": "x", "job": {"status": "RUNNING"},
    }  # fmt: skip
    assert await asked.notices(text, opened) == [("PARTLY_KNOWN", None, None)]


async def test_a_record_that_was_only_removed_since_is_told_whole(asked: Asked) -> None:
    await asked.loaded()
    text = f"{ONE_RECORD} {{ status presence removedAt errors {{ nodes {{ message presence }} }} }}"
    other = document(SOURCE, "other")
    await asked.commit(SOURCES, document(SOURCE, "s"), other)
    await asked.commit(JOBS, document(JOB, "j", wire_status="FAILED", **BEGUN))
    read = [
        document(RECORD, "r", job="j", wire_status="FAILED"),
        document(ERROR, "e", job="j", record="r", message="m"),
    ]
    then = await asked.commit(RECORDS, *read)
    seen = await asked.bench.writer.begin(SOURCES)
    asked.bench.later(hours=1)
    await asked.bench.writer.commit([Part(SOURCES, [other], seen, end=End(proved=True))])
    assert (await asked.data(text, None))["presence"] == "GONE"
    assert await asked.data(text, then) == {
        "status": "FAILED",
        "presence": "PRESENT",
        "removedAt": None,
        "errors": {"nodes": [{"message": "m", "presence": "PRESENT"}]},
    }


async def test_a_page_of_the_past_goes_on_where_it_ended(asked: Asked) -> None:
    await asked.loaded()
    then = await asked.commit(SOURCES, *(document(SOURCE, f"s{n}", name=f"{n}") for n in range(5)))
    await asked.commit(
        SOURCES, *(document(SOURCE, f"s{n}", name=f"{9 - n}") for n in range(5)), document(SOURCE, "new")
    )
    names: list[str] = []
    after = "null"
    while after:
        page = await asked.data(
            f"harvestSources(asOf: $at, first: 2, after: {after}, orderBy: {{field: NAME, direction: ASC}})"
            " { totalCount nodes { name } pageInfo { hasNextPage endCursor } }",
            then,
        )
        assert page["totalCount"] == 5
        names += [each["name"] for each in page["nodes"]]
        after = f'"{page["pageInfo"]["endCursor"]}"' if page["pageInfo"]["hasNextPage"] else ""
    assert names == ["0", "1", "2", "3", "4"]


def by_ids(*ids: str, fields: str) -> str:
    return f"nodes(ids: [{', '.join(ids)}], asOf: $at) {{ {fields} }}"


async def test_an_id_is_asked_of_then_as_a_look_up_is(asked: Asked) -> None:
    loading = await asked.commit(SOURCES, document(SOURCE, "s", name="a"))
    asked.bench.later(hours=1)
    await asked.loaded()
    then = await asked.commit(SOURCES, document(SOURCE, "s", name="b"), document(SOURCE, "late"))
    await asked.commit(SOURCES, document(SOURCE, "s", name="c"))
    ids = [json.dumps(global_id("HarvestSource", "toy", name)) for name in ("s", "late", "never")]
    fields = "... on HarvestSource { name lastJob { status } }"
    one, nodes = by_ids(ids[0], fields=fields), by_ids(*ids, fields=fields)
    for at in (loading, then, asked.bench.now, None):
        look_up = await asked.data(f"{ONE_SOURCE} {{ name lastJob {{ status }} }}", at)
        assert await asked.data(one, at) == [look_up]
        assert (await asked.data(nodes, at))[0] == look_up
        for text in (one, nodes):
            if at is not None:
                assert await asked.notices(text, at) == await asked.notices(f"{ONE_SOURCE} {{ name }}", at)
    found = await asked.data(nodes, then)
    assert [each and each["name"] for each in found] == ["b", None, None]
    assert await asked.notices(one, loading) == [("NOT_KNOWN_YET", "toy", "2026-11-01T02:00:00Z")]


async def test_ids_of_records_say_what_was_not_kept(asked: Asked) -> None:
    await asked.loaded()
    await asked.commit(JOBS, document(JOB, "j", wire_status="RUNNING", **BEGUN))
    then = await asked.commit(RECORDS, document(RECORD, "r", job="j", wire_status="PENDING"))
    await asked.commit(RECORDS, document(RECORD, "r", job="j", wire_status="FAILED"))
    record, job = (
        json.dumps(global_id(*of)) for of in (("HarvestRecord", "toy", "r"), ("HarvestJob", "toy", "j"))
    )
    fields = "__typename ... on HarvestRecord { status } ... on HarvestJob { state: status }"
    both = by_ids(job, record, fields=fields)
    assert await asked.data(both, then) == [
        {"__typename": "HarvestJob", "state": "RUNNING"},
        {"__typename": "HarvestRecord", "status": "UNKNOWN"},
    ]
    told = [("PARTLY_KNOWN", None, None)]
    assert await asked.notices(both, then) == told
    assert await asked.notices(by_ids(record, fields=fields), then) == told
    assert await asked.notices(by_ids(job, fields=fields), then) == [], "no record was asked for"


async def test_ids_of_what_has_no_past(asked: Asked) -> None:
    before = await asked.commit(SOURCES, document(SOURCE, "s"))
    asked.bench.later(hours=1)
    await asked.loaded()
    dataset, portal = (
        json.dumps(global_id(*of)) for of in (("Dataset", "toy", "d"), ("Portal", "toy", "toy"))
    )
    for text in (by_ids(dataset, fields="id"), by_ids(portal, dataset, fields="id")):
        (error,) = (await asked.answer(text, asked.bench.now))["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "ask for their records instead" in error["message"]
    shown = "... on Portal { key }"
    text = by_ids(portal, fields=shown)
    assert await asked.data(text, before) == [{"key": "toy"}], "portals are told as they are now"
    assert await asked.notices(text, before) == []


async def test_ids_of_then_are_found_by_an_index(asked: Asked) -> None:
    ids = (json.dumps(global_id(type_, "toy", "x")) for type_ in ("HarvestSource", "HarvestRecord"))
    text = f"query ($at: DateTime) {{ {by_ids(*ids, fields='id')} }}"
    await asked.bench.connection.execute("SET enable_seqscan = off")
    (each,) = asked.engine.explain(text, {"at": asked.bench.now.isoformat()})
    rows = await asked.bench.connection.fetch(f"EXPLAIN {each.sql}", *each.arguments)
    await asked.bench.connection.execute("RESET enable_seqscan")
    found = [row[0] for row in rows if "Index Cond" in row[0] and "(portal = k.number)" in row[0]]
    assert len(found) == len(EntityType) - 1 + len(tables.HISTORY), (
        "of each type but datasets, and its versions"
    )
