"""`gateway worker` as processes of their own, over sandbox portals that the test serves itself."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
from acceptance.commanding import environment
from acceptance.mirror import differences, held
from acceptance.syncing import EPOCH

from gateway import postgres, registry
from gateway.ports import Portal
from gateway.sandbox import control
from gateway.sandbox.portal import Step
from gateway.store import portals

PATIENCE = 240.0
"""Seconds that anything may take on a busy machine."""


async def until(condition: Callable[[], Awaitable[Any]], what: str, seconds: float = PATIENCE) -> float:
    """Wait until *condition* holds; return the seconds that took."""
    begun = time.monotonic()
    while not await condition():
        assert time.monotonic() - begun < seconds, f"{what}: not after {seconds} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - begun


@dataclass(slots=True)
class Worker:
    """One process and its log."""

    process: asyncio.subprocess.Process
    log: Path

    @property
    def name(self) -> str:
        """The end of the name under which it holds leases."""
        return f":{self.process.pid}"

    @property
    def text(self) -> str:
        """What it said so far."""
        return self.log.read_text("utf-8")

    def send(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def end(self, number: int = signal.SIGTERM) -> float:
        """Send it a signal and return the seconds until it had ended."""
        begun = time.monotonic()
        self.process.send_signal(number)
        await asyncio.wait_for(self.process.wait(), PATIENCE)
        return time.monotonic() - begun


@dataclass(slots=True)
class Site:
    """Sandbox portals, a database, and the workers between them."""

    portals: Mapping[str, control.Running]
    url: str
    connection: asyncpg.Connection
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    async def start(self, *words: str) -> Worker:
        """Start another worker, or ``gateway`` with *words*."""
        log = self.folder / f"worker-{next(self._numbers)}.log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "gateway", *(words or ("worker",))),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=self.folder,
                env=environment(self.folder, self._settings()),
            )
        self.workers.append(Worker(process, log))
        return self.workers[-1]

    async def command(self, *words: str) -> tuple[int, str]:
        """Run ``gateway`` with *words* to its end; return its code and what it said."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "gateway", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self.folder,
            env=environment(self.folder, self._settings()),
        )
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        return process.returncode or 0, " ".join(said.decode().split())

    def _settings(self) -> dict[str, str]:
        told = {
            "GATEWAY_DATABASE_URL": self.url,
            "GATEWAY_POLL_SECONDS": "3600",
            "GATEWAY_PRUNE_AT": "never",
            **self.settings,
        }
        for key in registry.adapters():
            name = f"GATEWAY_PORTALS__{key.upper().replace('-', '_')}__"
            running = self.portals.get(key)
            told |= {
                f"{name}ENABLED": str(running is not None),
                f"{name}SANDBOX": "true",
                f"{name}BASE_URL": running.base_url if running else "http://127.0.0.1:9",
                f"{name}REQUESTS_PER_SECOND": "1000000",
                **{
                    f"{name}{each.rpartition('__')[2]}": value
                    for each, value in self.settings.items()
                    if each.startswith(name)
                },
            }
        return told

    async def register(self) -> None:
        """Let the database know the portals before anybody has asked them; the first is number 1."""
        adapters = registry.adapters()
        chosen = {
            key: Portal(key, adapters[key].settings(adapter=key, base_url=running.base_url, sandbox=True))
            for key, running in self.portals.items()
        }
        await portals.register(self.connection, chosen, adapters)

    async def value(self, query: str, *arguments: object) -> Any:
        """Return one value of the database."""
        return await self.connection.fetchval(query, *arguments)

    async def runs(self, state: str) -> int:
        """Return how many passes are in that state."""
        return int(await self.value("SELECT count(*) FROM sync_run WHERE state = $1", state))

    async def holder(self) -> str | None:
        """Return who holds a lease, if somebody does."""
        return (
            str(await self.value("SELECT holder FROM lease WHERE holder IS NOT NULL LIMIT 1") or "") or None
        )

    async def loaded(self) -> bool:
        """Return whether every portal has been read whole and nothing is under way."""
        assert any(worker.process.returncode is None for worker in self.workers), self.workers[-1].text
        done = await self.value(
            "SELECT count(DISTINCT r.portal) FROM sync_run r WHERE r.state = 'DONE' "
            "AND NOT EXISTS (SELECT FROM lease WHERE holder IS NOT NULL)"
        )
        return bool(done == len(self.portals))

    async def make_due(self, kind: str) -> None:
        """Make the units of that kind due now."""
        await self.connection.execute("UPDATE sync_due SET due_at = now() WHERE kind = $1", kind)

    async def differences(self, steps: Mapping[str, list[Step]]) -> list[str]:
        """Return where the database differs from what a perfect mirror would hold after these passes."""
        found: list[str] = []
        for key, running in self.portals.items():
            found += differences(await held(self.connection, key), running.world.truth(steps[key]))
        return found


@asynccontextmanager
async def site(
    url: str, folder: Path, *keys: str, seed: int = 4, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Site]:
    """Serve the sandbox portals *keys*, and connect to an empty database; workers still there at the end are killed."""
    async with AsyncExitStack() as stack:
        sandboxes = registry.sandboxes()
        served = {
            key: await stack.enter_async_context(
                control.running(sandboxes[key], seed=seed, scale=1, epoch=EPOCH)
            )
            for key in keys
        }
        connection = await postgres.connect(url)
        found = Site(served, url, connection, folder, settings or {})
        try:
            yield found
        finally:
            for worker in found.workers:
                if worker.process.returncode is None:
                    worker.process.kill()
                    await worker.process.wait()
            await connection.close()
