"""What retention removes, a unit at a time, and what it never touches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from contract.writing import START, Bench, document

from gateway.model.document import Fetch
from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.store import bookkeeping, following, past
from gateway.store.parts import Part
from gateway.store.pruning import SETTINGS, expired, prune

SOURCE, JOB, RECORD = EntityType.HARVEST_SOURCE, EntityType.HARVEST_JOB, EntityType.HARVEST_RECORD
SOURCES, RECORDS = Scope("sources", SOURCE, whole=True), Scope("records", RECORD)
DAY = timedelta(days=1)


@pytest.fixture
async def bench(pool: asyncpg.Pool) -> AsyncIterator[Bench]:
    async with pool.acquire() as connection:
        yield await Bench.open(connection, inventory=False)


async def pruned(bench: Bench, *names: str, before: datetime | None = None, batch: int = 10_000) -> list[int]:
    """Prune what *names* say, else everything, up to now; return the rows of each unit."""
    cuts = dict.fromkeys(names or SETTINGS, before or bench.now)
    would = await expired(bench.connection, cuts)
    gone = [(name, rows) async for name, rows in prune(bench.connection, cuts, batch)]
    went = {name: sum(rows for each, rows in gone if each == name) for name in would if name != "fetches"}
    assert {name: would[name] for name in went} == went, "a dry run says what goes"
    return [rows for _, rows in gone]


async def named(bench: Bench, number: int, name: str) -> None:
    """Let *number* sources have a name, an hour later."""
    bench.later(hours=1)
    fetch = Fetch("/toy", None, bench.now, b"0" * 16)
    documents = [document(SOURCE, f"s{n}", name=name) for n in range(number)]
    dated = [Part(SOURCES, [_fetched(each, fetch) for each in documents])]
    await bench.writer.commit(dated)


def _fetched(given: Any, fetch: Fetch) -> Any:
    return type(given).of(given.type, given.native_id, given.body, fetch)


async def count(bench: Bench, table: str) -> int:
    found: int = await bench.value(f"SELECT count(*) FROM {table}")
    return found


async def test_what_another_document_replaced_goes_once_no_version_needs_it(bench: Bench) -> None:
    for name in ("a", "b"):
        await named(bench, 5, name)
    bench.later(hours=1)
    assert await pruned(bench, "documents") == []
    assert await pruned(bench, "history", "documents", batch=2) == [2, 2, 1, 2, 2, 1]
    assert await count(bench, "document") == 5
    current = "SELECT count(*) FROM harvest_source t JOIN document d ON d.entity_id = t.id AND d.hash = t.document_hash"
    assert await bench.value(current) == 5
    assert await pruned(bench, "history", "documents") == []


async def test_what_is_younger_stays(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        await named(bench, 2, name)
    assert await pruned(bench, before=START) == []
    second = START + timedelta(hours=2)
    assert await pruned(bench, "history", before=second) == [2]
    assert await bench.value("SELECT min(valid_to) FROM harvest_source_history") == second + timedelta(
        hours=1
    )


async def test_of_a_record_only_the_current_document_is_needed(bench: Bench) -> None:
    for status in ("PENDING", "SUCCEEDED"):
        bench.later(hours=1)
        await bench.writer.commit([Part(RECORDS, [document(RECORD, "r", job="j", wire_status=status)])])
    assert await pruned(bench, "documents") == [1]
    assert await bench.value("SELECT d.hash = t.document_hash FROM document d, harvest_record t") is True


async def test_the_document_of_a_row_that_is_no_more_goes(bench: Bench) -> None:
    await named(bench, 2, "a")
    await bench.connection.execute("DELETE FROM harvest_source WHERE native_id = 's0'")
    bench.later(hours=1)
    assert await pruned(bench, "documents") == [1]


async def test_the_past_begins_later_then(bench: Bench) -> None:
    await past.begin(bench.connection, bench.number, bench.now)
    await bench.connection.execute("INSERT INTO portal_past VALUES ($1, $2)", bench.number, bench.now)
    for name in ("a", "b"):
        await named(bench, 1, name)
    until = bench.now
    version = await bench.value("SELECT version FROM data_version")
    assert await pruned(bench, "history") == [1]
    assert await bench.value("SELECT pruned_until FROM portal_past") == until
    assert await bench.value("SELECT version FROM data_version") > version
    bench.later(hours=1)
    assert await pruned(bench, "history") == []
    assert await bench.value("SELECT pruned_until FROM portal_past") == until, (
        "nothing went, so all is known still"
    )


async def test_it_can_be_stopped_and_goes_on(bench: Bench) -> None:
    for name in ("a", "b"):
        await named(bench, 5, name)
    cuts = {"history": bench.now}
    async with aclosing(prune(bench.connection, cuts, 2)) as units:
        assert await anext(units) == ("history", 2)
    assert await count(bench, "harvest_source_history") == 3
    assert await pruned(bench, "history", batch=2) == [2, 1]


async def test_a_dry_run_writes_nothing(bench: Bench) -> None:
    for name in ("a", "b"):
        await named(bench, 3, name)
    version = await bench.value("SELECT version FROM data_version")
    found = await expired(bench.connection, dict.fromkeys(SETTINGS, bench.now + DAY))
    assert (found["history"], found["documents"]) == (3, 3)
    assert await count(bench, "harvest_source_history") == 3
    assert await bench.value("SELECT version FROM data_version") == version


async def test_events_go_from_the_oldest_on(bench: Bench) -> None:
    for name in ("a", "b"):
        await named(bench, 3, name)
    await following.settle(bench.connection)
    assert await pruned(bench, "events", before=bench.now, batch=2) == [2, 1]
    assert await bench.value("SELECT array_agg(DISTINCT kind) FROM event") == ["CHANGED"]


async def test_passes_that_are_told_of_stay(bench: Bench) -> None:
    async def ran(state: str, kind: str, *, whole: bool) -> int:
        bench.later(hours=1)
        run = await bookkeeping.start_run(bench.connection, bench.number, kind, bench.now, baseline=False)
        await bookkeeping.end_run(
            bench.connection,
            run,
            state=state,
            whole=whole,
            now=bench.now,
            requests=0,
            tallies={},
            notice=None,
        )
        return run.id

    await ran("DONE", "RECONCILE", whole=True)
    told = [await ran("DONE", "RECONCILE", whole=True), await ran("FAILED", "POLL", whole=False)]
    told.append(await ran("DONE", "POLL", whole=True))
    forgotten = [await ran("INCOMPLETE", "POLL", whole=False) for _ in range(9)]
    told += [await ran("INCOMPLETE", "POLL", whole=False) for _ in range(20)]
    await bench.connection.execute(
        "INSERT INTO held_deletion (portal, stream, scope, entity_type, entity_ids, members, held_at, run_id)"
        " VALUES ($1, 'sources', '', 'HarvestSource', '{1}', 9, $2, $3)",
        bench.number,
        bench.now,
        forgotten[0],
    )
    bench.later(days=1)
    await pruned(bench, "sync_runs")
    kept = [row["id"] for row in await bench.connection.fetch("SELECT id FROM sync_run ORDER BY id")]
    assert kept == sorted([*told, forgotten[0]])


async def test_a_rejection_that_still_holds_stays(bench: Bench) -> None:
    words = (
        ("waits", None, None, None),
        ("holds", bench.now, "REJECTED", None),
        ("lapsed", bench.now, "REJECTED", bench.now),
        ("done", bench.now, "APPROVED", None),
    )
    for scope, decided, decision, lapsed in words:
        await bench.connection.execute(
            "INSERT INTO held_deletion (portal, stream, scope, entity_type, entity_ids, members, held_at, decided_at,"
            " decision, lapsed_at) VALUES ($1, 'jobs', $2, 'HarvestJob', '{1}', 9, $3, $4, $5, $6)",
            bench.number,
            scope,
            bench.now,
            decided,
            decision,
            lapsed,
        )
    bench.later(days=1)
    assert await pruned(bench, "held_deletions") == [2]
    rows = await bench.connection.fetch("SELECT scope FROM held_deletion ORDER BY scope")
    assert [row["scope"] for row in rows] == ["holds", "waits"]


async def test_a_note_on_an_answer_stays_while_anything_is_left_of_it(bench: Bench) -> None:
    for name in ("a", "b"):
        await named(bench, 1, name)
    bench.later(days=1)
    assert await pruned(bench, "fetches") == []
    assert await pruned(bench, "history", "documents", "fetches") == [1, 1, 1]
    assert await count(bench, "fetch_log") == 1


async def test_a_document_that_a_unit_brings_back_meanwhile_stays(bench: Bench, pool: asyncpg.Pool) -> None:
    """The unit has written its row, and finds the document there; then comes the prune, and then the commit."""
    for status in ("PENDING", "SUCCEEDED"):
        bench.later(hours=1)
        await bench.writer.commit([Part(RECORDS, [document(RECORD, "r", job="j", wire_status=status)])])
    former = await bench.value(
        "SELECT d.hash FROM document d, harvest_record t WHERE d.entity_id = t.id AND d.hash <> t.document_hash"
    )
    cuts = {"documents": bench.now}
    async with pool.acquire() as other, other.transaction():
        await other.execute("UPDATE harvest_record SET document_hash = $1", former)
        assert [unit async for unit in prune(bench.connection, cuts)] == []
    assert [unit async for unit in prune(bench.connection, cuts)] == [("documents", 1)]
    assert await bench.value("SELECT hash FROM document") == former
