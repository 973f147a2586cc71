"""`gateway up` starts in order, serves while it syncs, and ends in order, whatever happens."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.choosing import Choice
from gateway.cli.up import Raised
from gateway.config import Settings
from gateway.errors import ConfigurationError, DatabaseUnavailable
from gateway.sync.progress import Progress, RunSummary, StreamTally

PATIENCE = 8.0
"""Seconds that an end may take at most; the promise to users is ten."""
STATUS = {
    "database": "fake",
    "portals": [{"key": "data-gov", "sandbox": True, "counts": {"HarvestJob": {"PRESENT": 2}}}],
}


@dataclass
class FakeGateway:
    """Does what ``compose.Gateway`` does, without a database; notes what happened."""

    summaries: Sequence[RunSummary] = ()
    sync_error: BaseException | None = None
    serve_error: BaseException | None = None
    sync_hangs: bool = False
    serve_hangs: bool = False
    said: list[str] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    working: asyncio.Event = field(default_factory=asyncio.Event)
    where: str = "fake Postgres"

    @asynccontextmanager
    async def opened(self, settings: Settings) -> AsyncIterator[FakeGateway]:
        self.happened.append(f"open {settings.data_dir.name}")
        try:
            yield self
        finally:
            self.happened.append("close")

    @asynccontextmanager
    async def portals(self, settings: Settings) -> AsyncIterator[Settings]:
        self.happened.append("portals start")
        try:
            yield settings
        finally:
            self.happened.append("portals end")

    async def choose(self, settings: Settings) -> Choice:
        return Choice(settings, ["SANDBOX, as was asked for", "Invented."])

    async def sync(
        self,
        keys: Sequence[str] | None,
        *,
        full: bool,
        progress: Progress,
        patience: float = 0.0,
        leave: bool = False,
    ) -> Sequence[RunSummary]:
        assert (keys, full) == (None, False)
        assert (patience > 0) is not leave, "who is left alone is not waited for"
        self.happened.append("sync" if patience else "sync what is free")
        progress.started("data-gov", "POLL", baseline=True)
        if self.sync_hangs:
            self.working.set()
            await asyncio.sleep(3600)
        if self.sync_error:
            raise self.sync_error
        return self.summaries

    async def work(self, stop: asyncio.Event, progress: Progress) -> None:
        del progress
        self.happened.append("work")
        self.working.set()
        await stop.wait()

    async def tend(self, stop: asyncio.Event) -> None:
        await stop.wait()

    async def serve(self, *, host: str, port: int, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        if self.serve_error:
            raise self.serve_error
        ready(f"http://{host}:{port}")
        await stop.wait()
        self.happened.append("serve ends")
        if self.serve_hangs:
            await asyncio.sleep(3600)

    async def status(self) -> dict[str, Any]:
        return STATUS


def summary(state: str = "DONE", *, baseline: bool = False) -> RunSummary:
    return RunSummary("data-gov", "POLL", state, baseline, 3, 0.1, {"jobs": StreamTally(fetched=2)})


def raised(gateway: FakeGateway, folder: Path, *, once: bool = False) -> Raised:
    settings = Settings(data_dir=folder / "here", sandbox=True, poll_seconds=0.01)
    return Raised(
        settings,
        18080,
        once=once,
        open_gateway=gateway.opened,
        choose=gateway.choose,
        serve_portals=gateway.portals,
        say=gateway.said.append,
    )


async def killed_when_working(gateway: FakeGateway, up: Raised, number: int) -> Sequence[RunSummary]:
    running = asyncio.create_task(up.run())
    await asyncio.wait_for(gateway.working.wait(), PATIENCE)
    os.kill(os.getpid(), number)
    return await asyncio.wait_for(running, PATIENCE)


async def test_once_syncs_says_all_and_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = FakeGateway(summaries=[summary()])
    assert await raised(gateway, tmp_path, once=True).run() == [summary()]
    assert gateway.happened == ["portals start", "open here", "sync", "serve ends", "close", "portals end"]
    said = "\n".join(gateway.said)
    for words in (
        "SANDBOX",
        "fake Postgres",
        "http://127.0.0.1:18080/graphql",
        str(tmp_path / "here"),
        "Ctrl-C",
    ):
        assert words in said
    shown = capsys.readouterr()
    assert "data-gov (SANDBOX): 2 jobs" in shown.out
    assert "first load begins" in shown.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_work_in_order(tmp_path: Path, number: int) -> None:
    gateway = FakeGateway(summaries=[summary()])
    assert await killed_when_working(gateway, raised(gateway, tmp_path), number) == []
    assert gateway.happened[-4:] == ["work", "serve ends", "close", "portals end"]
    assert not (tmp_path / "here" / "endpoint.url").exists()


async def test_a_signal_ends_a_sync_under_way(tmp_path: Path) -> None:
    gateway = FakeGateway(sync_hangs=True)
    await killed_when_working(gateway, raised(gateway, tmp_path), signal.SIGTERM)
    assert gateway.happened[-3:] == ["serve ends", "close", "portals end"]


async def test_a_server_that_does_not_end_is_made_to(tmp_path: Path) -> None:
    gateway = FakeGateway(serve_hangs=True)
    await killed_when_working(gateway, raised(gateway, tmp_path), signal.SIGTERM)
    assert gateway.happened[-2:] == ["close", "portals end"]


async def test_who_asks_finds_the_endpoint_while_it_is_served(tmp_path: Path) -> None:
    gateway = FakeGateway(sync_hangs=True)
    running = asyncio.create_task(raised(gateway, tmp_path).run())
    await asyncio.wait_for(gateway.working.wait(), PATIENCE)
    assert (tmp_path / "here" / "endpoint.url").read_text() == "http://127.0.0.1:18080/graphql"
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert gateway.happened[-2:] == ["close", "portals end"]


@pytest.mark.parametrize("once", [True, False])
async def test_what_fails_is_raised_and_all_is_closed(tmp_path: Path, *, once: bool) -> None:
    gateway = FakeGateway(sync_error=DatabaseUnavailable("Gone."))
    with pytest.raises(DatabaseUnavailable):
        await raised(gateway, tmp_path, once=once).run()
    assert gateway.happened[-2:] == ["close", "portals end"]


async def test_a_port_that_was_taken_meanwhile_is_an_error(tmp_path: Path) -> None:
    gateway = FakeGateway(serve_error=ConfigurationError("Port 18080 is in use."))
    with pytest.raises(ConfigurationError):
        await asyncio.wait_for(raised(gateway, tmp_path).run(), PATIENCE)
    assert not any(each.startswith("sync") for each in gateway.happened)


async def test_a_first_load_in_slices_goes_on_at_once(tmp_path: Path) -> None:
    gateway = FakeGateway(summaries=[summary("INCOMPLETE", baseline=True)])
    await killed_when_working(gateway, raised(gateway, tmp_path), signal.SIGTERM)
    assert "work" in gateway.happened
