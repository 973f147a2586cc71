"""Datasets and their parents: on a first load linked as they are made, else when the stream has been read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from contract.writing import Bench, document

from gateway.model.document import Document
from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.store.parts import Part

JOB, RECORD, DATASET = EntityType.HARVEST_JOB, EntityType.HARVEST_RECORD, EntityType.DATASET
RECORDS = Scope("records", RECORD)


@pytest.fixture
async def bench(pool: asyncpg.Pool) -> AsyncIterator[Bench]:
    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=False)
        job = document(JOB, "j", source="s", wire_status="SUCCEEDED", created_at="2026-10-01T00:00:00+00:00")
        await bench.writer.commit([Part(Scope("jobs", JOB), [job])])
        yield bench


def record(name: str, parent: str | None = None) -> Document:
    """Return the document of a record that publishes the dataset *name* as a part of *parent*."""
    told = {
        "type": DATASET,
        "native_id": name,
        "title": name,
        "source": "s",
        "remote_id": f"urn:{name}",
        "parent_identifier": parent and f"urn:{parent}",
    }
    return document(
        RECORD, f"of {name}", told, job="j", dataset=name, wire_status="SUCCEEDED", action="CREATE"
    )


async def linked(bench: Bench) -> dict[str, tuple[str | None, str]]:
    """Return the datasets' parents, and by which transactions their rows were written."""
    rows = await bench.connection.fetch(
        "SELECT d.native_id, p.native_id AS parent, d.xmin::text AS written "
        "FROM dataset d LEFT JOIN dataset p ON p.id = d.parent_id"
    )
    return {row["native_id"]: (row["parent"], row["written"]) for row in rows}


def parents(found: dict[str, tuple[str | None, str]]) -> dict[str, str | None]:
    """Return the parents alone."""
    return {name: parent for name, (parent, _) in found.items()}


async def test_a_first_load_links_what_is_there_and_writes_it_once(bench: Bench) -> None:
    await bench.writer.commit([Part(RECORDS, [record("before")], loaded=1)])
    together = [record("child", "beside"), record("beside", "before"), record("early", "late")]
    await bench.writer.commit([Part(RECORDS, together, loaded=3)])
    await bench.writer.commit([Part(RECORDS, [record("late"), record("self", "self")], loaded=2)])
    first = await linked(bench)
    known = {"before": None, "child": "beside", "beside": "before", "late": None, "self": None}
    assert parents(first) == {**known, "early": None}
    await bench.writer.follow_records(jobs=[], batch=100, baseline=True)
    second = await linked(bench)
    assert parents(second) == {**known, "early": "late"}
    assert {name for name in first if first[name][1] != second[name][1]} == {"early"}


async def test_later_passes_link_at_the_end(bench: Bench) -> None:
    await bench.writer.commit([Part(RECORDS, [record("whole"), record("part", "whole")])])
    assert parents(await linked(bench)) == {"whole": None, "part": None}
    await bench.writer.follow_records(jobs=[], batch=100, baseline=False)
    assert parents(await linked(bench)) == {"whole": None, "part": "whole"}
