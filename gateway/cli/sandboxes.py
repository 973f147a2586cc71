"""The sandbox portals beside a command: where their world and their database lie, and their processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from gateway.cli.calling import with_changes
from gateway.cli.listening import listening_socket
from gateway.errors import ConfigurationError, DatabaseError, UsageError

if TYPE_CHECKING:
    import socket

    from gateway.config import Settings
    from gateway.sandbox.portal import SandboxPortal

LOOPBACK = "127.0.0.1"
RATE = 1000.0
"""Requests a second: an invented portal needs no mercy."""
END_SECONDS = 2.0
"""How long a sandbox portal may take to end before it is killed."""


def place(settings: Settings) -> Settings:
    """Return *settings* for the sandbox: a data folder and a database of its own, invented portals alone."""
    folder = settings.data_dir / "sandbox"
    if (settings.sandbox_seed, settings.sandbox_scale) != (1, 1):
        folder /= f"seed-{settings.sandbox_seed}-scale-{settings.sandbox_scale}"
    return with_changes(
        settings,
        sandbox=True,
        data_dir=folder,
        database_url=_own_database(settings.database_url),
        portals={key: _portal(portal, known_port(folder, key)) for key, portal in invented().items()},
    )


def _own_database(url: str | None) -> str | None:
    """Return the address of the database beside *url* that holds invented rows only."""
    if url is None:
        return None
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    if not name:
        raise ConfigurationError(
            "The sandbox needs a database of its own, and the address of the given one names none.",
            hint="Add the name to GATEWAY_DATABASE_URL; the sandbox then uses <name>_sandbox.",
        )
    suffixed = name if name.endswith("_sandbox") else f"{name}_sandbox"
    return f"{parts.scheme}://{parts.netloc}/{suffixed}{'?' if parts.query else ''}{parts.query}"


async def ensure_database(given: str | None, own: str | None) -> None:
    """Make the sandbox's database beside the *given* one where it is missing and may be made.

    Where it cannot be made nothing is raised: opening it says what is wrong.
    """
    from gateway.postgres import connect

    if given is None or own is None:
        return
    try:
        await (await connect(own)).close()
    except DatabaseError:
        with suppress(DatabaseError):
            await _create_database(given, urlsplit(own).path.removeprefix("/"))


async def _create_database(url: str, name: str) -> None:
    import asyncpg

    from gateway.postgres import connect

    connection = await connect(url)
    try:
        quoted = name.replace('"', '""')
        with suppress(asyncpg.PostgresError):
            await connection.execute(f"CREATE DATABASE \"{quoted}\" TEMPLATE template0 ENCODING 'UTF8'")
    finally:
        await connection.close()


def _portal(portal: SandboxPortal, port: int) -> dict[str, Any]:
    return {
        "adapter": portal.name,
        "title": portal.title if "sandbox" in portal.title.lower() else f"{portal.title} (sandbox)",
        "base_url": f"http://{LOOPBACK}:{port}{portal.api_path}",
        "sandbox": True,
        "requests_per_second": RATE,
        "api_key": None,
    }


def invented() -> Mapping[str, SandboxPortal]:
    """Return the sandbox portals that the installed adapters ship, by the portal's key."""
    from gateway.registry import sandboxes

    found = sandboxes()
    if not found:
        raise ConfigurationError(
            "No adapter with a sandbox portal is installed.",
            hint="Install harvest-gateway again, as a whole.",
        )
    return found


def chosen(keys: list[str] | None) -> Mapping[str, SandboxPortal]:
    """Return the sandbox portals called *keys*, all of them without; UsageError for an unknown one."""
    from gateway.config import portal_key

    known = invented()
    wanted = [portal_key(key) for key in keys or known]
    for key in wanted:
        if key not in known:
            raise UsageError(f"There is no sandbox portal {key!r}.", hint=f"There are: {', '.join(known)}.")
    return {key: known[key] for key in wanted}


def addresses_file(folder: Path) -> Path:
    """Return the file in a sandbox's data folder that tells where its portals are served."""
    return folder / "sandbox-portals.json"


def addresses(folder: Path) -> dict[str, str]:
    """Return the origins of the portals that were last served from *folder*, by key."""
    try:
        found = json.loads(addresses_file(folder).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def note_addresses(folder: Path, origins: Mapping[str, str]) -> None:
    """Write down where the portals are served, for ``gateway sandbox advance`` and the next start."""
    folder.mkdir(parents=True, exist_ok=True)
    addresses_file(folder).write_text(json.dumps({**addresses(folder), **origins}, indent=2), "utf-8")


def known_port(folder: Path, key: str) -> int:
    """Return the port on which the portal *key* was served last; 0 when it never was."""
    try:
        return urlsplit(addresses(folder).get(key, "")).port or 0
    except ValueError:
        return 0


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
async def serving(settings: Settings) -> AsyncIterator[Settings]:
    """Serve the sandbox portals of *settings* (see ``place``) and yield the settings that read them.

    Their sockets listen at once: whoever asks before a world is built waits for it.
    """
    children: list[Child] = []
    portals: dict[str, dict[str, Any]] = {}
    origins: dict[str, str] = {}
    try:
        for key, portal in invented().items():
            origin = await asyncio.to_thread(_already_served, settings, key)
            if origin is not None:
                portals[key] = _portal(portal, urlsplit(origin).port or 0)
                continue
            with _socket_for(known_port(settings.data_dir, key)) as listener:
                port = int(listener.getsockname()[1])
                children.append(_start(settings, key, listener))
            portals[key] = _portal(portal, port)
            origins[key] = f"http://{LOOPBACK}:{port}"
        note_addresses(settings.data_dir, origins)
        yield with_changes(settings, portals=portals)
    finally:
        await asyncio.shield(asyncio.to_thread(_end_all, children))


def _already_served(settings: Settings, key: str) -> str | None:
    """Return the origin of this very portal where another process serves it from the same folder."""
    origin = addresses(settings.data_dir).get(key)
    wanted = (settings.sandbox_seed, settings.sandbox_scale)
    if origin is None:
        return None
    try:
        with build_opener(ProxyHandler({})).open(f"{origin}/_sandbox/info", timeout=1.0) as answer:
            told = json.loads(answer.read(10_000))
        return origin if (told["seed"], told["scale"]) == wanted else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


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


def _start(settings: Settings, key: str, listener: socket.socket) -> Child:
    folder = settings.data_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-P", "-m", "gateway", "sandbox", "--portal", key, "--live", "--attached"),
        *("--listen-fd", str(listener.fileno()), "--world", str(settings.data_dir / "world")),
        *("--seed", str(settings.sandbox_seed), "--scale", str(settings.sandbox_scale)),
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
