"""The inventory world: a portal whose every run lists every item, at any instant of its clock."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.sandbox import dice
from gateway.sandbox.instants import DAY, SECOND, Millis, millis
from gateway.sandbox.inventory_cast import Organization, Person, cast
from gateway.sandbox.inventory_items import FIRST_ITEM, Counters, Entry, Item, Items
from gateway.sandbox.inventory_remote import Remote
from gateway.sandbox.inventory_runs import Run, Timetable, pace
from gateway.sandbox.inventory_sources import BLOCK, TWIN, Nursery, Source, source_index

SITE = "https://data-gouv-fr.sandbox.example"
"""Where the pages for people would be."""
COUNTED_SINCE = 1_782_864_000_000
"""2026-07-01: jobs that are older may lack counters, or count 0."""
BIRTHS = 0.2
"""New sources a day at scale 1."""
CRASHES = (
    "HTTPSConnectionPool(host='geo.example.fr', port=443): Max retries exceeded with url: /csw",
    "Le catalogue distant a répondu 503 Service Unavailable",
    "XMLSyntaxError: Start tag expected, '<' not found, line 1, column 1",
)


@dataclass(frozen=True, slots=True)
class View:
    """A source at an instant, as the portal shows it."""

    id: str
    slug: str
    name: str
    url: str
    backend: str
    description: str | None
    config: dict[str, Any]
    created: Millis
    active: bool
    autoarchive: bool
    deleted: Millis | None
    schedule: str | None
    owner: Person | None
    organization: Organization | None
    state: str
    """accepted, refused or pending."""
    judge: Person | None
    judged: Millis | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """A run at an instant."""

    status: str
    ended: Millis | None
    errors: list[tuple[Millis, str]]
    counters: Counters
    """What there is to count."""
    shown: str
    """What the portal shows of it: ``true``, ``zero`` (zeros only) or ``none`` (no counters)."""


class Inventory:
    """The world; ``at`` is always the portal's clock in milliseconds."""

    def __init__(self, seed: int, scale: int, epoch: datetime) -> None:
        self.seed = seed
        self.scale = scale
        self.epoch = millis(epoch)
        self.people = cast(seed, scale, self.epoch)
        self.items = Items(Remote(seed, self.epoch))
        self.timetable = Timetable(seed, self.epoch)
        self.nursery = Nursery(seed, self.epoch, self.people)
        self.sources = [self.nursery.first(index) for index in range(BLOCK * scale)]
        for source in self.sources:
            if source.place == TWIN:
                source.twin = self.sources[source.index - TWIN + 2]
        self._days = 0
        self._runs: dict[int, tuple[Millis, list[Run]]] = {}
        self._ends: dict[str, Progress] = {}
        self._listed: OrderedDict[Millis, list[Source]] = OrderedDict()

    def existing(self, at: Millis) -> list[Source]:
        """Return the sources that the portal has, soft-deleted ones too, newest first."""
        if at not in self._listed:
            self._extend(at)
            found = [source for source in self.sources if source.exists(at)]
            self._listed[at] = sorted(found, key=lambda source: (-source.born, source.id))
            if len(self._listed) > 8:
                self._listed.popitem(last=False)
        return self._listed[at]

    def source(self, native_id: str, at: Millis) -> Source | None:
        """Return the source with that id, if the portal has it."""
        self._extend(at)
        index = _index(self.seed, native_id)
        found = self.sources[index] if 0 <= index < len(self.sources) else None
        return found if found and found.id == native_id and found.exists(at) else None

    def slugged(self, slug: str, at: Millis) -> Source | None:
        """Return the source that has or had that slug."""
        for source in self.existing(at):
            if any(known == slug and since <= at for since, _, known in source.names):
                return source
        return None

    def runs(self, source: Source, at: Millis) -> list[Run]:
        """Return the jobs that the portal has of a source, newest first."""
        horizon, runs = self._runs.get(source.index, (-1, []))
        if at > horizon:
            horizon = (at // DAY + 1) * DAY
            runs = self.timetable.runs(source, horizon)
            self._runs[source.index] = (horizon, runs)
        kept = [run for run in runs if run.created <= at < self.timetable.dropped(run)]
        return sorted(kept, key=lambda run: (-run.created, run.id))

    def run(self, native_id: str, at: Millis) -> Run | None:
        """Return the job with that id, if the portal has it and its source."""
        index = _index(self.seed, native_id)
        if not 0 <= index < len(self.sources) or not self.sources[index].exists(at):
            return None
        runs = self.runs(self.sources[index], at)
        return next((run for run in runs if run.id == native_id), None)

    def progress(self, run: Run, at: Millis) -> Progress:
        """Return how far a run is at an instant."""
        final = self._ends.get(run.id) or self._final(run)
        if final.ended is not None and at < final.ended:
            counters = self.items.count(run, self.entries(run, at))
            return Progress("initialized", None, [], counters, "true")
        if run.fate == "lost":
            counters = self.items.count(run, self.entries(run, at))
            return Progress(final.status, None, [], counters, final.shown)
        return final

    def entries(self, run: Run, at: Millis) -> list[Entry]:
        """Return the items that a run has at an instant, the last one perhaps under way."""
        plan = self.items.plan(run)
        if run.fate in {"pending", "initializing", "processing"}:
            return plan
        step = pace(run, len(plan))
        passed = at - run.created - FIRST_ITEM
        seen = 0 if passed < 0 else min(len(plan), passed // step + 1)
        under_way = seen > 0 and passed < (seen - 1) * step + step * 9 // 10
        if not under_way:
            return plan if seen == len(plan) else plan[:seen]
        return [*plan[: seen - 1], Entry(plan[seen - 1].number, "started")]

    def item(self, run: Run, position: int, entry: Entry, at: Millis) -> Item:
        """Return an item of a run as the portal shows it at an instant."""
        return self.items.item(run, position, entry, at)

    def view(self, source: Source, at: Millis) -> View:
        """Return a source as the portal shows it at an instant."""
        name, slug = source.named(at)
        judged = source.decided is not None and source.decided <= at
        orphan = source.orphaned is not None and source.orphaned <= at
        accepted = judged and source.verdict == "accepted"
        return View(
            id=source.id,
            slug=slug,
            name=name,
            url=source.url,
            backend=source.backend,
            description=source.description,
            config=source.config,
            created=source.born,
            active=source.active,
            autoarchive=source.autoarchive,
            deleted=source.deleted if source.deleted is not None and source.deleted <= at else None,
            schedule=source.cadence.text() if accepted else None,
            owner=None if orphan else source.owner,
            organization=None if orphan else source.organization,
            state=source.verdict if judged else "pending",
            judge=source.judge if judged else None,
            judged=source.decided if judged else None,
            comment=source.comment if judged else None,
        )

    def _extend(self, at: Millis) -> None:
        while self.epoch + self._days * DAY <= at:
            for number in range(self.scale):
                key = (self.seed, "birth", self._days, number)
                if dice.chance(BIRTHS, *key):
                    born = self.epoch + self._days * DAY + dice.between(0, DAY - 1, *key, "at")
                    self.sources.append(self.nursery.later(len(self.sources), born))
            self._days += 1

    def _final(self, run: Run) -> Progress:
        plan = self.items.plan(run)
        counters = self.items.count(run, plan)
        ended = self._ended(run, len(plan))
        errors: list[tuple[Millis, str]] = []
        if ended is not None and run.fate in {"fails", "breaks"}:
            errors = [(ended - SECOND, dice.pick(CRASHES, self.seed, "crash", run.id))]
        status = {"fails": "failed", "breaks": "failed", "lost": "initialized"}.get(run.fate, run.fate)
        if run.fate == "ok":
            status = "done-errors" if counters.by_status["failed"] else "done"
        self._ends[run.id] = Progress(status, ended, errors, counters, self._shown(run))
        return self._ends[run.id]

    @staticmethod
    def _ended(run: Run, items: int) -> Millis | None:
        if run.fate not in {"ok", "breaks", "fails"}:
            return None
        if run.fate == "fails":
            return run.created + 10 * SECOND
        return run.created + FIRST_ITEM + items * pace(run, items) + 800

    def _shown(self, run: Run) -> str:
        if run.created >= COUNTED_SINCE:
            return "true"
        draw = dice.unit(self.seed, "counted", run.id)
        return "none" if draw < 0.6 else "zero" if draw < 0.8 else "true"


def _index(seed: int, native_id: str) -> int:
    try:
        return source_index(seed, native_id)
    except ValueError:
        return -1
