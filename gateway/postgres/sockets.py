"""The folder of the embedded server's socket: with a short path, and open to us alone."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from gateway.errors import ConfigurationError
from gateway.postgres.account import Account

_PREFIX = "gateway-"
_LONGEST = 85
"""Bytes of the folder's path: the system allows about 100 with ``/.s.PGSQL.5432``."""


def new_folder(account: Account) -> Path:
    """Make a folder that only *account* may enter; raises ConfigurationError where there is no place."""
    ours_alone = "" if account.owner else os.environ.get("XDG_RUNTIME_DIR", "")
    for place in filter(None, (ours_alone, tempfile.gettempdir(), "/tmp")):  # noqa: S108 - mkdtemp is safe there
        if len(os.fsencode(place)) + len(_PREFIX) + 10 < _LONGEST and os.access(place, os.W_OK | os.X_OK):
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
            account.own(folder)
            return folder
    raise ConfigurationError(
        "There is no folder for the socket of the embedded Postgres: all paths are too long or read-only.",
        hint="Set TMPDIR to a short, writable folder.",
    )


def remove_folder(path: str) -> None:
    """Remove a folder that ``new_folder`` made, and no other."""
    folder = Path(path)
    if path and folder.name.startswith(_PREFIX) and folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
