"""Where the sandbox keeps its data: a folder and a database of its own, and who serves its portals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.cli.calling import with_changes
from gateway.errors import ConfigurationError, DatabaseError, UsageError

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.sandbox.portal import SandboxPortal

LOOPBACK = "127.0.0.1"
ADDRESSES = "sandbox-portals.json"
RATE = 1000.0
"""Requests a second: an invented portal needs no mercy."""


def _root(settings: Settings) -> Path:
    return settings.data_dir / "sandbox"


def data_folder(settings: Settings) -> Path:
    """Return the data folder of the sandbox beside *settings*: one per world."""
    if (settings.sandbox_seed, settings.sandbox_scale) == (1, 1):
        return _root(settings)
    return _root(settings) / f"seed-{settings.sandbox_seed}-scale-{settings.sandbox_scale}"


def place(settings: Settings) -> Settings:
    """Return *settings* for the sandbox: a data folder and a database of its own, invented portals alone."""
    folder = data_folder(settings)
    return with_changes(
        settings,
        sandbox=True,
        data_dir=folder,
        database_url=_own_database(settings.database_url),
        portals={
            key: portal_settings(portal, known_port(folder, key), last_spoken(settings, portal, folder))
            for key, portal in invented().items()
        },
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


def world_folder(data_dir: Path) -> Path:
    """Return where the sandbox portals keep their clocks and dialects, beside the sandbox's other data."""
    return data_dir / "world"


def last_spoken(settings: Settings, portal: SandboxPortal, data_dir: Path) -> str:
    """Return the dialect that *portal* spoke last in the world of *settings*, else its usual one."""
    from gateway.sandbox.clock import kept_in

    world = world_folder(data_dir)
    kept = kept_in(world, portal.name, seed=settings.sandbox_seed, scale=settings.sandbox_scale)
    return kept.dialect if kept is not None and kept.dialect in portal.dialects else portal.usual


def portal_settings(portal: SandboxPortal, port: int, dialect: str) -> dict[str, Any]:
    """Return what reads *portal*, served on *port* of this machine and speaking *dialect*."""
    return {
        "adapter": portal.name,
        "title": portal.title if "sandbox" in portal.title.lower() else f"{portal.title} (sandbox)",
        "base_url": f"http://{LOOPBACK}:{port}{portal.dialects[dialect]}",
        "sandbox": True,
        "requests_per_second": RATE,
        "api_key": portal.keys.get(dialect),
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


def spoken(portals: Mapping[str, SandboxPortal], names: list[str] | None) -> dict[str, str]:
    """Return which of the dialects *names* each of *portals* is to speak; UsageError where none knows one."""
    found: dict[str, str] = {}
    for name in names or ():
        knowing = [key for key, portal in portals.items() if name in portal.dialects]
        if not knowing:
            known = "; ".join(f"{key}: {', '.join(portal.dialects)}" for key, portal in portals.items())
            raise UsageError(f"No sandbox portal speaks {name!r}.", hint=f"There are {known}.")
        found |= dict.fromkeys(knowing, name)
    return found


def addresses_file(folder: Path) -> Path:
    """Return the file in a sandbox's data folder that tells where its portals are served."""
    return folder / ADDRESSES


def addresses(folder: Path) -> dict[str, str]:
    """Return the origins of the portals that were last served from *folder*, by key."""
    try:
        found = json.loads(addresses_file(folder).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def last_served(settings: Settings) -> dict[str, str]:
    """Return the origins of the sandbox portals, of whatever world, that were served last; by key."""
    root = _root(settings)
    noted = [file for file in (addresses_file(root), *root.glob("seed-*/" + ADDRESSES)) if file.exists()]
    return addresses(max(noted, key=lambda file: file.stat().st_mtime).parent) if noted else {}


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
