"""What tests need of Node: packages of npm in a folder of their own; who has no Node goes without, CI does not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

INSTALL_SECONDS = 90
_INSTALL = ("install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")


def missing(what: str) -> NoReturn:
    """Skip the test that *what* is missing for; in CI it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and CI needs it")
    pytest.skip(what)


def install(folder: Path, *packages: str) -> Path:
    """Install *packages* (name@version) below *folder*, and return it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        missing("Node is missing")
    try:
        subprocess.run(
            [npm, *_INSTALL, *packages], cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS
        )
    except (subprocess.SubprocessError, OSError):
        missing(f"{', '.join(packages)} cannot be installed")
    return folder
