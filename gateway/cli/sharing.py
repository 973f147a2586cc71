"""``gateway serve --processes``: one port and one Postgres that several processes share, and one of these processes."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.processes import READY, Processes

if TYPE_CHECKING:
    from gateway.config import Settings

_LONGEST_FOLDER = 85
"""Characters of a folder in which sockets can be made: systems allow about 100 for the whole path."""


@dataclass(frozen=True, slots=True)
class Member:
    """Which of several processes this is: its place among them, from 1, and the folder in which they meet."""

    place: int
    folder: Path

    def words(self) -> list[str]:
        """Return the options that tell a process that it is this one."""
        return ["--place", str(self.place), "--meeting", str(self.folder)]


async def serve_together(settings: Settings, port: int, words: list[str]) -> None:
    """Serve in as many processes as *settings* say, each started by ``gateway`` and *words*; this one watches."""
    from gateway.cli.endpoint import forgotten, graphql, note
    from gateway.cli.listening import held
    from gateway.cli.opening import open_database
    from gateway.cli.stopping import stop_on_signals

    url = graphql(f"http://{settings.host}:{port}")

    def ready() -> None:
        note(settings.data_dir, url)
        print(f"Serving   {url}  ({settings.processes} processes)", flush=True)

    with stop_on_signals() as stop:
        async with open_database(settings) as database:
            print(f"Database  {database.where}", flush=True)
            with held(settings.host, port), forgotten(settings.data_dir), _meeting() as folder:

                def command(place: int) -> list[str]:
                    return [sys.executable, "-P", "-m", "gateway", *words, *Member(place, folder).words()]

                await Processes(command, settings.processes).run(stop, ready)


async def serve_as(member: Member, settings: Settings, port: int) -> None:
    """Serve as one of several processes, until a signal or the end of the one that started it."""
    from gateway.cli.opening import open_gateway
    from gateway.cli.stopping import stop_on_signals, until
    from harvest_graphql.serving.siblings import Siblings

    def ready(_: str) -> None:
        print(READY.decode(), flush=True)

    siblings = Siblings(member.folder, member.place)
    with stop_on_signals() as stop:
        alone = _stop_at_end_of_input(stop)
        try:
            async with open_gateway(settings) as gateway:
                serving = gateway.serve(
                    host=settings.host, port=port, stop=stop, ready=ready, siblings=siblings
                )
                await until(stop, serving)
        finally:
            if alone.is_set():  # who started us was killed, so that nobody else is left to clear up
                with suppress(OSError):
                    member.folder.rmdir()  # the last of the processes does


@contextmanager
def _meeting() -> Iterator[Path]:
    """Make a folder, open to us alone, whose path is short enough for sockets."""
    place = tempfile.gettempdir()
    if len(os.fsencode(place)) > _LONGEST_FOLDER - len("gateway-") - 8:
        place = "/tmp"  # noqa: S108 - mkdtemp is safe there
    with tempfile.TemporaryDirectory(prefix="gateway-", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _stop_at_end_of_input(stop: asyncio.Event) -> asyncio.Event:
    """Set *stop* and the event that is returned when standard input ends, as it does with who holds its other end."""
    loop, source, ended = asyncio.get_running_loop(), sys.stdin.fileno(), asyncio.Event()

    def read() -> None:
        if not os.read(source, 4096):
            loop.remove_reader(source)
            ended.set()
            stop.set()

    loop.add_reader(source, read)
    return ended
