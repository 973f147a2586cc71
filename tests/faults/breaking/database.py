"""A Postgres that is broken on purpose: its connections, its process, its disk, its patience."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import asyncpg
from databases import address

from gateway import postgres
from gateway.errors import DatabaseError
from gateway.postgres import Server
from gateway.postgres.account import account
from gateway.postgres.programs import Programs, bundled

DISK = "2g"
"""Size of the disk that is filled."""
TABLES = ("harvest_job", "harvest_record", "harvest_source", "document", "sync_run")
"""Tables that are locked."""
_BLOCK = b"\0" * 65536
AWAY = (DatabaseError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a disk of memory at *folder*, and say whether that was allowed."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    words = [mount or "", "-t", "tmpfs", "-o", f"size={DISK},mode=0755", "none", str(folder)]
    mounted = (
        bool(mount and unmount) and subprocess.run(words, check=False, capture_output=True).returncode == 0
    )
    try:
        yield mounted
    finally:
        if mounted and unmount:
            subprocess.run([unmount, "--lazy", str(folder)], check=True)


class Breakable:
    """A durable server in *folder*; faults are done to *database* there."""

    def __init__(self, server: Server, dice: random.Random, *, disk: bool) -> None:
        self._server = server
        self._dice = dice
        self.database = ""
        self.url = ""
        self.kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "terminate": self._terminate,
            "cancel": self._cancel,
            "restart": self._restart,
            "statement_timeout": self._hurry,
            "lock": self._lock,
            **({"full_disk": self._fill} if disk else {}),
        }
        """What can be done, by kind; each returns once Postgres could work again."""

    async def _do(self, statement: str, *arguments: object) -> None:
        """Run a statement on a connection of its own, from beside the database."""
        connection = await postgres.connect(address(self._server.url, "postgres"))
        try:
            await connection.execute(statement, *arguments)
        finally:
            await connection.close()

    async def _terminate(self) -> None:
        part = self._dice.choice((0.3, 1.0))
        await self._do(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{self.database}' AND random() <= {part}"
        )

    async def _cancel(self) -> None:
        await self._do(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{self.database}' AND state = 'active'"
        )

    async def _restart(self) -> None:
        await asyncio.to_thread(self._pg_ctl)
        await self.ready()

    def _pg_ctl(self) -> None:
        programs = Programs(bundled(), account(self._server.data, bundled() / "postgres"), self._server.data)
        log = f"--log={self._server.log}"
        programs.run("pg_ctl", "restart", f"--pgdata={self._server.data}", "--mode=immediate", "--wait", log)

    async def _hurry(self) -> None:
        """Give statements of new connections no time; end the others."""
        milliseconds = self._dice.choice((2, 10, 40))
        await self._do(f"ALTER DATABASE {self.database} SET statement_timeout = {milliseconds}")
        await self._terminate()
        await asyncio.sleep(self._dice.random())
        await self._do(f"ALTER DATABASE {self.database} RESET statement_timeout")
        await self._terminate()  # those that were opened meanwhile have kept it

    async def _lock(self) -> None:
        """Lock a table for a while; nobody waits long for it."""
        await self._do(f"ALTER DATABASE {self.database} SET lock_timeout = 200")
        with suppress(*AWAY):
            connection = await postgres.connect(address(self._server.url, self.database))
            try:
                async with connection.transaction():
                    await connection.execute("SET LOCAL lock_timeout = 2000")
                    await connection.execute(
                        f"LOCK TABLE {self._dice.choice(TABLES)} IN ACCESS EXCLUSIVE MODE"
                    )
                    await asyncio.sleep(self._dice.random() * 1.5)
            finally:
                await connection.close()
        await self._do(f"ALTER DATABASE {self.database} RESET lock_timeout")

    async def _fill(self) -> None:
        """Fill the disk to the brim, for a while; Postgres is started again where it gave up."""
        ballast = self._server.folder / "ballast"
        await asyncio.to_thread(_brimful, ballast)
        await asyncio.sleep(0.5 + self._dice.random())
        ballast.unlink()
        try:
            await self._do("SELECT 1")
        except AWAY:
            await asyncio.sleep(0.5)
            if not await self._answers():
                await asyncio.to_thread(self._pg_ctl)
        await self.ready()

    async def _answers(self) -> bool:
        try:
            await self._do("SELECT 1")
        except AWAY:
            return False
        return True

    async def ready(self) -> None:
        """Wait until Postgres answers."""
        while not await self._answers():  # noqa: ASYNC110 - it is another process that is waited for
            await asyncio.sleep(0.05)


def _brimful(ballast: Path) -> None:
    """Let a file take all the room that is left on its disk."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        free = os.statvfs(ballast.parent)
        os.posix_fallocate(file.fileno(), 0, max(1, int(free.f_bavail * free.f_frsize * 0.98)))
        file.seek(0, os.SEEK_END)
        while True:
            file.write(_BLOCK)


@asynccontextmanager
async def breakable(folder: Path, dice: random.Random, *, disk: bool) -> AsyncIterator[tuple[Breakable, str]]:
    """Start a durable Postgres in *folder*, and yield it with its address; it is stopped at the end."""
    server = Server(folder)
    await asyncio.to_thread(server.start)
    try:
        yield Breakable(server, dice, disk=disk), server.url
    finally:
        await asyncio.to_thread(server.stop)
