"""The runs of a source of the inventory world: when they happen, how they end, when the portal drops them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.sandbox import dice
from gateway.sandbox.instants import DAY, HOUR, MINUTE, SECOND, Millis, object_id
from gateway.sandbox.inventory_sources import HISTORIC, NEVER_RAN, SLOW, Source, mask

DENSE_DAYS = 24
"""For so many days before the epoch every run is there; of the time before, a few."""
KEPT_DAYS = 365
"""Age at which the portal drops runs, at its next weekly clean-up."""
ALIVE_DAYS = 150
"""Every source that is ever run is run by hand at least so often."""
STEP = 200
"""Milliseconds from one item to the next."""
SLOW_MINUTES = 40

FATES = {(2, -3): "lost", (8, -1): "lost", (6, -2): "fails", (7, -2): "breaks", (9, -4): "twice"}
"""What becomes of runs that must be there, by place of the source and day from the epoch."""
OLD_WORDS = {5: "pending", 17: "initializing", 38: "processing"}
"""Words of runs that an older portal left open, by place of the source."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a source."""

    id: str
    source: Source
    created: Millis
    fate: str
    """ok, fails (at once), breaks (half-way), lost (stays open), or an old portal's word for an open run."""
    step: Millis
    """Milliseconds from one item to the next; 0: the run takes as long as the slow source's runs."""
    dangling: int | None = None
    """Position of an item whose dataset is gone without a trace."""
    size: int | None = None
    """Most items that it has, where not all that the source offers."""

    @property
    def started(self) -> Millis | None:
        """Return when it began."""
        return None if self.fate == "pending" else self.created + 12


@dataclass(frozen=True, slots=True)
class Timetable:
    """Lists runs; a pure function of seed, epoch and source."""

    seed: int
    epoch: Millis

    def runs(self, source: Source, until: Millis) -> list[Run]:
        """Return every run of *source* that was ever begun by *until*, oldest first."""
        if source.place in NEVER_RAN or source.decided is None or source.verdict != "accepted":
            return []
        found = [*self._sparse(source), *self._dense(source, until)]
        found = [run for run in found if run.created <= until and source.runs(run.created)]
        return sorted(found, key=lambda run: (run.created, run.id))

    def dropped(self, run: Run) -> Millis:
        """Return when the portal drops a run: at the first weekly clean-up a year later."""
        old = run.created + KEPT_DAYS * DAY
        cleaned = self.epoch + 36 * HOUR
        weeks = -((cleaned - old) // (7 * DAY))
        return cleaned + weeks * 7 * DAY

    def begin(self, source: Source, created: Millis, fate: str, number: int = 0, **more: int | None) -> Run:
        """Return the run of *source* that begins at *created*; *number* tells ties apart."""
        tail = dice.hexadecimal(10, self.seed, "run", source.index, created, number)
        native_id = object_id(created, f"{tail}{source.index ^ mask(self.seed):06x}")
        step = 0 if source.place == SLOW else STEP
        return Run(native_id, source, created, fate, more.pop("step", step) or 0, **more)

    def _sparse(self, source: Source) -> Iterator[Run]:
        key = (self.seed, "sparse", source.index)
        last = self.epoch - (DENSE_DAYS + 1) * DAY
        first = max(source.decided or 0, self.epoch - 355 * DAY)
        for number in range(dice.between(0, 3, *key) if first < last else 0):
            created = dice.between(first, last, *key, number)
            yield self._old(source, created, number, *key)
        if source.place in HISTORIC:
            created = self.epoch - dice.between(366, 370, *key, "historic") * DAY
            yield self._old(source, created, 9, *key)
        if fate := OLD_WORDS.get(source.place):
            yield self.begin(source, self.epoch - 200 * DAY + 5 * HOUR, fate)
        if source.place == 10:
            yield self.begin(source, self.epoch - 45 * DAY + 3 * HOUR, "ok", dangling=3)

    def _old(self, source: Source, created: Millis, number: int, *key: object) -> Run:
        ages = (self.epoch - created) // DAY
        words = ("pending", "initializing", "processing", "lost", "fails", "breaks")
        odd = dice.between(0, 29 if ages > 120 else 200, *key, number, "fate")
        fate = words[odd] if odd < len(words) else "ok"
        dangling = 2 if ages > 31 and dice.chance(0.04, *key, number, "dangling") else None
        return self.begin(source, created, fate, number, dangling=dangling)

    def _dense(self, source: Source, until: Millis) -> Iterator[Run]:
        first = max(self.epoch - DENSE_DAYS * DAY, source.decided or 0) // DAY
        for day in range(first, until // DAY + 1):
            if source.active:
                for firing in source.cadence.firings(day):
                    yield from self._scheduled(source, firing, day)
            yield from self._by_hand(source, day)

    def _scheduled(self, source: Source, firing: Millis, day: int) -> Iterator[Run]:
        key = (self.seed, "dense", source.index, firing)
        seconds = dice.between(0, 59, *key)
        created = firing + seconds * SECOND + (0 if seconds % 5 == 0 else dice.between(1, 999, *key, "ms"))
        fate = self._fate(source, day, key)
        if fate == "twice":
            yield self.begin(source, created, "ok", 1)
            fate = "ok"
        yield self.begin(source, created, fate)

    def _fate(self, source: Source, day: int, key: tuple[object, ...]) -> str:
        forced = FATES.get((source.place, day - self.epoch // DAY))
        if forced or source.place == SLOW:
            return forced or "ok"
        draw = dice.unit(*key, "fate")
        for limit, fate in ((0.03, "fails"), (0.045, "breaks"), (0.06, "lost"), (0.07, "twice")):
            if draw < limit:
                return fate
        return "ok"

    def _by_hand(self, source: Source, day: int) -> Iterator[Run]:
        key = (self.seed, "hand", source.index, day)
        eager = source.active and source.cadence.kind == "hand"
        wanted = dice.chance(0.06 if eager else 0.008, *key) if source.active else False
        if wanted or (day + source.index * 7) % ALIVE_DAYS == 0:
            yield self.begin(source, day * DAY + dice.between(8 * HOUR, 17 * HOUR, *key, "at"), "ok", 2)


def pace(run: Run, items: int) -> Millis:
    """Return the milliseconds from one item of *run* to the next."""
    return run.step or SLOW_MINUTES * MINUTE // max(1, items)
