"""Gateways to throw things at: on a small world in a Postgres of their own, each in a process."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import databases
from acceptance.commanding import started
from api.world import seed

from gateway.postgres import Server, migrate

_ADDRESS = re.compile(r"http://(127\.0\.0\.1):(\d+)")
_TEMPLATE = "fuzz_template"


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway that serves: where, and its process."""

    address: tuple[str, int]
    pid: int


@contextmanager
def gateways(*profiles: str) -> Iterator[list[Target]]:
    """Serve a gateway of each of *profiles*."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-fuzz-")))
        folder.chmod(0o755)  # Postgres may run as another user, who passes through
        url = stack.enter_context(_seeded(folder))
        yield [stack.enter_context(_served(url, profile, folder)) for profile in profiles]


@contextmanager
def _seeded(folder: Path) -> Iterator[str]:
    server = Server(folder / "postgres", durable=False)
    server.start()
    try:
        asyncio.run(
            databases.command(server.url, f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0 ENCODING 'UTF8'")
        )
        asyncio.run(migrate(databases.address(server.url, _TEMPLATE)))
        with databases.filled(server.url, f"fuzz_{os.getpid()}", _TEMPLATE, seed) as url:
            yield url
    finally:
        server.stop()


@contextmanager
def _served(url: str, profile: str, folder: Path) -> Iterator[Target]:
    data = folder / profile
    data.mkdir()
    settings = {
        "GATEWAY_DATABASE_URL": url,
        "GATEWAY_PROFILE": profile,
        "GATEWAY_RATE_COST": "0",
        "GATEWAY_PORT": "0",
    }
    with started(["serve"], data=data, env=settings) as running:
        running.wait_for("http://127.0.0.1:")
        found = _ADDRESS.search(running.text)
        assert found is not None
        yield Target((found[1], int(found[2])), running.process.pid)
