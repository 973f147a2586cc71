"""Who holds a data folder: one gateway process at a time, by a lock that the kernel drops with it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.errors import ConfigurationError


class FolderLock:
    """The lock on one data folder, taken by making it; its file tells others who holds it and since when.

    Raises ConfigurationError, naming the process that holds it, when it is taken.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self._handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigurationError(
                f"The data folder {file.parent} cannot be written: {error.strerror}.",
                hint="Set GATEWAY_DATA_DIR.",
            ) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._handle)
            raise self._held() from error
        self.note()

    def give_back(self) -> None:
        """Give the lock back; the file stays, for removing it would let two processes lock two files."""
        os.ftruncate(self._handle, 0)
        os.close(self._handle)

    def note(self, **more: str) -> None:
        """Write down who we are, and *more* that others may want to know."""
        since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        holder = {"pid": os.getpid(), "since": since, "machine": socket.gethostname(), **more}
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, json.dumps(holder).encode(), 0)

    def _held(self) -> ConfigurationError:
        holder = self._holder()
        who = f"process {holder['pid']} since {holder['since']}" if holder else "another process"
        beside = (
            f"run this one with GATEWAY_DATABASE_URL='{holder['url']}'" if "url" in holder else "wait for it"
        )
        return ConfigurationError(
            f"The data folder {self.file.parent} is in use by another gateway: {who}.",
            hint=f"Stop that one, or {beside}, or give this one a data folder of its own (GATEWAY_DATA_DIR).",
        )

    def _holder(self) -> dict[str, Any]:
        try:
            holder = json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return holder if isinstance(holder, dict) and {"pid", "since"} <= holder.keys() else {}
