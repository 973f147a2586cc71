"""The sandbox portals as processes of their own, beside the command that reads them."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from gateway.cli.calling import with_changes
from gateway.cli.listening import listening_socket
from gateway.cli.place import (
    LOOPBACK,
    addresses,
    invented,
    known_port,
    last_spoken,
    note_addresses,
    portal_settings,
    world_folder,
)
from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    import socket

    from gateway.config import Settings

WORLD_SECONDS = 20.0
"""How long a portal that listens may take to answer first: it invents its world before."""
_PAUSE = 0.05
END_SECONDS = 2.0
"""How long a sandbox portal may take to end before it is killed."""


@dataclass(frozen=True, slots=True)
class Child:
    """A sandbox portal in a process of its own, which ends when its standard input is closed."""

    key: str
    process: subprocess.Popen[bytes]

    def running(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def end(self) -> None:
        """Ask the process to end, and make it end."""
        with suppress(OSError):
            if self.process.stdin:
                self.process.stdin.close()
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@asynccontextmanager
async def serving(
    settings: Settings, dialects: Mapping[str, str] | None = None, *, others: list[str] | None = None
) -> AsyncIterator[Settings]:
    """Serve the sandbox portals of *settings* (see ``place``) and yield the settings that read them.

    Their sockets listen at once: whoever asks before a world is built waits for it. *dialects*: what portals, by
    key, are to speak; the others go on with what they spoke last. *others* takes the origins of those portals that
    another process serves from the same folder already.
    """
    given = dialects or {}
    children: list[Child] = []
    portals: dict[str, dict[str, Any]] = {}
    origins: dict[str, str] = {}
    try:
        async with _turn(settings.data_dir):
            for key, portal in invented().items():
                speaks = given.get(key) or last_spoken(settings, portal, settings.data_dir)
                origin = await _served(settings, key, speaks)
                if origin is not None:
                    portals[key] = portal_settings(portal, urlsplit(origin).port or 0, speaks)
                    if others is not None:
                        others.append(origin)
                    continue
                with _socket_for(known_port(settings.data_dir, key)) as listener:
                    port = int(listener.getsockname()[1])
                    children.append(_start(settings, key, listener, speaks))
                portals[key] = portal_settings(portal, port, speaks)
                origins[key] = f"http://{LOOPBACK}:{port}"
            note_addresses(settings.data_dir, origins)
        yield with_changes(settings, portals=portals)
    finally:
        await asyncio.shield(asyncio.to_thread(_end_all, children))


@asynccontextmanager
async def _turn(folder: Path) -> AsyncIterator[None]:
    """Let one process at a time look who serves the portals of *folder*, and serve them itself."""
    handle = _opened(folder / "sandbox-portals.lock")
    try:
        while not _locked(handle):  # noqa: ASYNC110 - another process has it
            await asyncio.sleep(_PAUSE)
        yield
    finally:
        os.close(handle)


def _opened(file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _served(settings: Settings, key: str, dialect: str) -> str | None:
    """Return the origin of this very portal where another process serves it from the same folder.

    It speaks *dialect* from then on. One that listens and says nothing may be inventing its world.
    """
    until = time.monotonic() + WORLD_SECONDS
    while time.monotonic() < until:
        with suppress(TimeoutError):
            return await asyncio.to_thread(_already_served, settings, key, dialect)
    return None


def _already_served(settings: Settings, key: str, dialect: str) -> str | None:
    """Return the same, or raise TimeoutError where no answer comes."""
    origin = addresses(settings.data_dir).get(key)
    wanted = (settings.sandbox_seed, settings.sandbox_scale)
    if origin is None:
        return None
    ask = build_opener(ProxyHandler({})).open
    try:
        with ask(f"{origin}/_sandbox/info", timeout=1.0) as answer:
            told = json.loads(answer.read(10_000))
        if (told["seed"], told["scale"]) != wanted:
            return None
        if told["dialect"] != dialect:
            ask(f"{origin}/_sandbox/dialect", json.dumps({"dialect": dialect}).encode(), timeout=1.0).close()
    except TimeoutError:
        raise
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return origin


def _end_all(children: list[Child]) -> None:
    for child in children:
        with suppress(ProcessLookupError):
            child.process.terminate()
    for child in children:
        child.end()


def _socket_for(port: int) -> socket.socket:
    """Return a listening socket on *port*, so that addresses stay; on any other where it is taken."""
    try:
        return listening_socket(LOOPBACK, port)
    except ConfigurationError:
        return listening_socket(LOOPBACK, 0)


def _start(settings: Settings, key: str, listener: socket.socket, dialect: str) -> Child:
    folder = settings.data_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-P", "-m", "gateway", "sandbox", "--portal", key, "--live", "--attached"),
        *("--listen-fd", str(listener.fileno()), "--world", str(world_folder(settings.data_dir))),
        *("--seed", str(settings.sandbox_seed), "--scale", str(settings.sandbox_scale)),
        *("--dialect", dialect),
    ]
    with (folder / f"sandbox-{key}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program, our own words
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[listener.fileno()],
            env=_environment(os.environ),
            start_new_session=True,  # Ctrl-C reaches the gateway alone, which then ends its children in order
        )
    return Child(key, process)


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without our settings: a sandbox portal needs none, least of all a key."""
    return {name: value for name, value in environ.items() if not name.startswith("GATEWAY_")}
