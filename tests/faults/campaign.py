"""How a campaign is asked for, told while it runs, and ended: one JSON object on its last line."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

_TOLD_SECONDS = 10.0
_MOST_TOLD = 20


@dataclass(slots=True)
class Campaign:
    """One run of a campaign: how far it is, and what it has counted."""

    name: str
    wanted: int
    """How many of its unit it is to reach."""
    seconds: float | None
    """It stops after so many; None: when it has reached what is wanted."""
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    _began: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)

    @classmethod
    def asked(cls, name: str, about: str, usual: int) -> Campaign:
        """Return the campaign that the command line asks for: ``--count``, ``--seconds``, ``--seed``."""
        parser = argparse.ArgumentParser(prog=name, description=about)
        parser.add_argument("--count", type=_positive, default=usual, help=f"how many (default: {usual})")
        parser.add_argument("--seconds", type=float, help="stop after so many seconds")
        parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
        chosen = parser.parse_args()
        return cls(name, chosen.count, chosen.seconds, chosen.seed)

    @property
    def elapsed(self) -> float:
        """Return the seconds since it began."""
        return time.monotonic() - self._began

    def goes_on(self, done: int) -> bool:
        """Return whether *done* is less than what is wanted and time is left; now and then, tell how far it is."""
        if time.monotonic() - self._told >= _TOLD_SECONDS:
            self._told = time.monotonic()
            print(f"{self.name}: {done:,} of {self.wanted:,} after {self.elapsed:.0f} s", flush=True)
        return done < self.wanted and (self.seconds is None or self.elapsed < self.seconds)

    def wrong(self, count: str, words: str) -> None:
        """Count something that must not be, and tell what it was: the first of each kind, at once."""
        self.counts[count] += 1
        if self.counts[count] <= _MOST_TOLD:
            print(f"{self.name}: after {self.elapsed:.0f} s {count}: {words}"[:1500], flush=True)

    def end(self, told: Collection[str], bad: Collection[str]) -> int:
        """Print the counts *told* with the seconds; return 1 where a *bad* one is not 0."""
        counts = {name: self.counts[name] for name in told}
        print(json.dumps({**counts, "seed": self.seed, "seconds": round(self.elapsed, 1)}))
        sys.stdout.flush()
        return int(any(self.counts[name] for name in bad))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
