"""When sources of the inventory world run: the portal's schedule texts and the firings behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.sandbox import dice
from gateway.sandbox.instants import DAY, HOUR, MINUTE, Millis

_THURSDAY = 4
"""1970-01-01, counted as cron does: Sunday is 0."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often a source runs: a kind, a time of day and the kind's own numbers."""

    kind: str
    """daily, weekly, twice, monthly, second-day, half-day or hand (nobody's schedule)."""
    hour: int = 0
    minute: int = 0
    days: tuple[int, ...] = ()
    """Days of the week (Sunday is 0), or the day of the month."""

    def text(self) -> str | None:
        """Return the schedule as the portal shows it: cron, interval text, or None."""
        days = ",".join(map(str, self.days))
        return {
            "daily": f"{self.minute} {self.hour} * * *",
            "weekly": f"{self.minute} {self.hour} * * {days}",
            "twice": f"{self.minute} {self.hour} * * {days}",
            "monthly": f"{self.minute} {self.hour} {days} * *",
            "second-day": "every 2 days",
            "half-day": "every 12 hours",
        }.get(self.kind)

    def firings(self, day: int) -> Iterator[Millis]:
        """Yield when it runs on *day* (whole days since 1970)."""
        at = day * DAY + self.hour * HOUR + self.minute * MINUTE
        if self._runs(day):
            yield at
            if self.kind == "half-day":
                yield at + 12 * HOUR

    def _runs(self, day: int) -> bool:
        if self.kind in {"daily", "half-day"}:
            return True
        if self.kind in {"weekly", "twice"}:
            return (day + _THURSDAY) % 7 in self.days
        if self.kind == "monthly":
            return day_of_month(day) in self.days
        return self.kind == "second-day" and day % 2 == 0


def day_of_month(day: int) -> int:
    """Return the day of the month (1-31) of a day since 1970, by the Gregorian calendar."""
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    return of_year - (153 * month + 2) // 5 + 1


HAND = Cadence("hand")

KINDS = (
    *("daily",) * 16,
    *("weekly",) * 10,
    *("twice",) * 4,
    *("monthly",) * 4,
    *("second-day",) * 2,
    "half-day",
    *("hand",) * 23,
)
"""The kind of each of sixty sources."""


def cadence(kind: str, *key: object) -> Cadence:
    """Return a cadence of *kind* with a time that depends on *key*."""
    hour, minute = dice.between(0, 11, *key, "hour"), dice.between(0, 59, *key, "minute")
    first = dice.between(0, 6, *key, "day")
    days = {
        "weekly": (first,),
        "twice": tuple(sorted({first, (first + 3) % 7})),
        "monthly": (dice.between(1, 28, *key, "month"),),
    }
    return Cadence(kind, hour, minute, days.get(kind, ()))


def around(at: Millis, lead: Millis) -> Cadence:
    """Return the daily cadence that fires *lead* before the time of day of *at*."""
    minutes = (at - lead) % DAY // MINUTE
    return Cadence("daily", minutes // 60, minutes % 60)
