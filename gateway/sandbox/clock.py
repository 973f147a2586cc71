"""The clock of a sandbox portal: an epoch and the days it was moved on, kept in a folder if there is one."""

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
    file = folder / f"sandbox-{name}.json" if folder else None
    kept = _read(file)
    if kept is None or (kept.seed, kept.scale) != (seed, scale):
        kept = Kept(seed, scale, epoch.astimezone(UTC), 0.0, time.time())
    clock = Clock(kept, live, file)
    clock.save()
    return clock


def _read(file: Path | None) -> Kept | None:
    if file is None or not file.exists():
        return None
    try:
        return msgspec.json.decode(file.read_bytes(), type=Kept)
    except msgspec.MsgspecError:
        return None
