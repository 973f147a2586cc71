"""Node and the packages of the peers that need it, in the bench's folder."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST = 22
"""The oldest major version of Node that PostGraphile 5 runs on."""
_HERE = Path(__file__).parent / "servers" / "postgraphile"


@dataclass(frozen=True)
class Home:
    """Where packages are installed, and the Node that runs them."""

    folder: Path
    program: Path


def installed(folder: Path) -> Home | None:
    """Return the packages in *folder*, installed where they are not the wanted ones; None where that cannot be."""
    npm = shutil.which("npm")
    if npm is None:
        print("PostGraphile is left out: npm is missing. Install Node 22 or later.")
        return None
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (_HERE / "package.json").read_text("utf-8")
    noted = folder / "installed.json"
    if not noted.exists() or noted.read_text("utf-8") != wanted:
        shutil.copy(_HERE / "package.json", folder)
        print("Installing PostGraphile", flush=True)
        done = subprocess.run(
            [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"],
            cwd=folder,
            check=False,
            stdout=subprocess.DEVNULL,
        )
        if done.returncode:
            print("PostGraphile is left out: npm could not install it.")
            return None
        noted.write_text(wanted, "utf-8")
    shutil.copy(_HERE / "server.mjs", folder)
    program = _node(folder)
    if program is None:
        print(f"PostGraphile is left out: it needs Node {OLDEST} or later.")
    return None if program is None else Home(folder, program)


def _node(folder: Path) -> Path | None:
    """Return a Node that is new enough: the one among the packages, or the machine's."""
    own, other = folder / "node_modules" / "node" / "bin" / "node", shutil.which("node")
    for program in (own, *([Path(other)] if other else [])):
        if program.exists() and _major(program) >= OLDEST:
            return program
    return None


def _major(program: Path) -> int:
    done = subprocess.run([str(program), "--version"], check=False, capture_output=True, text=True)
    found = re.match(r"v(\d+)", done.stdout)
    return int(found[1]) if found else 0
