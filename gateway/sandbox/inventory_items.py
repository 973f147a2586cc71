"""The items of a run of the inventory world, made on demand from what the remote catalogue held."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway.sandbox import dice
from gateway.sandbox.instants import DAY, SECOND, Millis
from gateway.sandbox.inventory_remote import Holding, Reference, Remote
from gateway.sandbox.inventory_runs import Run, pace
from gateway.sandbox.inventory_sources import Source

PLANS = 256
"""How many runs' plans are remembered."""
FIRST_ITEM = 2 * SECOND
STATUSES = ("archived", "done", "failed", "pending", "skipped", "started")


class Entry(NamedTuple):
    """One item of a run that has ended, as far as counting needs it."""

    number: int
    """Number of the dataset in its remote catalogue."""
    status: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item at an instant."""

    position: int
    home: Source
    """Whose catalogue its dataset is of."""
    number: int
    """Number of its dataset there."""
    remote_id: str | None
    remote_url: str | None
    status: str
    created: Millis
    started: Millis | None
    ended: Millis | None
    reference: Reference | None
    dangling: bool
    errors: list[tuple[Millis, str]]
    logs: list[tuple[str, str]]
    args: list[str]
    kwargs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counters:
    """How many items a run has, by status and by type."""

    total: int
    by_status: dict[str, int]
    datasets: int
    services: int


class Items:
    """What the runs made of the remote catalogues; remembers the plans of the last few."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.seed = remote.seed
        self._plans: OrderedDict[str, list[Entry]] = OrderedDict()

    def plan(self, run: Run) -> list[Entry]:
        """Return the items of a run once it has ended, in their order."""
        if run.id not in self._plans:
            self._plans[run.id] = self._planned(run)
            if len(self._plans) > PLANS:
                self._plans.popitem(last=False)
        return self._plans[run.id]

    def count(self, run: Run, plan: list[Entry]) -> Counters:
        """Return the counters over (a part of) a run's plan."""
        statuses = Counter(entry.status for entry in plan)
        services = datasets = 0
        for entry in plan:
            if self._refers(run, entry):
                service = self.remote.holding(run.source, entry.number).trait == "service"
                services, datasets = services + service, datasets + (not service)
        return Counters(len(plan), {word: statuses[word] for word in STATUSES}, datasets, services)

    def linked(self, run: Run, entry: Entry, at: Millis) -> bool:
        """Return whether the portal links an item to a dataset at an instant."""
        return self._refers(run, entry) and at < self.remote.holding(run.source, entry.number).purged

    def item(self, run: Run, position: int, entry: Entry, at: Millis) -> Item:
        """Return the item at *position* as the portal shows it at *at*."""
        step = pace(run, len(self.plan(run)))
        created = run.created + FIRST_ITEM + position * step
        holding = self.remote.holding(run.source, entry.number)
        home = self.remote.home(run.source, entry.number)
        face = self.remote.face(home, entry.number)
        ended = created + step * 9 // 10
        running = entry.status in {"started", "pending"}
        outside = entry.status == "archived"
        return Item(
            position=position,
            home=home,
            number=entry.number,
            remote_id=face.remote_id,
            remote_url=face.remote_url,
            status=entry.status,
            created=created,
            started=None if outside or entry.status == "pending" else created + 7,
            ended=None if outside or running else ended,
            reference=self.remote.reference(home, entry.number, at) if self.linked(run, entry, at) else None,
            dangling=position == run.dangling,
            errors=self._errors(run, entry, holding, ended),
            logs=[] if outside else face.logs,
            args=face.args,
            kwargs=face.kwargs,
        )

    def _planned(self, run: Run) -> list[Entry]:
        listed = self.remote.listed(run.source, run.created)[: run.size]
        entries = [Entry(number, self._status(run, number)) for number in listed]
        if run.fate in {"fails", "pending", "initializing"}:
            return []
        if run.fate in {"breaks", "lost", "processing"}:
            cut = len(entries) * dice.between(20, 80, self.seed, run.id) // 100
            entries = entries[:cut]
            if entries and run.fate != "breaks":
                entries[-1] = Entry(entries[-1].number, "started")
            return entries
        if run.source.autoarchive:
            entries.extend(Entry(number, "archived") for number in self._archived(run))
        return entries

    def _archived(self, run: Run) -> list[int]:
        found = []
        for number in range(self.remote.numbers(run.source, run.created)):
            holding = self.remote.holding(run.source, number)
            unseen = holding.gone + 7 * DAY <= run.created < holding.purged
            if unseen and holding.trait in {"ok", "odd", "flaky"}:
                found.append(number)
        return found

    def _status(self, run: Run, number: int) -> str:
        trait = self.remote.holding(run.source, number).trait
        if trait == "flaky":
            return "failed" if dice.chance(0.25, self.seed, "flaky", run.id, number) else "done"
        if trait in {"stuck", "waiting"} and dice.chance(0.5, self.seed, "stuck", run.id, number):
            return "done"
        return _STATUS[trait]

    def _refers(self, run: Run, entry: Entry) -> bool:
        """Return whether the portal linked the item to a dataset when the run handled it."""
        if entry.status in {"done", "archived", "checking"}:
            return True
        return entry.status == "failed" and self.remote.holding(run.source, entry.number).trait == "flaky"

    def _errors(self, run: Run, entry: Entry, holding: Holding, at: Millis) -> list[tuple[Millis, str]]:
        if entry.status not in {"skipped", "failed"}:
            return []
        key = (self.seed, "errors", run.source.index, entry.number)
        if entry.status == "skipped":
            missing = holding.trait in {"nameless", "blank"}
            return [(at, "missing identifier" if missing else dice.pick(SKIPS, *key, "skip"))]
        if holding.trait == "duplicate":
            return [(at, "Duplicate remote id: already harvested in this job")]
        first = (at, dice.pick(FAILURES, *key, "failure").format(number=entry.number))
        more = dice.chance(0.1, *key, "more")
        return [first, (at, f"Rolled back {entry.number} ({run.source.backend})")] if more else [first]


_STATUS = {
    "ok": "done",
    "failing": "failed",
    "nameless": "skipped",
    "blank": "skipped",
    "skipped": "skipped",
    "duplicate": "failed",
    "service": "done",
    "odd": "checking",
    "stuck": "started",
    "waiting": "pending",
}

FAILURES = (
    "Validation error: - [title] required key not provided (é{number})",
    "HTTPSConnectionPool(host='geo.example.fr', port=443): Read timed out. (read timeout=30)",
    "'NoneType' object has no attribute 'text'",
    "URL déjà utilisée par une autre ressource",
    "HTTP error 404 while fetching https://geo.example.fr/records/{number}",
    "Invalid control character \x00 in description",
    'Invalid URL "www.exemple,fr/jeu/{number}"',
    "Unable to parse date « 31/02/2024 »",
    "Unknown license identifier",
)
SKIPS = (
    "Dataset is private",
    "Spatial representation type is excluded by the configuration",
    "Pas de ressource",
)
