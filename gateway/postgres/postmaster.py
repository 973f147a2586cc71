"""What a running Postgres tells about itself in the file ``postmaster.pid`` of its data folder."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FILE = "postmaster.pid"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The process on the data folder *data*; *pid* 0 and empty texts where the file does not say."""

    data: Path
    pid: int = 0
    socket_folder: str = ""
    word: str = ""

    @classmethod
    def of(cls, data: Path) -> Postmaster:
        """Read the file of *data*, which may be written at this moment."""
        try:
            lines = [line.strip() for line in (data / _FILE).read_text("utf-8").splitlines()]
            lines += [""] * 8
            return cls(data, int(lines[0]), lines[4], lines[7])
        except (OSError, ValueError):
            return cls(data)

    @property
    def ready(self) -> bool:
        """Whether it takes connections."""
        return self.word in {"ready", "standby"}

    @property
    def alive(self) -> bool:
        """Whether the process is there and is a Postgres on *data*: after a reboot pids are used again."""
        return bool(self.pid) and os.fsencode(self.data) in _command_line(self.pid)

    def signal(self, number: int) -> None:
        """Send a signal to the process, if it is there."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def forget(self) -> None:
        """Remove the file that a dead process left."""
        (self.data / _FILE).unlink(missing_ok=True)


def _command_line(pid: int) -> bytes:
    """Return the words that process *pid* was started with, b"" when it is gone."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        return b""
    done = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True)  # noqa: S603, S607
    return done.stdout
