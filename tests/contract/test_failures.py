"""How many runs of a source in a row ended badly."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from contract.writing import Bench, document

from gateway.compare.counting import HARVESTS, JUDGED_RUNS
from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.postgres import connect, downgrade, migrate
from gateway.store import derive
from gateway.store.parts import Part

JOB = EntityType.HARVEST_JOB
JOBS = Scope("jobs", JOB)
COUNT = "SELECT consecutive_failures FROM harvest_source"


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    connection: asyncpg.Connection[asyncpg.Record] = await connect(database_url)
    yield await Bench.open(connection, inventory=True)
    await connection.close()


async def runs(bench: Bench, *words: str, day: int = 1, kind: str = "HARVEST") -> None:
    """Commit one run a day, the first on *day* of October."""
    await bench.writer.commit(
        [
            Part(
                JOBS,
                [
                    document(
                        JOB,
                        f"j{day + place:02}",
                        source="s",
                        kind=kind,
                        wire_status=word,
                        created_at=f"2026-10-{day + place:02}T00:00:00+00:00",
                    )
                    for place, word in enumerate(words)
                ],
            )
        ]
    )


async def test_failures_count_from_the_last_good_run_on(bench: Bench) -> None:
    await runs(bench, "FAILED", "PARTIAL", "FAILED", "LOST")
    assert await bench.value(COUNT) == 2
    await runs(bench, "FAILED", day=5)
    assert await bench.value(COUNT) == 3
    await runs(bench, "SUCCEEDED", day=6)
    assert await bench.value(COUNT) == 0


async def test_only_ended_harvests_count(bench: Bench) -> None:
    await runs(bench, "SUCCEEDED", "FAILED", "CANCELLED", "FAILED")
    await runs(bench, "FAILED", "SUCCEEDED", day=5, kind="CLEAR")
    await runs(bench, "FAILED", day=7, kind="VALIDATE")
    await runs(bench, "RUNNING", day=31)
    await runs(bench, "FAILED", day=8, kind="FORCE_HARVEST")
    assert await bench.value(COUNT) == 3


async def test_the_clock_makes_a_run_a_failure(bench: Bench) -> None:
    await runs(bench, "FAILED", day=30)
    await runs(bench, "RUNNING", day=31)
    assert await bench.value(COUNT) == 1
    bench.later(days=5)
    await bench.writer.follow(baseline=False)
    assert await bench.value(COUNT) == 2


async def test_a_count_alone_is_no_event_and_nothing_is_written_twice(bench: Bench) -> None:
    await runs(bench, "FAILED", "FAILED")
    moved = "SELECT xmin::text FROM harvest_source"
    before = await bench.value(moved)
    await runs(bench, "FAILED", "FAILED")
    assert await bench.value(moved) == before
    await runs(bench, "FAILED", day=3)
    assert await bench.value(COUNT) == 3
    of_sources = "SELECT count(*) FROM event WHERE entity_type = 'HarvestSource' AND kind = 'CHANGED'"
    assert await bench.value(of_sources) == 0


async def test_the_migration_counts_what_is_there(bench: Bench, database_url: str) -> None:
    await runs(bench, "FAILED", "SUCCEEDED", "FAILED", "CANCELLED", "LOST")
    await downgrade(database_url, "0005")
    await migrate(database_url)
    assert await bench.value(COUNT) == 2


def test_runs_are_judged_as_reports_judge_them() -> None:
    assert str(tuple(word.value for word in JUDGED_RUNS)) == derive.JUDGED
    assert str(HARVESTS) == derive.HARVESTS
