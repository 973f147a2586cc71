"""The ended jobs that a crawl is told of: source by source, the newest first, each with whether it has been read."""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg
from contract.writing import START, Bench, document

from gateway.model.enums import EntityType, JobStatus
from gateway.ports import End, Scope
from gateway.store.known import StoredKnowledge
from gateway.store.parts import Part

JOB, RECORD = EntityType.HARVEST_JOB, EntityType.HARVEST_RECORD


async def _told(
    known: StoredKnowledge, *, unread: bool = False, since: datetime | None = None
) -> list[tuple[str, int | None, bool]]:
    each = known.each_ended_job("records", unread=unread, since=since)
    return [(job.native_id, job.total, read) async for job, read in each]


async def test_ended_jobs_come_newest_first_with_whether_they_were_read(pool: asyncpg.Pool) -> None:
    asked: list[str] = []

    async def settled() -> None:
        asked.append("settled")

    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=True)
        jobs = [
            document(
                JOB,
                name,
                wire_status=status,
                total=number,
                created_at=(START + timedelta(hours=number - 9)).isoformat(),
            )
            for number, (name, status) in enumerate(
                (
                    ("old", JobStatus.FAILED),
                    ("read", JobStatus.SUCCEEDED),
                    ("new", JobStatus.SUCCEEDED),
                    ("runs", "RUNNING"),
                )
            )
        ]
        await bench.writer.commit([Part(Scope("jobs", JOB), jobs)])
        scope = Scope("records", RECORD, "read", within=JOB, whole=True)
        seen = await bench.writer.begin(scope)
        end = Part(scope, (), seen, end=End(proved=True, covers=("read",)))
        await bench.writer.commit([end])
        known = StoredKnowledge(connection, bench.number, settled)

        assert await _told(known) == [("new", 2, False), ("read", 1, True), ("old", 0, False)]
        assert await _told(known, unread=True) == [("new", 2, False), ("old", 0, False)]
        assert await _told(known, since=START - timedelta(hours=8)) == [("new", 2, False), ("read", 1, True)]
        assert [job.native_id for job in await known.ended_jobs()] == ["new", "read", "old"]
        assert [job.native_id for job in await known.ended_jobs(unread="records")] == ["new", "old"]
        assert len(asked) == 5


async def test_ended_jobs_come_source_by_source(pool: asyncpg.Pool) -> None:
    async def settled() -> None:
        """Wait for nothing."""

    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=True)
        made = {f"{source}{day}": START - timedelta(days=9 - day) for source in "ab" for day in range(3)}
        jobs = [
            document(JOB, name, source=name[0], wire_status="SUCCEEDED", created_at=at.isoformat())
            for name, at in made.items()
        ]
        await bench.writer.commit([Part(Scope("jobs", JOB), jobs)])
        known = StoredKnowledge(connection, bench.number, settled)

        told = [name for name, _, _ in await _told(known)]
        assert sorted([told[:3], told[3:]]) == [["a2", "a1", "a0"], ["b2", "b1", "b0"]]
        assert [job.native_id for job in await known.ended_jobs()] == ["b2", "a2", "b1", "a1", "b0", "a0"]
