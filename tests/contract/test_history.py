"""The past of a row: versions that follow each other without hole or overlap, whatever the clock does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from contract.writing import START, Bench, document

from gateway.model.enums import Cause, EntityType
from gateway.ports import End, Scope
from gateway.store import bookkeeping
from gateway.store.bookkeeping import Run
from gateway.store.parts import Part

JOB, SOURCE, ORGANIZATION = EntityType.HARVEST_JOB, EntityType.HARVEST_SOURCE, EntityType.ORGANIZATION
SOURCES, JOBS = Scope("sources", SOURCE, whole=True), Scope("jobs", JOB)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def bench(pool: asyncpg.Pool) -> AsyncIterator[Bench]:
    async with pool.acquire() as connection:
        yield await Bench.open(connection, inventory=False)


async def versions(bench: Bench, table: str, native_id: str, column: str) -> list[tuple[float, float, Any]]:
    """Return the versions of a row: from when to when (seconds after the start, the last without end), and a column."""
    rows = await bench.connection.fetch(
        f"""
        SELECT valid_from, valid_to, {column} FROM {table}_history WHERE native_id = $1
        UNION ALL SELECT changed_at, 'infinity', {column} FROM {table} WHERE native_id = $1 ORDER BY 1, 2
        """,
        native_id,
    )
    found = [(_seconds(row[0]), _seconds(row[1]), row[2]) for row in rows]
    assert all(one[1] == other[0] for one, other in pairwise(found)), f"holes or overlaps: {found}"
    return found


def _seconds(instant: Any) -> float:
    return float("inf") if instant.year == 9999 else (instant - START).total_seconds()


async def source(bench: Bench, cause: Cause = Cause.UPSTREAM, **values: Any) -> None:
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "s", **values)])], cause=cause)


async def test_a_version_lasts_until_the_next_begins(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        await source(bench, name=name)
        bench.later(seconds=10)
    inf = float("inf")
    assert await versions(bench, "harvest_source", "s", "name") == [
        (0, 10, "a"),
        (10, 20, "b"),
        (20, inf, "c"),
    ]


class Ticking(Bench):
    """A bench whose clock goes on with every look at it."""

    at: datetime = START

    @property
    def now(self) -> datetime:  # type: ignore[override]
        self.at += SECOND
        return self.at

    @now.setter
    def now(self, at: datetime) -> None:
        self.at = at


async def test_a_clock_that_goes_on_within_a_unit_leaves_no_overlap(pool: asyncpg.Pool) -> None:
    """A unit asks the time more than once: for the rows that it merges, and for what follows from them."""
    async with pool.acquire() as connection:
        bench = await Ticking.open(connection, inventory=False)
        for name in ("a", "b"):
            await source(bench, name=name)
        assert [name for _, _, name in await versions(bench, "harvest_source", "s", "name")] == ["a", "b"]


async def test_merged_and_derived_in_one_unit_is_one_version(bench: Bench) -> None:
    job = {"source": "s", "created_at": "2026-10-31T00:00:00+00:00"}
    await bench.writer.commit([Part(JOBS, [document(JOB, "j", wire_status="RUNNING", **job)])])
    bench.later(seconds=10)
    failed = document(JOB, "j", wire_status="FAILED", **job)
    stopped = document(EntityType.HARVEST_ERROR, "e", job="j", native_type="CancelledJob")
    await bench.writer.commit([Part(JOBS, [failed, stopped])])
    assert [row[2] for row in await versions(bench, "harvest_job", "j", "status")] == ["RUNNING", "CANCELLED"]


async def test_twice_at_one_instant_leaves_what_lasted(bench: Bench) -> None:
    await source(bench, name="a")
    bench.later(seconds=10)
    for name in ("b", "c"):
        await source(bench, name=name)
    assert await versions(bench, "harvest_source", "s", "name") == [(0, 10, "a"), (10, float("inf"), "c")]


async def test_a_clock_that_went_back_tears_nothing(bench: Bench) -> None:
    await source(bench, name="a")
    bench.later(seconds=10)
    await source(bench, name="b")
    bench.later(seconds=-5)
    await source(bench, name="c")
    bench.later(seconds=20)
    await source(bench, name="d")
    found = await versions(bench, "harvest_source", "s", "name")
    assert found == [(0, 10, "a"), (10, 25, "c"), (25, float("inf"), "d")]


async def test_what_says_the_same_in_other_words_is_no_version(bench: Bench) -> None:
    """The fingerprint of a row knows the order of JSON's keys; its columns do not."""
    await source(bench, name="a", config={"x": 1, "y": 2})
    bench.later(seconds=10)
    await source(bench, name="a", config={"y": 2, "x": 1})
    assert await versions(bench, "harvest_source", "s", "name") == [(0, float("inf"), "a")]
    bench.later(seconds=10)
    await source(bench, name="b", config={"y": 2, "x": 1})
    assert await versions(bench, "harvest_source", "s", "name") == [(0, 20, "a"), (20, float("inf"), "b")]


async def test_what_was_only_named_is_a_version_too(bench: Bench) -> None:
    await source(bench, name="a", organization="o")
    bench.later(seconds=10)
    await bench.writer.commit([Part(SOURCES, [document(ORGANIZATION, "o", name="O")])])
    found = await versions(bench, "organization", "o", "presence")
    assert found == [(0, 10, "UNKNOWN"), (10, float("inf"), "PRESENT")]


async def test_gone_and_back_are_versions(bench: Bench) -> None:
    other = document(SOURCE, "other")
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "s", name="a"), other])])
    seen = await bench.writer.begin(SOURCES)
    bench.later(seconds=10)
    await bench.writer.commit([Part(SOURCES, [other], seen, end=End(proved=True))])
    bench.later(seconds=10)
    await source(bench, name="a")
    found = await versions(bench, "harvest_source", "s", "presence")
    assert found == [(0, 10, "PRESENT"), (10, 20, "GONE"), (20, float("inf"), "PRESENT")]
    removed = await bench.connection.fetch(
        "SELECT removed_at FROM harvest_source_history ORDER BY valid_from"
    )
    assert [row[0] for row in removed] == [None, START + 10 * SECOND]


async def test_normalised_again_is_a_version_of_its_own(bench: Bench) -> None:
    await source(bench, name="a")
    bench.later(seconds=10)
    stored = document(SOURCE, "s", name="b")
    await bench.writer.commit([Part(SOURCES, [stored])], cause=Cause.RENORMALISE, again=True)
    assert await versions(bench, "harvest_source", "s", "name") == [(0, 10, "a"), (10, float("inf"), "b")]
    bench.later(seconds=10)
    await bench.writer.commit([Part(SOURCES, [stored])], cause=Cause.RENORMALISE, again=True)
    assert len(await versions(bench, "harvest_source", "s", "name")) == 2


async def test_a_planned_run_that_vanished_is_known_to_have_been_planned(bench: Bench) -> None:
    planned = document(JOB, "plan", source="s", wire_status="PENDING", created_at="2026-11-05T00:00:00+00:00")
    other = document(SOURCE, "other")
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "s"), other, planned])])
    seen = await bench.writer.begin(SOURCES)
    bench.later(seconds=10)
    await bench.writer.commit([Part(SOURCES, [other], seen, end=End(proved=True))])
    assert await bench.value("SELECT count(*) FROM harvest_job") == 0
    row = await bench.connection.fetchrow("SELECT status, valid_from, valid_to FROM harvest_job_history")
    assert tuple(row) == ("SCHEDULED", START, START + 10 * SECOND)


async def test_the_past_begins_with_the_end_of_the_first_load(bench: Bench) -> None:
    async def ended(*, whole: bool) -> None:
        run = await bookkeeping.start_run(bench.connection, bench.number, "POLL", bench.now, baseline=True)
        await _end(bench, run, whole=whole)

    await ended(whole=True)
    assert await bench.value("SELECT count(*) FROM portal_past") == 0, "no stream has been read"
    for stream, reconcile in (("sources", True), ("jobs", False)):
        await bookkeeping.end_stream(
            bench.connection,
            bench.number,
            stream,
            now=START,
            reconcile=reconcile,
            proved=True,
            watermark=None,
        )
    await ended(whole=True)
    assert await bench.value("SELECT count(*) FROM portal_past") == 0, "jobs have not been read whole"
    await bookkeeping.end_stream(
        bench.connection, bench.number, "jobs", now=START, reconcile=True, proved=True, watermark=None
    )
    await ended(whole=False)
    assert await bench.value("SELECT count(*) FROM portal_past") == 0, "the pass was broken off"
    bench.later(seconds=10)
    version = await bench.value("SELECT version FROM data_version")
    await ended(whole=True)
    assert await bench.value("SELECT version FROM data_version") > version
    bench.later(seconds=10)
    await ended(whole=True)
    assert await bench.value("SELECT known_since FROM portal_past") == START + 10 * SECOND


async def _end(bench: Bench, run: Run, *, whole: bool) -> None:
    await bookkeeping.end_run(
        bench.connection, run, state="DONE", whole=whole, now=bench.now, requests=0, tallies={}, notice=None
    )
