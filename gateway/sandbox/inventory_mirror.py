"""A perfect mirror of the inventory world: which passes read what, and with how many requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.sandbox.instants import DAY, HOUR, Millis, millis
from gateway.sandbox.inventory import COUNTED_SINCE, Inventory
from gateway.sandbox.inventory_dialects import Dialect, dialect
from gateway.sandbox.inventory_runs import Run
from gateway.sandbox.inventory_sources import Source
from gateway.sandbox.portal import Passes

SOURCES_PAGE = 1000
JOBS_POLL_PAGE = 50
JOBS_FULL_PAGE = 500
JOBS_EMBEDDED_PAGE = 100
"""Jobs that hold their items are large."""
ITEMS_PAGE = 10_000
BACKFILL = 30 * DAY
RETENTION = 365 * DAY
LOST_AFTER = 48 * HOUR
OPEN = frozenset({"pending", "initializing", "initialized", "processing"})


def pages(rows: int, size: int) -> int:
    """Return how many requests a list takes; an empty one takes one."""
    return max(1, -(-rows // size))


@dataclass(slots=True)
class Held:
    """A job as the mirror holds it."""

    run: Run
    seen: Millis
    """When it was last read."""
    status: str
    """The portal's word then."""
    told: str
    """The dialect in which it was last read."""
    presence: str = "PRESENT"
    lost: bool = False
    read: Millis | None = None
    """When its items were last read whole."""
    read_in: str = ""
    """The dialect in which they were."""

    @property
    def open(self) -> bool:
        """Return whether it has neither ended nor been given up."""
        return self.status in OPEN and not self.lost

    @property
    def kept(self) -> bool:
        """Return whether it still counts: there, or fallen out of the portal's retention."""
        return self.presence in {"PRESENT", "EXPIRED"}

    @property
    def place(self) -> tuple[Millis, str]:
        """Return its place in time."""
        return self.run.created, self.run.id


@dataclass(slots=True)
class Mirror:
    """What a perfect mirror holds of one source and its jobs."""

    world: Inventory
    source: Source
    seen: Millis | None = None
    told: str = ""
    """The dialect in which the source was last read."""
    gone: bool = False
    whole: bool = False
    """Whether the list of its jobs was ever read whole."""
    jobs: dict[str, Held] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    """Of the newest pass, by stream."""

    def step(self, at: Millis, kind: str, spoken: str = "") -> None:
        """Go through one pass, in which the portal speaks the dialect *spoken*."""
        self.requests = Counter()
        if self.source.exists(at):
            self.seen, self.told = at, spoken
            self._read_jobs(at, kind)
        elif self.seen is not None and not self.gone:
            self._vanish()
        for held in self.jobs.values():
            held.lost = held.lost or (held.status in OPEN and held.run.created + LOST_AFTER <= at)
        if not self.gone:
            self._read_items(at, again=kind == "RECONCILE")

    @property
    def spoken(self) -> Dialect:
        """Return what the portal spoke when the source was last read."""
        return dialect(self.told)

    def last_job(self) -> Held | None:
        """Return the newest job that still counts."""
        return max(
            (held for held in self.jobs.values() if held.kept), key=lambda held: held.place, default=None
        )

    def _vanish(self) -> None:
        self.gone = True
        for held in self.jobs.values():
            if held.presence == "PRESENT":
                held.presence = "GONE"

    def _read_jobs(self, at: Millis, kind: str) -> None:
        runs = self.world.runs(self.source, at)
        if not runs:
            if kind == "RECONCILE":  # the list of sources names no run of it: its list needs no question
                self._miss(runs, at)
        elif kind == "RECONCILE" or not self.whole:
            self._read_all(runs, at)
        elif self._moved(runs[0], at):
            self._poll(runs, at)

    def _moved(self, newest: Run, at: Millis) -> bool:
        known = self.jobs.get(newest.id)
        waiting = any(held.open for held in self.jobs.values() if held.presence == "PRESENT")
        return known is None or waiting or known.status != self.world.progress(newest, at).status

    def _read_all(self, runs: list[Run], at: Millis) -> None:
        size = JOBS_EMBEDDED_PAGE if self.spoken.embedded else JOBS_FULL_PAGE
        self.requests["jobs"] += pages(len(runs), size)
        self._hold(runs, at)
        self.whole = True
        self._miss(runs, at)

    def _miss(self, runs: Iterable[Run], at: Millis) -> None:
        """Note that the source has no other jobs than *runs*."""
        listed = {run.id for run in runs}
        for held in self.jobs.values():
            if held.presence == "PRESENT" and held.run.id not in listed:
                held.presence = "EXPIRED" if held.run.created < at - RETENTION else "GONE"

    def _poll(self, runs: list[Run], at: Millis) -> None:
        ended = {native_id for native_id, held in self.jobs.items() if not held.open}
        waiting = {held.run.id for held in self.jobs.values() if held.open and held.presence == "PRESENT"}
        for first in range(0, len(runs), JOBS_POLL_PAGE):
            page = runs[first : first + JOBS_POLL_PAGE]
            self.requests["jobs"] += 1
            self._hold(page, at)
            waiting -= {run.id for run in page}
            if ended & {run.id for run in page}:
                break
        self.requests["jobs"] += len(waiting)
        self._hold([run for run in runs if run.id in waiting], at)

    def _hold(self, runs: Iterable[Run], at: Millis) -> None:
        for run in runs:
            status = self.world.progress(run, at).status
            held = self.jobs.setdefault(run.id, Held(run, at, status, self.told))
            held.seen, held.status, held.told = at, status, self.told

    def _read_items(self, at: Millis, *, again: bool) -> None:
        for held in self.jobs.values():
            young = held.run.created >= at - BACKFILL
            if held.presence != "PRESENT" or held.open or not young or (held.read is not None and not again):
                continue
            self.requests["records"] += self._asks(held.run, at)
            if not (self.spoken.embedded and self._dangles(held.run, at)):
                held.read, held.read_in = at, self.told

    def _asks(self, run: Run, at: Millis) -> int:
        """Return how many requests the items of an ended run take; none where counters prove that there are none."""
        progress = self.world.progress(run, at)
        total = progress.counters.total
        if self.spoken.embedded:
            return min(total, 1)
        counted = progress.shown == "true" and run.created >= COUNTED_SINCE
        return 0 if counted and not total else pages(total, ITEMS_PAGE)

    def _dangles(self, run: Run, at: Millis) -> bool:
        """Return whether an item's dataset is gone without a trace, so that a job that holds it cannot be shown."""
        return run.dangling is not None and run.dangling < len(self.world.entries(run, at))


@dataclass(slots=True)
class Noted:
    """What a mirror has noted of the portal's wire, pass after pass."""

    slashed: bool = True
    """Whether every path ends in a slash: so until the portal proves otherwise."""
    words: str = ""
    """The generation that was asked for the words of jobs' statuses."""

    def step(self, kind: str, spoken: Dialect) -> Counter[str]:
        """Return the requests that a pass needs for backends, and for the words, which come with the sources."""
        asked: Counter[str] = Counter({"backends": 0, "sources": 0})
        if kind == "RECONCILE":
            asked["backends"] = 1 if self.slashed is spoken.slashed else 2
            self.slashed = spoken.slashed
        generation = ("V10" if self.slashed else "V9") if spoken.embedded else ""
        asked["sources"] = int(bool(generation) and generation != self.words)
        self.words = generation
        return asked


def sources_of(world: Inventory, passes: Passes) -> list[Source]:
    """Return every source that some pass finds, in the order of their numbers."""
    found = {source.index: source for at, *_ in passes for source in world.existing(millis(at))}
    return [found[index] for index in sorted(found)]


def minimum(world: Inventory, passes: Passes) -> dict[str, int]:
    """Return how many requests the last of *passes* needs, by stream."""
    total: Counter[str] = Counter({"backends": 0, "sources": 0, "jobs": 0, "records": 0})
    if not passes:
        return dict(total)
    for source in sources_of(world, passes):
        mirror = Mirror(world, source)
        for at, kind, spoken in passes:
            mirror.step(millis(at), kind, spoken)
        total.update(mirror.requests)
    noted = Noted()
    asked = [noted.step(kind, dialect(spoken)) for _, kind, spoken in passes]
    total.update(asked[-1])
    total["sources"] += pages(len(world.existing(millis(passes[-1].at))), SOURCES_PAGE)
    return dict(total)
