"""Errors that come with new records: stored as they are when they come with a record that is there."""

from __future__ import annotations

from typing import Any

import pytest
from contract.writing import DAYS, Bench, document

from gateway.model.document import Document
from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.store.parts import Part

JOB, RECORD, ERROR = EntityType.HARVEST_JOB, EntityType.HARVEST_RECORD, EntityType.HARVEST_ERROR
RECORDS = Scope("records", RECORD)


def record(name: str, *errors: dict[str, Any], **values: Any) -> Document:
    """Return the document of a failed record with *errors*."""
    told = [
        {
            "type": ERROR,
            "native_id": f"{name}/e{n}",
            "record": name,
            "job": "newer",
            "severity": "ERROR",
            **error,
        }
        for n, error in enumerate(errors)
    ]
    return document(RECORD, name, *told, job="newer", wire_status="FAILED", **values)


async def stored(bench: Bench, name: str) -> dict[str, Any]:
    """Return what there is of the first error of a record, apart from its key and names."""
    row = await bench.connection.fetchrow(
        "SELECT to_jsonb(e) - ARRAY['id', 'native_id', 'record_id', 'row_hash', 'first_seen_at', 'changed_at'] AS row, "
        "e.record_id = r.id AS linked, e.row_hash IS NOT NULL AS whole, e.first_seen_at = e.changed_at AS new "
        "FROM harvest_error e, harvest_record r WHERE r.native_id = $1 AND e.native_id = $1 || '/e0'",
        name,
    )
    assert row is not None
    return dict(row)


FAULT = {"message": 'é\\ "quoted"\n', "native": {"a": [1, None]}, "created_at": DAYS["newer"], "position": 0}


@pytest.mark.parametrize("loaded", [None, 1])
async def test_an_error_of_a_new_record_is_stored_as_one_of_a_known_record_is(
    bench: Bench, loaded: int | None
) -> None:
    await bench.writer.commit([Part(RECORDS, [record("known")], loaded=loaded)])
    both = [record("known", FAULT), record("fresh", FAULT, FAULT)]
    tally = await bench.writer.commit([Part(RECORDS, both, loaded=loaded)])
    assert (tally.new, tally.changed) == (1 + 3, 1)
    fresh, known = await stored(bench, "fresh"), await stored(bench, "known")
    assert fresh == known
    assert (fresh["linked"], fresh["whole"], fresh["new"]) == (True, True, True)
    assert await bench.value("SELECT errors FROM job_rollup WHERE records > 0") == 3


async def test_errors_that_arrive_with_their_records_are_told_of(bench: Bench) -> None:
    await bench.writer.commit([Part(RECORDS, [record("a", FAULT), record("b", FAULT, FAULT), record("c")])])
    rows = await bench.connection.fetch(
        "SELECT entity_type, count FROM event WHERE kind = 'ARRIVED' AND entity_type <> 'HarvestJob' ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [("HarvestError", 3), ("HarvestRecord", 3)]


async def test_an_error_that_outlived_its_record_is_no_other_one(bench: Bench) -> None:
    """Each table has its own retention: a record that comes back may find its errors there."""
    await bench.writer.commit([Part(RECORDS, [record("r", FAULT)])])
    await bench.connection.execute("DELETE FROM document WHERE entity_type = 'HarvestRecord'")
    await bench.connection.execute("DELETE FROM harvest_record")
    tally = await bench.writer.commit([Part(RECORDS, [record("r", FAULT, FAULT)])])
    assert tally.new == 2
    rows = await bench.connection.fetch(
        "SELECT e.native_id, r.id IS NOT NULL AS linked FROM harvest_error e "
        "LEFT JOIN harvest_record r ON r.id = e.record_id ORDER BY 1"
    )
    assert [row["native_id"] for row in rows] == ["r/e0", "r/e1"]
    assert rows[1]["linked"]
