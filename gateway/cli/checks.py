"""The single checks of ``gateway doctor``: each returns what it found, and what to do where that is wrong."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.postgres import Postgres

OLDEST_PYTHON = (3, 11)
SCARCE, TOO_LITTLE = 5_000_000_000, 500_000_000
"""Bytes of free disk space below which a check warns, and below which it fails."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    state: Literal["fine", "note", "wrong"]
    words: str
    advice: str = ""


def python() -> Finding:
    """Check Python's version."""
    words = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding("Python", "wrong", words, "Install Python 3.11 or later.")
    return Finding("Python", "fine", words)


def settings_known() -> Finding:
    """Check that each variable with our prefix sets something."""
    from gateway.config import unknown_variables

    unknown = unknown_variables(os.environ)
    if unknown:
        return Finding(
            "Settings", "note", f"no setting is called {', '.join(unknown)}", "See `gateway config`."
        )
    return Finding("Settings", "fine", "readable")


def adapters() -> Finding:
    """Check that adapters are installed."""
    from gateway.registry import adapters as installed

    try:
        found = installed()
    except GatewayError as error:
        return Finding("Adapters", "wrong", error.message, error.hint)
    return Finding(
        "Adapters", "fine", ", ".join(f"{name} (version {a.version})" for name, a in found.items())
    )


def disk(folder: Path) -> Finding:
    """Check the data folder and the space on its disk."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return Finding(
            "Data folder", "wrong", f"{folder} cannot be written", "Set GATEWAY_DATA_DIR or give --data."
        )
    free = shutil.disk_usage(existing).free
    words = f"{folder}, {free / 1e9:,.1f} GB free"
    if free < TOO_LITTLE:
        return Finding("Data folder", "wrong", words, "Free some space or choose another folder.")
    if free < SCARCE:
        return Finding("Data folder", "note", words, "The real portals need some 5 GB.")
    return Finding("Data folder", "fine", words)


def port(settings: Settings) -> Finding:
    """Check whether the port is free, or the gateway's own already."""
    from gateway.cli.endpoint import find
    from gateway.cli.listening import free_port

    try:
        free_port(settings.host, settings.port, given=True)
    except GatewayError as error:
        ours = find(settings)
        if ours is not None and f":{settings.port}/" in ours:
            return Finding("Port", "note", f"something serves {ours}, a gateway most likely")
        return Finding("Port", "note", error.message, "`gateway up` takes the next free one.")
    return Finding("Port", "fine", f"{settings.port} on {settings.host} is free")


async def database(settings: Settings) -> list[Finding]:
    """Check Postgres, its extensions and its tables; an embedded one that was never made stays unmade."""
    from gateway import postgres as pg
    from gateway.cli.lending import beside

    found = beside(settings)
    if found.database_url is None and not (found.data_dir / "postgres" / "PG_VERSION").exists():
        return [_unmade(found)]
    try:
        async with pg.postgres(found.database_url, found.data_dir) as postgres:
            return [*await _postgres(postgres), await _tables(postgres)]
    except GatewayError as error:
        return [Finding("Postgres", "wrong", error.message, error.hint)]


def _unmade(settings: Settings) -> Finding:
    from gateway.postgres.programs import bundled

    try:
        bundled()
    except GatewayError as error:
        return Finding("Postgres", "wrong", error.message, error.hint)
    return Finding(
        "Postgres", "fine", f"embedded, made in {settings.data_dir / 'postgres'} by the first `gateway up`"
    )


async def _postgres(postgres: Postgres) -> list[Finding]:
    from gateway import postgres as pg

    connection = await pg.connect(postgres.url)
    try:
        version = connection.get_server_version()
        names = await connection.fetch("SELECT extname, extversion FROM pg_extension ORDER BY extname")
    finally:
        await connection.close()
    extensions = ", ".join(f"{row['extname']} {row['extversion']}" for row in names)
    return [
        Finding("Postgres", "fine", f"{postgres.where}, version {version.major}.{version.minor}"),
        Finding("Extensions", "fine", extensions),
    ]


async def _tables(postgres: Postgres) -> Finding:
    from gateway import postgres as pg

    try:
        await pg.ensure_current(postgres.url)
    except GatewayError as error:
        return Finding("Tables", "wrong", error.message, error.hint)
    return Finding("Tables", "fine", "up to date")


async def portals(settings: Settings) -> list[Finding]:
    """Ask each enabled portal once."""
    from gateway.cli.reaching import reach
    from gateway.registry import portals as configured

    try:
        enabled = [portal for portal in configured(settings).values() if portal.settings.enabled]
    except GatewayError as error:
        return [Finding("Portals", "wrong", error.message, error.hint)]
    advice = "Look at the network and at its base address, or use the sandbox: gateway up --sandbox"
    return [
        Finding(f"Portal {found.key}", "fine", f"{found.words} in {found.seconds:.1f} s")
        if found.answers
        else Finding(f"Portal {found.key}", "wrong", found.words, advice)
        for found in await reach(enabled, seconds=settings.probe_seconds)
    ]
