"""dlt as a peer: installed in the bench's folder, and the set-ups that are tried before the best is measured."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from child import HERE, Child
from world import World

WANTED = HERE / "peers" / "requirements.txt"


@dataclass(frozen=True)
class Setup:
    """One way to run dlt."""

    name: str
    format: str
    strategy: str = "delete-insert"
    environment: dict[str, str] = field(default_factory=dict)
    connections: int = 1
    """Requests under way at once."""

    def told(self) -> str:
        """Return it as the peer is told of it."""
        return json.dumps(asdict(self))


_TWO = {"NORMALIZE__WORKERS": "2", "DATA_WRITER__FILE_MAX_ITEMS": "10000"}
SETUPS = (
    Setup("inserts", "insert_values", environment={"NORMALIZE__WORKERS": "1"}),
    Setup("csv", "csv", environment={"NORMALIZE__WORKERS": "1"}),
    Setup("csv, 2 normalisers", "csv", environment=_TWO),
    Setup("csv, 2 normalisers, 2 connections", "csv", environment=_TWO, connections=2),
    Setup("csv, upsert", "csv", "upsert", {"NORMALIZE__WORKERS": "1"}),
    Setup("csv, 2 normalisers, upsert", "csv", "upsert", _TWO),
)
"""Tried at a small size: the format of files, how many normalise and how many ask at once, how rows are merged."""


def installed(data: Path) -> Path:
    """Return the Python of an environment with dlt, made in *data* where it is not there as wanted."""
    home = data / "peers" / "dlt"
    program, noted = home / "bin" / "python", home / "installed.txt"
    wanted = WANTED.read_text("utf-8")
    if not noted.exists() or noted.read_text("utf-8") != wanted:
        print("Installing dlt", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        command = [
            str(program),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            str(WANTED),
        ]
        subprocess.run(command, check=True)
        noted.write_text(wanted, "utf-8")
    return program


def child(program: Path, database: str, origin: str, world: World, folder: Path, setup: Setup) -> Child:
    """Return dlt's side, with what it keeps in *folder*."""
    script = str(HERE / "peers" / "loading.py")
    listed = str(world.folder / "list.json")
    return Child([str(program), script, database, origin, listed, str(folder), setup.told()], {})


def best(found: dict[str, dict[str, Any]]) -> Setup:
    """Return the set-up whose trial, a first load and a merge over it, took the least time."""
    return min(SETUPS, key=lambda setup: sum(found[setup.name].values()))
