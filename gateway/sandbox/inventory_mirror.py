"""A perfect mirror of the inventory world: which passes read what, and with how many requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.sandbox.instants import DAY, HOUR, Millis, millis
from gateway.sandbox.inventory import COUNTED_SINCE, Inventory
from gateway.sandbox.inventory_runs import Run
from gateway.sandbox.inventory_sources import Source
from gateway.sandbox.portal import Passes

SOURCES_PAGE = 1000
JOBS_POLL_PAGE = 50
JOBS_FULL_PAGE = 500
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
    presence: str = "PRESENT"
    lost: bool = False
    read: Millis | None = None
    """When its items were last read whole."""

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
    gone: bool = False
    whole: bool = False
    """Whether the list of its jobs was ever read whole."""
    jobs: dict[str, Held] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    """Of the newest pass, by stream."""

    def step(self, at: Millis, kind: str) -> None:
        """Go through one pass."""
        self.requests = Counter()
        if self.source.exists(at):
            self.seen = at
            self._read_jobs(at, kind)
        elif self.seen is not None and not self.gone:
            self._vanish()
        for held in self.jobs.values():
            held.lost = held.lost or (held.status in OPEN and held.run.created + LOST_AFTER <= at)
        if not self.gone:
            self._read_items(at, again=kind == "RECONCILE")

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
            return
        if kind == "RECONCILE" or not self.whole:
            self._read_all(runs, at)
        elif self._moved(runs[0], at):
            self._poll(runs, at)

    def _moved(self, newest: Run, at: Millis) -> bool:
        known = self.jobs.get(newest.id)
        waiting = any(held.open for held in self.jobs.values() if held.presence == "PRESENT")
        return known is None or waiting or known.status != self.world.progress(newest, at).status

    def _read_all(self, runs: list[Run], at: Millis) -> None:
        self.requests["jobs"] += pages(len(runs), JOBS_FULL_PAGE)
        self._hold(runs, at)
        self.whole = True
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
            held = self.jobs.setdefault(run.id, Held(run, at, status))
            held.seen, held.status = at, status

    def _read_items(self, at: Millis, *, again: bool) -> None:
        for held in self.jobs.values():
            young = held.run.created >= at - BACKFILL
            if held.presence != "PRESENT" or held.open or not young or (held.read is not None and not again):
                continue
            progress = self.world.progress(held.run, at)
            counted = progress.shown == "true" and held.run.created >= COUNTED_SINCE
            if not counted or progress.counters.total:
                self.requests["records"] += pages(progress.counters.total, ITEMS_PAGE)
            held.read = at


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
        for at, kind, _ in passes:
            mirror.step(millis(at), kind)
        total.update(mirror.requests)
    last, kind, _ = passes[-1]
    total["sources"] = pages(len(world.existing(millis(last))), SOURCES_PAGE)
    total["backends"] = int(kind == "RECONCILE")
    return dict(total)
