"""Datasets that their source's last complete run leaves out: told where a run was read, and no others are settled."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from contract.writing import DAYS, Bench, document, runs

from gateway.model.document import Document
from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.store import datasets
from gateway.store.parts import Part

JOB, RECORD, DATASET = EntityType.HARVEST_JOB, EntityType.HARVEST_RECORD, EntityType.DATASET


@pytest.fixture
async def bench(pool: asyncpg.Pool) -> AsyncIterator[Bench]:
    """Return a bench with two runs of a source, and one of another source between them."""
    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=True)
        other = runs("o", {"other": DAYS["older"]})
        await bench.writer.commit([Part(Scope("jobs", JOB), [*runs("s", DAYS), *other])])
        yield bench


async def read(bench: Bench, job: str, *named: str) -> None:
    """Store that *job*, read whole, names these datasets."""
    await bench.writer.commit([Part(Scope("records", RECORD), [_record(job, name) for name in named])])
    await bench.connection.execute(
        "INSERT INTO scope (portal, stream, key, read_at) VALUES ($1, 'records', $2, $3)",
        bench.number,
        job,
        bench.now,
    )


def _record(job: str, dataset: str) -> Document:
    told = {"type": DATASET, "native_id": dataset, "title": dataset}
    return document(RECORD, f"{job}:{dataset}", told, job=job, dataset=dataset, wire_status="SUCCEEDED")


async def touched(bench: Bench, *jobs: str) -> set[str]:
    """Return the datasets that are looked at where *jobs* were read."""
    async with bench.connection.transaction():
        await datasets.touch_sources(bench.connection, bench.number, list(jobs))
        rows = await bench.connection.fetch(
            "SELECT d.native_id FROM stage_touched t JOIN dataset d ON d.id = t.id WHERE t.entity_type = 'Dataset'"
        )
    return {row["native_id"] for row in rows}


async def states(bench: Bench) -> dict[str, tuple[str, str]]:
    """Return the datasets' states with the runs that these rest on."""
    rows = await bench.connection.fetch(
        "SELECT d.native_id, d.state, j.native_id AS job FROM dataset d JOIN harvest_job j ON j.id = d.state_job_id"
    )
    return {row["native_id"]: (row["state"], row["job"]) for row in rows}


async def test_what_the_last_complete_run_leaves_out_is_not_listed(bench: Bench) -> None:
    await read(bench, "newer", "kept")
    await read(bench, "older", "kept", "dropped")
    assert await touched(bench, "older") == {"dropped"}
    await bench.writer.follow(jobs=["older", "newer"], baseline=True)
    assert await states(bench) == {"kept": ("LIVE", "newer"), "dropped": ("NOT_LISTED", "newer")}


async def test_what_another_source_leaves_out_is_looked_at(bench: Bench) -> None:
    await read(bench, "newer", "kept")
    await read(bench, "other", "kept")
    assert await touched(bench, "other", "newer") == set()
    later = document(JOB, "late", source="o", wire_status="SUCCEEDED", created_at="2026-10-03T00:00:00+00:00")
    await bench.writer.commit([Part(Scope("jobs", JOB), [later])])
    await read(bench, "late", "new")
    assert await touched(bench, "late") == {"kept"}


async def test_what_is_not_listed_is_looked_at_again(bench: Bench) -> None:
    await read(bench, "newer", "kept")
    await read(bench, "older", "dropped")
    await bench.writer.follow(jobs=["older"], baseline=True)
    await bench.connection.execute("UPDATE scope SET read_at = NULL WHERE key = 'newer'")
    assert await touched(bench, "older") == {"dropped"}
    await bench.writer.follow(jobs=["older"], baseline=True)
    assert await states(bench) == {"kept": ("LIVE", "newer"), "dropped": ("LIVE", "older")}
