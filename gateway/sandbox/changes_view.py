"""The database of the Data.gov-style world at one instant: which rows there are, and what is in them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from gateway.sandbox import changes_jobs as jobs
from gateway.sandbox import dice
from gateway.sandbox.changes_cast import Organization, Source, slug
from gateway.sandbox.changes_contents import Content
from gateway.sandbox.changes_history import History
from gateway.sandbox.changes_log import Action, Fate, Special
from gateway.sandbox.changes_runs import Run

ACTIONS = {Action.NONE: None, Action.CREATE: "create", Action.UPDATE: "update", Action.DELETE: "delete"}
SETTLED = {
    Fate.SUCCESS: "success",
    Fate.ERROR: "error",
    Fate.PENDING: "dataset_pending",
    Fate.UNFINISHED: None,
}

Row = dict[str, Any]
"""A row: column to value; instants are microseconds since 1970."""


class View:
    """The tables at an instant. Records and errors are numbers into the logs, in the order of their creation."""

    def __init__(self, history: History, at: int) -> None:
        self.history = history
        self.at = at
        self._timeline = history.timeline
        publishers = self._timeline.publishers
        self.organizations = [o for o in publishers.organizations if o.born <= at < o.gone]
        self.sources = [s for s in publishers.sources if s.born <= at < s.gone]
        self._source_counts = Counter(source.organization.index for source in self.sources)
        present = [run for run in self._timeline.runs if run.announced <= at and not history.dead(run, at)]
        self.runs: list[Run] = sorted(present, key=lambda run: run.created(at))
        self.records = history.records(at)
        self.record_errors = history.record_errors(at)
        self.job_errors = history.job_errors(at)

    # Which rows

    def source_of(self, native: str) -> Source | None:
        """Return the source of an id, if it is there."""
        publishers = self._timeline.publishers
        index = publishers.source_ids.index(native)
        source = publishers.sources[index] if index is not None and index < len(publishers.sources) else None
        return source if source and source.born <= self.at < source.gone else None

    def run_of(self, native: str) -> Run | None:
        """Return the job of an id, if it is there."""
        run = self._timeline.run_of(native)
        return run if run and run.announced <= self.at and not self.history.dead(run, self.at) else None

    def record_of(self, native: str) -> int | None:
        """Return the record of an id, if it is there."""
        row = self.history.record_ids.index(native)
        return row if row is not None and row < len(self._timeline.log) and self.has(row) else None

    def record_error_of(self, native: str) -> int | None:
        """Return the record error of an id, if it is there."""
        number = self.history.record_error_ids.index(native)
        errors = self._timeline.errors
        if number is None or number >= len(errors) or errors.created[number] > self.at:
            return None
        return None if self.history.dead(self._timeline.runs[errors.job[number]], self.at) else number

    def job_error_of(self, native: str) -> int | None:
        """Return the job error of an id, if it is there."""
        number = self.history.job_error_ids.index(native)
        return number if number is not None and number in self.job_errors else None

    def has(self, row: int) -> bool:
        """Return whether the record is there: written, not purged, its job and source not deleted."""
        log = self._timeline.log
        if log.created[row] > self.at or self.history.purged(row) <= self.at:
            return False
        return not self.history.dead(self._timeline.runs[log.job[row]], self.at)

    def records_of(self, run: Run) -> list[int]:
        """Return the records of a job, oldest first."""
        rows = (row for row in range(run.first_row, run.first_row + run.rows) if self.has(row))
        return sorted(rows, key=self._timeline.log.created.__getitem__)

    def records_of_source(self, source: Source) -> list[int]:
        """Return the records of a source, oldest first."""
        runs = (self._timeline.runs[index] for index in self._timeline.desks[source.index].runs)
        rows = (
            row for run in runs for row in range(run.first_row, run.first_row + run.rows) if self.has(row)
        )
        return sorted(rows, key=self._timeline.log.created.__getitem__)

    def runs_of(self, source: Source) -> list[Run]:
        """Return the jobs of a source, oldest first."""
        runs = (self._timeline.runs[index] for index in self._timeline.desks[source.index].runs)
        present = [run for run in runs if run.announced <= self.at and not self.history.dead(run, self.at)]
        return sorted(present, key=lambda run: run.created(self.at))

    def job_errors_of(self, run: Run) -> list[int]:
        """Return the errors of a job itself, oldest first."""
        return self._job_errors.get(run.index, [])

    def errors_of(self, run: Run) -> list[int]:
        """Return the record errors of a job, oldest first."""
        created = self._timeline.errors.created
        numbers = range(run.first_error, run.first_error + run.errors)
        return sorted((n for n in numbers if created[n] <= self.at), key=created.__getitem__)

    def between(self, numbers: Sequence[int], created: array[int], low: int, high: int) -> Sequence[int]:
        """Return those of *numbers* (ordered by *created*) that were created in [low, high)."""
        first = bisect_left(numbers, low, key=created.__getitem__)
        return numbers[first : bisect_left(numbers, high, key=created.__getitem__)]

    @cached_property
    def _job_errors(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for number in self.job_errors:
            found.setdefault(self._timeline.job_errors[number].run, []).append(number)
        return found

    # What is in them

    def organization(self, organization: Organization) -> Row:
        """Return an organization's row."""
        return organization.row(self.at)

    def source_count(self, organization: Organization) -> int:
        """Return how many sources an organization has."""
        return self._source_counts[organization.index]

    def job(self, run: Run) -> Row:
        """Return a job's row."""
        return jobs.row(self._timeline, run, self.at)

    def counters(self, run: Run) -> dict[str, int | None]:
        """Return a job's counters as far as it has come."""
        return jobs.counters(self._timeline.log, run, self.at)

    def record(self, row: int) -> Row:
        """Return a record's row with its payloads."""
        facts = self.facts(row)
        content = self.content(row)
        facts["source_raw"] = content.raw if content else None
        facts["source_transform"] = content.transform if content else None
        return facts

    def facts(self, row: int) -> Row:
        """Return a record's row without its payloads."""
        log, history = self._timeline.log, self.history
        run = self._timeline.runs[log.job[row]]
        source = self._timeline.publishers.sources[run.source]
        action, plain = log.action(row), log.special(row) == Special.NO
        slot = log.slot[row]
        slots = history.contents.slots
        origin = self._timeline.desks[run.source].catalogue.moved.get(slot) if plain else None
        return {
            "id": history.record_ids.of(row),
            "identifier": self._identifier(source, slot, log.special(row), origin),
            "harvest_job_id": run.id,
            "harvest_source_id": source.id,
            "record_type": slots.record_type(source, slot, origin) if plain else "dataset",
            "action": ACTIONS[Action(action)],
            "status": self.status(row),
            "source_hash": history.contents.hash(run.source, slot, log.rev[row]) if action else None,
            "date_created": log.created[row],
            "date_finished": self._finished(row),
            "ckan_id": self._legacy(run, row),
            "parent_identifier": slots.parent(source, slot)
            if action in {Action.CREATE, Action.UPDATE}
            else None,
        }

    def action(self, row: int) -> str | None:
        """Return a record's action."""
        return ACTIONS[Action(self._timeline.log.action(row))]

    def source_id(self, row: int) -> str:
        """Return the id of a record's source."""
        run = self._timeline.runs[self._timeline.log.job[row]]
        return self._timeline.publishers.sources[run.source].id

    def status(self, row: int) -> str | None:
        """Return a record's status."""
        log = self._timeline.log
        fate = Fate(log.fate(row))
        if log.settled(row) <= self.at or fate is Fate.UNFINISHED:
            return SETTLED[fate]
        half = log.created[row] + log.took[row] // 2
        return "dataset_pending" if half <= self.at and fate is not Fate.ERROR else None

    def content(self, row: int) -> Content | None:
        """Return what the record holds of its publisher's catalogue; None for deletes and nameless ones."""
        log = self._timeline.log
        if log.action(row) not in {Action.CREATE, Action.UPDATE}:
            return None
        index, slot = self._timeline.runs[log.job[row]].source, log.slot[row]
        source = self._timeline.publishers.sources[index]
        origin = self._timeline.desks[index].catalogue.moved.get(slot)
        faulty = log.fate(row) == Fate.ERROR
        content = self.history.contents.of(source, slot, log.rev[row], faulty=faulty, origin=origin)
        if content.transform is None or self.status(row) is not None:
            return content
        return Content(content.write, None, None)  # it is being processed: not transformed yet

    def part_of(self, row: int) -> str | None:
        """Return what the payload of a record says that it is a part of, where the portal's own column is silent."""
        log = self._timeline.log
        if log.action(row) not in {Action.CREATE, Action.UPDATE}:
            return None
        source = self._timeline.publishers.sources[self._timeline.runs[log.job[row]].source]
        slot, faults = log.slot[row], self.history.contents.faults
        torn = log.fate(row) == Fate.ERROR and faults.unreadable(source, slot, log.rev[row])
        return None if torn else self.history.contents.slots.whole(source, slot)

    def catalog_name(self, row: int) -> str | None:
        """Return what the catalogue called a record's dataset while it gave it an id: its title, as in an address."""
        log = self._timeline.log
        run = self._timeline.runs[log.job[row]]
        if self._legacy(run, row) is None:
            return None
        source = self._timeline.publishers.sources[run.source]
        return slug(self.history.contents.slots.title(source, log.slot[row]))

    def record_error(self, number: int) -> Row:
        """Return a record error's row."""
        errors, history = self._timeline.errors, self.history
        row = errors.row[number]
        type_, message, severity = history.troubles.record_error(number)
        return {
            "id": history.record_error_ids.of(number),
            "harvest_job_id": self._timeline.runs[errors.job[number]].id,
            "harvest_record_id": None
            if row < 0 or history.purged(row) <= self.at
            else history.record_ids.of(row),
            "type": type_,
            "message": message,
            "severity": severity,
            "date_created": errors.created[number],
        }

    def job_error(self, number: int) -> Row:
        """Return a job error's row."""
        fault = self._timeline.job_errors[number]
        return {
            "id": self.history.job_error_ids.of(number),
            "harvest_job_id": self._timeline.runs[fault.run].id,
            "type": fault.type,
            "message": self.history.troubles.job_error(number),
            "date_created": fault.created,
        }

    # Details

    def _identifier(self, source: Source, slot: int, special: int, origin: int | None) -> str:
        slots = self.history.contents.slots
        if special == Special.NAMELESS:
            return slots.nameless(source, slot)
        return slots.identifier(source, slot, origin)

    def _finished(self, row: int) -> int | None:
        log = self._timeline.log
        if log.action(row) == Action.DELETE:
            return log.settled(log.before[row])
        if log.fate(row) not in {Fate.SUCCESS, Fate.PENDING} or log.settled(row) > self.at:
            return None
        return log.settled(row)

    def _legacy(self, run: Run, row: int) -> str | None:
        log = self._timeline.log
        if not run.blind or log.action(row) not in {Action.CREATE, Action.UPDATE}:
            return None
        return dice.uuid(self._timeline.seed, "ckan", run.source, log.slot[row])
