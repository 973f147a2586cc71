"""The state of a sandbox portal that outlives its process: clock and dialect, kept in a folder if there is one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

LIVE_GRAIN = 30
"""Seconds by which a live clock moves."""


class Kept(msgspec.Struct):
    """What a folder keeps of a sandbox portal."""

    seed: int
    scale: int
    epoch: datetime
    days: float
    started: float
    """Wall time (POSIX seconds) of the first start."""
    dialect: str = ""
    """What the portal speaks; "": the usual."""


@dataclass(slots=True)
class Clock:
    """Tells the portal's time: the epoch, the days moved on and, where live, the real time since then."""

    kept: Kept
    live: bool = False
    file: Path | None = None

    def now(self) -> datetime:
        """Return the portal's time (aware, UTC)."""
        return self.at(self.kept.days) + timedelta(seconds=self._lived())

    def at(self, days: float) -> datetime:
        """Return the instant that many days after the epoch."""
        return self.kept.epoch + timedelta(days=days)

    def advance(self, days: float) -> datetime:
        """Move on by *days* (not negative: ValueError) and return the new time."""
        if days < 0:
            raise ValueError("A clock does not go back.")
        self.kept.days += days
        self.save()
        return self.now()

    def speak(self, dialect: str) -> None:
        """Remember what the portal speaks from now on."""
        self.kept.dialect = dialect
        self.save()

    def save(self) -> None:
        """Write what is kept, if there is a folder."""
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_bytes(msgspec.json.encode(self.kept))

    def _lived(self) -> int:
        if not self.live:
            return 0
        return int((time.time() - self.kept.started) // LIVE_GRAIN * LIVE_GRAIN)


def opened(name: str, *, seed: int, scale: int, epoch: datetime, folder: Path | None, live: bool) -> Clock:
    """Return the clock of the portal *name*: the kept one of this seed and scale, else one at *epoch*."""
    kept = kept_in(folder, name, seed=seed, scale=scale)
    if kept is None:
        kept = Kept(seed, scale, epoch.astimezone(UTC), 0.0, time.time())
    clock = Clock(kept, live, _file(folder, name))
    clock.save()
    return clock


def kept_in(folder: Path | None, name: str, *, seed: int, scale: int) -> Kept | None:
    """Return what *folder* keeps of the portal *name*, None where that is nothing or of another world."""
    file = _file(folder, name)
    if file is None or not file.exists():
        return None
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=Kept)
    except msgspec.MsgspecError:
        return None
    return kept if (kept.seed, kept.scale) == (seed, scale) else None


def _file(folder: Path | None, name: str) -> Path | None:
    return folder / f"sandbox-{name}.json" if folder else None
