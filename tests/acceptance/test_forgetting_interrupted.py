"""Forgetting somebody, killed between any two commits: repeated it ends as if nothing had happened."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
from acceptance.commanding import environment
from acceptance.operating import Operator
from acceptance.personal import BODIES, CHANGED, CHOICES, TABLES, spoken
from acceptance.syncing import Rehearsal, rehearsal
from acceptance.workers import Worker, until
from databases import made

from gateway.compose import opened
from gateway.compose.deciding import Desk
from gateway.config import Settings
from gateway.ports import Pass
from gateway.postgres import connect

NUMBERS = "{id,history_id,run_id,fetch_id}"
"""What numbers rows in the order in which they came."""


class Killed(BaseException):
    """The process ends here."""


class Mortal:
    """A writer that is killed after so many commits."""

    def __init__(self, writer: Any, left: float) -> None:
        self._writer = writer
        self._left = left
        self.commits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    def _count(self) -> None:
        self.commits += 1
        if self.commits >= self._left:
            raise Killed

    @asynccontextmanager
    async def unit(self, *given: Any, **named: Any) -> AsyncIterator[None]:
        async with self._writer.unit(*given, **named):
            yield
        self._count()

    async def commit(self, *given: Any, **named: Any) -> Any:
        found = await self._writer.commit(*given, **named)
        self._count()
        return found


class MortalDesk(Desk):
    """A desk whose process is killed after so many commits."""

    left: float = float("inf")
    writers: list[Mortal]

    async def _writer(self, place: Any, run: Any) -> Any:
        self.writers.append(Mortal(await super()._writer(place, run), self.left))
        return self.writers[-1]


async def somebody(mirror: Rehearsal) -> tuple[str, str]:
    """Sync, with a change; return a word that tells of somebody, and how they are called."""
    await mirror.run(Pass.RECONCILE)
    found = await mirror.connection.fetchrow(CHOICES[mirror.portal.key])
    assert found is not None
    word, who, source = found
    for change in CHANGED:
        await mirror.connection.execute(change, source)
    mirror.sandbox.advance(1)
    await mirror.run(Pass.RECONCILE)
    return word, who


async def content(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """Return all rows of the tables in which somebody may be spoken of, without what numbers them."""
    return {
        table: [
            row["said"]
            for row in await connection.fetch(
                f"SELECT (to_jsonb(t) - '{NUMBERS}'::text[])::text AS said FROM {table} t ORDER BY 1"
            )
        ]
        for table in (*TABLES, *BODIES)
    }


async def forget(url: str, mirror: Rehearsal, who: str, *, left: float = float("inf")) -> int:
    """Forget *who*, in a process that is killed after *left* commits; return how many there were."""
    portals: dict[str, Any] = {
        mirror.portal.key: {"base_url": mirror.sandbox.base_url, "sandbox": True},
    }
    async with opened(Settings(database_url=url, portals=portals)) as gateway:
        desk = MortalDesk(gateway)
        desk.left, desk.writers = left, []
        with suppress(Killed):
            await desk.forget(who, None)
        return sum(writer.commits for writer in desk.writers)


async def test_killed_between_any_two_commits_it_is_repeated_to_the_same_end(
    database_url: str, postgres_url: str
) -> None:
    async with rehearsal("data-gouv-fr", database_url, seed=6) as mirror:
        word, who = await somebody(mirror)
        template = await mirror.connection.fetchval("SELECT current_database()")
        await mirror.connection.close()
        copy = f"TEMPLATE {template}"
        async with made(postgres_url, f"{template}_whole", copy) as url:
            commits = await forget(url, mirror, who)
            reader = await connect(url)
            whole = await content(reader)
            assert await spoken(reader, word) == {}
            await reader.close()
        assert commits >= 5, "persons, the rows of a document, its bytes, history, events"
        for left in range(1, commits):
            async with made(postgres_url, f"{template}_cut", copy) as url:
                assert await forget(url, mirror, who, left=left) == left
                await forget(url, mirror, who)
                reader = await connect(url)
                found = await content(reader)
                assert await spoken(reader, word) == {}, left
                await reader.close()
                assert {table for table in whole if whole[table] != found[table]} == set(), left


async def test_a_process_that_is_killed_in_the_middle_leaves_nothing_that_a_pass_brings_back(
    database_url: str, tmp_path: Path
) -> None:
    async with rehearsal("data-gov", database_url, seed=6) as mirror:
        word, who = await somebody(mirror)
        operator, connection = Operator(mirror, database_url, tmp_path), mirror.connection
        beside = await connect(database_url)
        async with beside.transaction():
            await beside.execute("SELECT FROM event FOR UPDATE")  # it comes to them last
            process = await started(operator, tmp_path, "forget", who, "--yes")
            await until(lambda: _waits(connection), "that it comes to the events")
            process.process.kill()
            await process.process.wait()
            left = await spoken(connection, word)
            assert set(left) == {"event"}, "all else is blanked by then"
        await beside.close()
        mirror.sandbox.advance(1)
        await mirror.run(Pass.RECONCILE)
        assert set(await spoken(connection, word)) == {"event"}, "what arrives is blanked already"
        done = await operator.types("forget", who, "--yes")
        assert done.returncode == 0, done.stderr
        assert await spoken(connection, word) == {}


async def started(operator: Operator, folder: Path, *words: str) -> Worker:
    """Start a command of the operator's without waiting for its end."""
    log = folder / f"{words[0]}-{os.getpid()}.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "gateway",
            *words,
            stdout=file,
            stderr=file,
            cwd=folder,
            env=environment(folder, operator.settings),
        )
    return Worker(process, log)


async def _waits(connection: asyncpg.Connection) -> bool:
    """Return whether somebody waits for a lock, to change events."""
    found = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() "
        "AND wait_event_type = 'Lock' AND query LIKE 'UPDATE event%')"
    )
    return bool(found)
