"""What a perfect mirror of the inventory world holds after some passes: its own second opinion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from gateway.sandbox import inventory_rows as rows
from gateway.sandbox.instants import Millis, millis
from gateway.sandbox.inventory import Inventory
from gateway.sandbox.inventory_backends import OFFERED
from gateway.sandbox.inventory_cast import Organization, Person
from gateway.sandbox.inventory_dialects import counted, described, dialect, told
from gateway.sandbox.inventory_items import Entry
from gateway.sandbox.inventory_mirror import Held, Mirror, sources_of
from gateway.sandbox.inventory_rows import Row
from gateway.sandbox.inventory_services import service
from gateway.sandbox.inventory_sources import Source
from gateway.sandbox.portal import Passes

Key = tuple[int, int]
"""A dataset: number of the source whose it is, number in that source's remote catalogue."""


class Mention(NamedTuple):
    """An item that names a dataset; mentions are ordered as the jobs and the items in them."""

    created: Millis
    job: str
    position: int
    held: Held
    entry: Entry


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a dataset in one source."""

    state: str
    run: tuple[Millis, str]
    """The job that the state rests on."""
    newest: Mention


def truth(world: Inventory, passes: Passes) -> Iterator[Row]:
    """Yield every row that a perfect mirror holds after the last of *passes*."""
    if any(kind == "RECONCILE" for _, kind, _ in passes):
        yield from (rows.backend_row(offered) for offered in OFFERED)
    yield from _people(world, passes)
    for sources in _groups(sources_of(world, passes)):
        group = _Group(world, passes, sources)
        yield from group.rows()


def _people(world: Inventory, passes: Passes) -> Iterator[Row]:
    bodies: dict[str, tuple[Organization, Millis]] = {}
    persons: dict[str, Person] = {}
    for instant, *_ in passes:
        at = millis(instant)
        for source in world.existing(at):
            view = world.view(source, at)
            if view.organization:
                bodies[view.organization.id] = (view.organization, at)
            persons |= {person.id: person for person in (view.owner, view.judge) if person}
    yield from (rows.organization_row(body, seen) for body, seen in bodies.values())
    yield from (rows.person_row(person) for person in persons.values())


def _groups(sources: list[Source]) -> Iterator[list[Source]]:
    """Yield the sources so that those with datasets in common come together."""
    twins: dict[int, list[Source]] = {}
    for source in sources:
        if source.twin is not None:
            twins.setdefault(source.twin.index, []).append(source)
    known = {source.index for source in sources}
    for source in sources:
        if source.twin is None or source.twin.index not in known:
            yield [source, *twins.get(source.index, [])]


class _Group:
    """Sources with datasets in common, taken through the passes together."""

    def __init__(self, world: Inventory, passes: Passes, sources: list[Source]) -> None:
        self.world = world
        self.items = world.items
        self.mirrors = [Mirror(world, source) for source in sources]
        self.datasets: dict[str, Row] = {}
        self.linked: set[str] = set()
        self.now = 0
        steps = [(millis(at), kind, spoken) for at, kind, spoken in passes]
        self.first = steps[0][0] if steps else 0
        for (at, kind, spoken), following in [*pairwise(steps), (steps[-1], None)] if steps else []:
            self.now = at
            for mirror in self.mirrors:
                mirror.step(at, kind, spoken)
            if following is None or self._loses(at, *following[:2]):
                self._derive()

    def rows(self) -> Iterator[Row]:
        """Yield the rows of the sources, their jobs, items, errors and datasets."""
        for mirror in self.mirrors:
            if mirror.seen is not None:
                yield self._source(mirror, mirror.seen)
                for held in mirror.jobs.values():
                    yield from self._job(held)
        for native_id, row in self.datasets.items():
            yield row if native_id in self.linked else {**row, "presence": "GONE"}

    def _source(self, mirror: Mirror, seen: Millis) -> Row:
        view = self.world.view(mirror.source, seen)
        presence = "GONE" if mirror.gone else "PRESENT" if view.deleted is None else "DELETED"
        last = mirror.last_job()
        return told(rows.source_row(view, presence, last.run.id if last else None, self.now), mirror.told)

    def _job(self, held: Held) -> Iterator[Row]:
        run, presence = held.run, held.presence
        progress = counted(self.world.progress(run, held.seen), held.told)
        yield told(rows.job_row(run, progress, presence, lost=held.lost), held.told)
        for number, error in enumerate(progress.errors):
            yield told(rows.error_row(run, None, number, error, presence), held.told)
        for position, entry in self._entries(held):
            item = self.world.item(run, position, entry, held.read or 0)
            record = rows.record_row(run, item, presence)
            yield told(record, held.read_in)
            for number, error in enumerate(item.errors):
                row = rows.error_row(run, record["nativeId"], number, error, presence)
                yield told(row, held.read_in)

    def _entries(self, held: Held) -> Iterator[tuple[int, Entry]]:
        if held.read is not None:
            for position, entry in enumerate(self.world.entries(held.run, held.read)):
                if position != held.run.dangling:
                    yield position, entry

    def _loses(self, at: Millis, then: Millis, kind: str) -> bool:
        """Return whether the next pass may find that a dataset has no record any more."""
        for mirror in self.mirrors:
            source = mirror.source
            if source.exists(at) and not source.exists(then):
                return True
            numbers = range(self.items.remote.numbers(source, then)) if kind == "RECONCILE" else ()
            if any(
                self.first < self.items.remote.holding(source, number).purged <= then for number in numbers
            ):
                return True
        return False

    def _derive(self) -> None:
        found: dict[Key, list[Verdict]] = {}
        for mirror in self.mirrors:
            for key, verdict in self._verdicts(mirror):
                found.setdefault(key, []).append(verdict)
        self.linked = set()
        for key, verdicts in found.items():
            row = self._dataset(key, verdicts)
            self.datasets[row["nativeId"]] = row
            self.linked.add(row["nativeId"])

    def _verdicts(self, mirror: Mirror) -> Iterator[tuple[Key, Verdict]]:
        jobs = [held for held in mirror.jobs.values() if held.kept and held.read is not None]
        complete = [held.place for held in jobs if held.status in {"done", "done-errors"}]
        newest = max(complete, default=None)
        for key, mention in self._mentions(jobs).items():
            named = (mention.created, mention.job)
            if newest is not None and named < newest:
                yield key, Verdict("NOT_LISTED", newest, mention)
            else:
                archived = mention.entry.status == "archived"
                yield key, Verdict("ARCHIVED" if archived else "LIVE", named, mention)

    def _mentions(self, jobs: list[Held]) -> dict[Key, Mention]:
        newest: dict[Key, Mention] = {}
        for held in sorted(jobs, key=lambda held: held.place):
            run, read = held.run, held.read or 0
            for position, entry in self._entries(held):
                if self.items.linked(run, entry, read):
                    home = self.items.remote.home(run.source, entry.number)
                    newest[home.index, entry.number] = Mention(*held.place, position, held, entry)
        return newest

    def _dataset(self, key: Key, verdicts: list[Verdict]) -> Row:
        decisive = max(verdicts, key=lambda verdict: verdict.run)
        newest = max((verdict.newest for verdict in verdicts), key=lambda mention: mention[:3])
        run, read = newest.held.run, newest.held.read or 0
        home = self.items.remote.home(run.source, key[1])
        reference = self.items.remote.reference(home, key[1], read)
        item = self.world.item(run, newest.position, newest.entry, read)
        row = rows.dataset_row(reference, item, run, decisive.state, decisive.run[1])
        return self._told(told(row, newest.held.read_in), newest.held, home, key[1])

    def _told(self, row: Row, held: Held, home: Source, number: int) -> Row:
        whole = dialect(held.read_in).whole_services and row["fields"]["record_type"] == "DATA_SERVICE"
        return described(row, service(self.items.remote, home, number, held.read or 0)) if whole else row
