from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from contract.writing import Bench, document

from gateway.model.document import Fetch, Rejection
from gateway.model.enums import EntityType
from gateway.ports import End, Scope
from gateway.store.absence import Cap
from gateway.store.parts import Part

JOB, RECORD, SOURCE, ERROR = (
    EntityType.HARVEST_JOB,
    EntityType.HARVEST_RECORD,
    EntityType.HARVEST_SOURCE,
    EntityType.HARVEST_ERROR,
)
SOURCES = Scope("sources", SOURCE, whole=True)


@pytest.fixture
async def bench(pool: asyncpg.Pool) -> AsyncIterator[Bench]:
    async with pool.acquire() as connection:
        yield await Bench.open(connection, inventory=True)


async def test_rows_come_once_and_an_unchanged_document_writes_nothing(bench: Bench) -> None:
    source = document(SOURCE, "s", name="Catalogue", organization="o")
    first = await bench.writer.commit([Part(SOURCES, [source])])
    assert (first.fetched, first.new, first.changed) == (1, 1, 0)
    assert await bench.value("SELECT presence FROM organization WHERE native_id = 'o'") == "UNKNOWN"
    version = await bench.value("SELECT version FROM data_version")
    second = await bench.writer.commit([Part(SOURCES, [source])])
    assert (second.fetched, second.new, second.changed) == (1, 0, 0)
    assert await bench.value("SELECT version FROM data_version") == version


async def test_a_change_leaves_history_an_event_and_both_documents(bench: Bench) -> None:
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "s", name="Old")])])
    bench.later(days=1)
    tally = await bench.writer.commit([Part(SOURCES, [document(SOURCE, "s", name="New")])])
    assert (tally.new, tally.changed) == (0, 1)
    past = await bench.connection.fetchrow(
        "SELECT name, valid_to - valid_from AS range FROM harvest_source_history"
    )
    assert (past["name"], past["range"].days) == ("Old", 1)
    event = await bench.connection.fetchrow(
        "SELECT before ->> 'name' AS b, after ->> 'name' AS a FROM event WHERE kind = 'CHANGED'"
    )
    assert tuple(event) == ("Old", "New")
    assert await bench.value("SELECT count(*) FROM document") == 2


async def test_a_poison_element_costs_no_neighbour(bench: Bench) -> None:
    fetch = Fetch("/toy", None, bench.now, b"1" * 16)
    elements = [
        document(SOURCE, "a", name="A"),
        Rejection(SOURCE, "no id", b"{}", fetch),
        document(JOB, "big", total=2**40),
        document(SOURCE, "b", name="B\0"),
    ]
    tally = await bench.writer.commit([Part(SOURCES, elements)])
    assert (tally.fetched, tally.new, tally.quarantined) == (4, 2, 2)
    assert await bench.value("SELECT name FROM harvest_source WHERE native_id = 'b'") == "B\ufffd"
    assert await bench.value("SELECT count(*) FROM quarantine") == 2


async def test_what_a_proved_scope_does_not_name_is_gone_and_can_come_back(bench: Bench) -> None:
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "a"), document(SOURCE, "b")])])
    await bench.writer.commit(
        [Part(SOURCES, [document(JOB, "j", source="b"), document(RECORD, "r", job="j")])]
    )
    seen = await bench.writer.begin(SOURCES)
    bench.later(days=1)
    tally = await bench.writer.commit([Part(SOURCES, [document(SOURCE, "a")], seen, end=End(proved=True))])
    assert tally.gone == 3
    for table in ("harvest_source WHERE native_id = 'b'", "harvest_job", "harvest_record"):
        assert await bench.value(f"SELECT presence FROM {table}") == "GONE"
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "b")])])
    assert await bench.value("SELECT presence FROM harvest_source WHERE native_id = 'b'") == "PRESENT"
    assert await bench.value("SELECT count(*) FROM event WHERE kind = 'RESTORED'") == 1


async def test_a_planned_run_is_dropped_with_its_source(bench: Bench) -> None:
    planned = document(JOB, "plan", source="b", wire_status="PENDING", created_at="2026-11-05T00:00:00+00:00")
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "a"), document(SOURCE, "b"), planned])])
    assert await bench.value("SELECT status FROM harvest_job") == "SCHEDULED"
    seen = await bench.writer.begin(SOURCES)
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "a")], seen, end=End(proved=True))])
    assert await bench.value("SELECT count(*) FROM harvest_job") == 0


async def test_reading_a_stored_document_again_does_not_bring_a_row_back(bench: Bench) -> None:
    gone = document(SOURCE, "b", name="B")
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "a"), gone])])
    seen = await bench.writer.begin(SOURCES)
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "a")], seen, end=End(proved=True))])
    await bench.writer.commit([Part(SOURCES, [gone])], again=True)
    assert await bench.value("SELECT presence FROM harvest_source WHERE native_id = 'b'") == "GONE"


async def test_an_unproved_scope_buries_nothing(bench: Bench) -> None:
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "a")])])
    seen = await bench.writer.begin(SOURCES)
    end = End(proved=False, reason="a page failed")
    tally = await bench.writer.commit([Part(SOURCES, [], seen, end=end)])
    assert tally.gone == 0
    assert await bench.value("SELECT presence FROM harvest_source") == "PRESENT"


async def test_a_deletion_above_the_cap_waits(bench: Bench) -> None:
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, f"s{n}") for n in range(20)])])
    seen = await bench.writer.begin(SOURCES)
    left = [document(SOURCE, f"s{n}") for n in range(15)]
    tally = await bench.writer.commit([Part(SOURCES, left, seen, end=End(proved=True))])
    assert tally.gone == 0
    assert (
        await bench.value("SELECT cardinality(entity_ids) FROM held_deletion WHERE decided_at IS NULL") == 5
    )
    assert [Cap().holds(5, 20), Cap().holds(4, 4), Cap().holds(5, 25)] == [True, False, False]


async def test_statuses_follow_from_the_clock_and_from_errors(bench: Bench) -> None:
    jobs = [
        document(JOB, "lost", source="s", wire_status="RUNNING", created_at="2026-10-30T00:00:00+00:00"),
        document(JOB, "runs", source="s", wire_status="RUNNING", created_at="2026-10-31T12:00:00+00:00"),
        document(JOB, "plan", source="s", wire_status="PENDING", created_at="2026-11-05T00:00:00+00:00"),
        document(JOB, "stop", source="s", wire_status="FAILED", created_at="2026-10-29T00:00:00+00:00"),
    ]
    errors = [
        document(ERROR, "e1", job="stop", native_type="FailedJobCleanup"),
        document(ERROR, "e2", job="stop", native_type="CancelledJob"),
    ]
    records = [document(RECORD, "r", job="lost", wire_status="PENDING")]
    await bench.writer.commit([Part(Scope("jobs", JOB), [*jobs, *errors, *records])])
    rows = await bench.connection.fetch("SELECT native_id, status FROM harvest_job")
    assert dict(rows) == {"lost": "LOST", "runs": "RUNNING", "plan": "SCHEDULED", "stop": "CANCELLED"}
    assert await bench.value("SELECT status FROM harvest_record") == "LOST"
    last = "SELECT j.native_id FROM harvest_source s JOIN harvest_job j ON j.id = s.last_job_id"
    assert await bench.value(last) == "runs"
    bench.later(days=5)
    await bench.writer.follow(baseline=False)
    rows = await bench.connection.fetch("SELECT native_id, status FROM harvest_job")
    assert dict(rows)["runs"] == "LOST"
    assert dict(rows)["plan"] == "PENDING"
    assert await bench.value("SELECT count(*) FROM event WHERE cause = 'CLOCK'") == 2


async def test_a_record_that_is_read_after_it_was_named_has_the_status_that_it_says(bench: Bench) -> None:
    job = document(JOB, "j", source="s", wire_status="SUCCEEDED", created_at="2026-10-31T00:00:00+00:00")
    await bench.writer.commit([Part(SOURCES, [job, document(ERROR, "e", job="j", record="r")])])
    assert await bench.value("SELECT status FROM harvest_record") == "UNKNOWN"
    await bench.writer.commit([Part(SOURCES, [document(RECORD, "r", job="j", wire_status="FAILED")])])
    assert await bench.value("SELECT status FROM harvest_record") == "FAILED"
    await bench.writer.commit([Part(SOURCES, [document(RECORD, "r", job="j", wire_status="SUCCEEDED")])])
    assert await bench.value("SELECT status FROM harvest_record") == "SUCCEEDED"
    await bench.writer.commit([Part(SOURCES, [document(RECORD, "r", job="j", wire_status="PENDING")])])
    assert await bench.value("SELECT status FROM harvest_record") == "LOST"
