"""The Postgres that both sides write: the embedded one, empty at the beginning of each size."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from statements import LOGGED, Log

from gateway.postgres import Server, connect


@dataclass(frozen=True)
class Place:
    """A Postgres that is running."""

    server: Server

    @property
    def url(self) -> str:
        """Return the gateway's database, as the gateway is told of it."""
        return self.server.url

    @property
    def peer(self) -> str:
        """Return the peer's database, as libpq is told of it; its password is asked for and never looked at."""
        (host,) = parse_qs(urlsplit(self.url).query)["host"]
        return f"postgresql://gateway:none@localhost/peer?host={host}"

    def log(self) -> Log:
        """Return its log, from now on."""
        return Log(self.server.log)

    def execute(self, *statements: str) -> None:
        """Execute *statements*, one after the other."""
        asyncio.run(_execute(self.url, statements))

    def empty_peer(self) -> None:
        """Give the peer an empty database."""
        self.execute("DROP DATABASE IF EXISTS peer", "CREATE DATABASE peer")


async def _execute(url: str, statements: tuple[str, ...]) -> None:
    connection = await connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def empty(folder: Path) -> Iterator[Place]:
    """Run an empty Postgres in *folder*, with the gateway's settings, while the block lasts."""
    shutil.rmtree(folder, ignore_errors=True)
    server = Server(folder)
    server.start()
    try:
        place = Place(server)
        place.execute(LOGGED)
        place.empty_peer()
        yield place
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
