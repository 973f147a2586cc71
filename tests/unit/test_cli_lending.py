"""A data folder that another gateway holds: waited for while that starts, shared, and missed when it ends."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli.lending import beside, lender, shared, while_lent
from gateway.config import Settings
from gateway.errors import ConfigurationError, DatabaseUnavailable, DatabaseUnusable, PortalUnavailable

URL = "postgresql://gateway@/gateway?host=/tmp/x&port=5432"
PATIENCE = 20.0


def hold(folder: Path, *, pid: int | None = None, age: float = 0.0, **more: str) -> None:
    """Let a folder be held by another process: the one that started this one, which lives."""
    since = datetime.now(UTC) - timedelta(seconds=age)
    told = {"pid": os.getppid() if pid is None else pid, "since": since.isoformat(), **more}
    (folder / "postgres.lock").write_text(json.dumps(told), "utf-8")


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder)


class Opening:
    """What is opened; it cannot be until it has been tried so often."""

    def __init__(self, folder: Path, error: type[Exception] = ConfigurationError, *, tries: int = 3) -> None:
        self.folder = folder
        self.error = error
        self.tries = tries
        self.tried: list[tuple[str | None, bool]] = []

    @asynccontextmanager
    async def __call__(self, found: Settings, migrate: bool) -> AsyncIterator[str]:
        self.tried.append((found.database_url, migrate))
        if len(self.tried) < self.tries:
            raise self.error("Not now.")
        yield "open"

    async def shared(self) -> str:
        async with shared(settings(self.folder), self) as opened:
            return opened


def test_only_a_living_process_lends(tmp_path: Path) -> None:
    assert lender(tmp_path) is None
    for pid in (os.getpid(), 2**22 + 1):
        hold(tmp_path, pid=pid, url=URL)
        assert lender(tmp_path) is None
        assert beside(settings(tmp_path)).database_url is None
    hold(tmp_path)
    assert beside(settings(tmp_path)).database_url is None, "it only starts"
    hold(tmp_path, url=URL)
    assert beside(settings(tmp_path)).database_url == URL
    (tmp_path / "postgres.lock").write_text("no JSON", "utf-8")
    assert lender(tmp_path) is None


async def test_our_own_is_migrated_and_another_ones_is_not(tmp_path: Path) -> None:
    alone = Opening(tmp_path, tries=1)
    assert await alone.shared() == "open"
    hold(tmp_path, url=URL)
    beside_another = Opening(tmp_path, tries=1)
    assert await beside_another.shared() == "open"
    assert (alone.tried, beside_another.tried) == ([(None, True)], [(URL, False)])


@pytest.mark.parametrize("error", [ConfigurationError, DatabaseUnusable])
async def test_one_that_starts_is_waited_for(tmp_path: Path, error: type[Exception]) -> None:
    hold(tmp_path, url=URL)
    opening = Opening(tmp_path, error)
    assert await asyncio.wait_for(opening.shared(), PATIENCE) == "open"
    assert len(opening.tried) == 3


async def test_one_that_has_started_long_ago_is_not(tmp_path: Path) -> None:
    hold(tmp_path, url=URL, age=3600)
    opening = Opening(tmp_path, DatabaseUnusable)
    with pytest.raises(DatabaseUnusable):
        await opening.shared()
    assert len(opening.tried) == 1


@pytest.mark.parametrize("lives", [True, False])
async def test_what_is_lent_is_missed_when_its_lender_ends(tmp_path: Path, *, lives: bool) -> None:
    hold(tmp_path, url=URL)
    ended = asyncio.Event()

    async def work() -> None:
        try:
            if lives:
                await asyncio.sleep(1.2)
            (tmp_path / "postgres.lock").write_text("", "utf-8")
            await asyncio.sleep(3600)
        finally:
            ended.set()

    with pytest.raises(DatabaseUnavailable, match="whose Postgres this one shared"):
        await asyncio.wait_for(while_lent(settings(tmp_path), (), work()), PATIENCE)
    assert ended.is_set(), "the work was ended in order"


async def test_portals_are_missed_too(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def short() -> None:
        await asyncio.sleep(1.2)

    hold(tmp_path, pid=os.getpid(), url=URL)
    await while_lent(settings(tmp_path), [origin], short())
    server.close()
    await server.wait_closed()
    with pytest.raises(PortalUnavailable, match="whose sandbox portals this one shared"):
        await asyncio.wait_for(while_lent(settings(tmp_path), [origin], asyncio.sleep(3600)), PATIENCE)


async def test_work_that_ends_or_fails_ends_so(tmp_path: Path) -> None:
    async def fail() -> None:
        raise DatabaseUnavailable("Gone.")

    await while_lent(settings(tmp_path), (), asyncio.sleep(0))
    with pytest.raises(DatabaseUnavailable, match="Gone"):
        await while_lent(settings(tmp_path), (), fail())
