from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from contract.writing import Bench, document, runs

from gateway.model.document import Document
from gateway.model.enums import Cause, EntityType
from gateway.ports import Scope
from gateway.store.bookkeeping import Run
from gateway.store.layout import lay_out, read
from gateway.store.parts import Part
from gateway.store.storing import Storing

JOB, RECORD, ERROR, DATASET = (
    EntityType.HARVEST_JOB,
    EntityType.HARVEST_RECORD,
    EntityType.HARVEST_ERROR,
    EntityType.DATASET,
)
RECORDS = Scope("records", RECORD)


def record(name: str, job: str, **values: Any) -> Document:
    """Return the document of a record of *job* that tells of the dataset ``d`` under the name of the job."""
    told = {"type": DATASET, "native_id": "d", "title": job}
    return document(RECORD, name, told, job=job, dataset="d", wire_status="SUCCEEDED", **values)


async def stored(bench: Bench, native: str) -> dict[str, Any]:
    """Return what there is of a record, apart from its keys and names."""
    names = "ARRAY['id', 'native_id', 'row_hash', 'document_hash']"
    row = await bench.connection.fetchrow(
        f"SELECT to_jsonb(r) - {names} AS row, convert_from(d.body, 'UTF8') AS body, d.parent, d.position, "
        "r.source_id IS NOT NULL AS sourced, d.fetch_id IS NULL AS lost, "
        "r.row_hash IS NULL OR r.document_hash <> d.hash AS torn FROM harvest_record r "
        "JOIN document d ON d.entity_type = 'HarvestRecord' AND d.entity_id = r.id WHERE r.native_id = $1",
        native,
    )
    assert row is not None
    return {**dict(row), "body": row["body"].replace(native, "")}


@pytest.mark.parametrize("loaded", [None, 1])
async def test_a_new_record_is_stored_as_one_is_that_was_named_before(
    bench: Bench, loaded: int | None
) -> None:
    await bench.writer.commit([Part(RECORDS, [document(ERROR, "e", job="newer", record="named")])])
    values = {"native": {"a": [1, None]}, "args": ["é", ""], "remote_url": None, "position": 3}
    tally = await bench.writer.commit(
        [
            Part(
                RECORDS,
                [record("named", "newer", **values), record("fresh", "newer", **values)],
                loaded=loaded,
            )
        ]
    )
    assert (tally.new, tally.changed) == (1, 1)
    fresh, named = await stored(bench, "fresh"), await stored(bench, "named")
    assert fresh == named
    assert (fresh["sourced"], fresh["lost"], fresh["torn"]) == (True, False, False)
    assert await bench.value("SELECT records_succeeded FROM job_rollup WHERE records > 0") == 2


async def test_new_records_beside_known_ones_are_told_of_once(bench: Bench) -> None:
    known = record("r0", "newer")
    await bench.writer.commit([Part(RECORDS, [known])])
    bench.later(hours=1)
    news = [record("r0", "newer", position=1), record("r1", "newer"), record("r2", "newer")]
    tally = await bench.writer.commit([Part(RECORDS, news)])
    assert (tally.new, tally.changed) == (2, 1)
    events = await bench.connection.fetch("SELECT count FROM event WHERE kind = 'ARRIVED' ORDER BY id")
    assert [event["count"] for event in events] == [1, 2]
    assert await bench.value("SELECT count(*) FROM harvest_record") == 3
    assert await bench.value("SELECT count(*) FROM document WHERE entity_type = 'HarvestRecord'") == 4


@pytest.mark.parametrize("order", [["older", "newer"], ["newer", "older"]])
async def test_the_newest_mention_speaks_in_whatever_order_mentions_come(
    bench: Bench, order: list[str]
) -> None:
    for job in order:
        await bench.writer.commit([Part(RECORDS, [record(f"of {job}", job)])])
    row = await bench.connection.fetchrow(
        "SELECT d.title, r.native_id, d.text_record_id = d.latest_record_id AS told, j.native_id AS job "
        "FROM dataset d JOIN harvest_record r ON r.id = d.latest_record_id JOIN harvest_job j ON j.id = d.state_job_id"
    )
    assert row is not None
    assert tuple(row) == ("newer", "of newer", True, "newer")


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("order", [["oldest", "newer", "older"], ["newer", "older", "oldest"]])
async def test_the_newest_of_several_mentions_speaks_that_come_together(
    bench: Bench, order: list[str], *, known: bool
) -> None:
    oldest = {"oldest": "2026-09-01T00:00:00+00:00"}
    await bench.writer.commit([Part(Scope("jobs", JOB), runs("s", oldest))])
    if known:
        await bench.writer.commit([Part(RECORDS, [record("before", "oldest")])])
    twice = record("twice", "newer", position=9)
    await bench.writer.commit(
        [Part(RECORDS, [*(record(f"of {job}", job, position=1) for job in order), twice])]
    )
    row = await bench.connection.fetchrow(
        "SELECT d.title, r.native_id, d.text_record_id = d.latest_record_id AS told "
        "FROM dataset d JOIN harvest_record r ON r.id = d.latest_record_id"
    )
    assert row is not None
    assert tuple(row) == ("newer", "twice", True)


async def test_mentions_of_a_run_without_an_instant_are_heard_with_the_others(bench: Bench) -> None:
    await bench.writer.commit([Part(RECORDS, [record("early", "unheard of"), record("late", "newer")])])
    assert await bench.value("SELECT title FROM dataset") == "newer"


@pytest.mark.parametrize("empty", [True, False])
async def test_what_a_record_let_go_of_while_it_was_loaded_is_gone_at_the_end(
    bench: Bench, *, empty: bool
) -> None:
    told = {"type": DATASET, "native_id": "e", "title": "another"}
    again = document(RECORD, "r", told, job="newer", dataset="e", wire_status="SUCCEEDED")
    for each in (record("r", "newer"), again):
        await bench.writer.commit([Part(RECORDS, [each], loaded=1)])
    await bench.writer.follow_records(jobs=["newer"], batch=10, baseline=True, empty=empty)
    rows = await bench.connection.fetch("SELECT native_id, presence FROM dataset ORDER BY 1")
    assert [tuple(row) for row in rows] == [("d", "GONE"), ("e", "PRESENT")]


async def test_an_old_mention_leaves_its_dataset_alone(bench: Bench) -> None:
    await bench.writer.commit([Part(RECORDS, [record("of newer", "newer")])])
    before = await bench.value("SELECT ctid::text || xmin::text FROM dataset")
    await bench.writer.commit([Part(RECORDS, [record("of older", "older")])])
    assert await bench.value("SELECT ctid::text || xmin::text FROM dataset") == before
    assert await bench.value("SELECT count(*) FROM harvest_record WHERE dataset_id IS NOT NULL") == 2


async def test_a_record_without_a_run_and_a_run_without_an_instant_are_stored(bench: Bench) -> None:
    lone, early = document(RECORD, "lone"), record("early", "unheard of")
    await bench.writer.commit([Part(RECORDS, [lone, early, record("again", "unheard of")])])
    rows = await bench.connection.fetch(
        "SELECT r.native_id, j.presence, r.dataset_id IS NULL AS apart FROM harvest_record r "
        "LEFT JOIN harvest_job j ON j.id = r.job_id ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [
        ("again", "UNKNOWN", False),
        ("early", "UNKNOWN", False),
        ("lone", None, True),
    ]
    assert await bench.value("SELECT title FROM dataset") == "unheard of"


async def test_a_record_that_is_there_after_all_ends_its_unit_with_nothing_written(bench: Bench) -> None:
    known = record("r", "newer")
    await bench.writer.commit([Part(RECORDS, [known])])
    layout = lay_out([read(each, bench.toy.normalise) for each in (record("s", "newer"), known)], {})
    storing = Storing(
        bench.connection,
        Run(None, bench.number, bench.now, baseline=False),
        inventory=True,
        loading=False,
        seen=True,
        now=bench.now,
        cause=Cause.UPSTREAM,
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        async with bench.connection.transaction():
            await storing.store(layout.rows, known=())
    assert await bench.value("SELECT array_agg(native_id) FROM harvest_record") == ["r"]
