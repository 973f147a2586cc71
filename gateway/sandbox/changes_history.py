"""The tables of the Data.gov-style world through time: what is there at an instant, purges and deletions told."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from gateway.sandbox.changes_contents import Contents
from gateway.sandbox.changes_ids import Ids
from gateway.sandbox.changes_runs import Run
from gateway.sandbox.changes_time import DAY, HOUR, NEVER
from gateway.sandbox.changes_timeline import Timeline
from gateway.sandbox.changes_troubles import Troubles

KEPT = 365 * DAY
"""How long a superseded record is kept."""
PURGE = 5 * HOUR
"""When in a day of the world superseded records are purged."""


class History:
    """Answers which rows of a timeline are there at an instant; the timeline is extended as far as needed."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        seed = timeline.seed
        self.record_ids = Ids(seed, "record")
        self.record_error_ids = Ids(seed, "record error")
        self.job_error_ids = Ids(seed, "job error")
        self.contents = Contents(seed, timeline.epoch)
        self.troubles = Troubles(timeline, self.contents)
        self._records: array[int] = array("i")
        self._errors: array[int] = array("i")

    def extend(self, at: int) -> None:
        """Let the world happen up to an instant."""
        self.timeline.extend(at)
        self._records = _sorted(self._records, self.timeline.log.created)
        self._errors = _sorted(self._errors, self.timeline.errors.created)

    def dead(self, run: Run, at: int) -> bool:
        """Return whether a job was deleted, itself or with its source."""
        return run.gone <= at or self.timeline.publishers.sources[run.source].gone <= at

    def purged(self, row: int) -> int:
        """Return when a record is purged, NEVER where it is not superseded."""
        log, epoch = self.timeline.log, self.timeline.epoch
        over = log.over[row]
        if over < 0:
            return NEVER
        due = max(log.created[row] + KEPT, log.settled(over))
        day = (due - epoch - PURGE) // DAY + 1
        return epoch + day * DAY + PURGE

    def records(self, at: int) -> array[int]:
        """Return the records at an instant, oldest first."""
        log = self.timeline.log
        rows = self._records[: bisect_right(self._records, at, key=log.created.__getitem__)]
        dead = self._graveyard(at)
        if dead:
            rows = array("i", (row for row in rows if log.job[row] not in dead))
        old = bisect_right(rows, at - KEPT, key=log.created.__getitem__)
        return array("i", (row for row in rows[:old] if self.purged(row) > at)) + rows[old:]

    def record_errors(self, at: int) -> array[int]:
        """Return the record errors at an instant, oldest first."""
        errors = self.timeline.errors
        numbers = self._errors[: bisect_right(self._errors, at, key=errors.created.__getitem__)]
        dead = self._graveyard(at)
        return array("i", (n for n in numbers if errors.job[n] not in dead)) if dead else numbers

    def job_errors(self, at: int) -> list[int]:
        """Return the job errors at an instant, oldest first."""
        faults = self.timeline.job_errors
        runs = self.timeline.runs
        present = [n for n, f in enumerate(faults) if f.created <= at and not self.dead(runs[f.run], at)]
        return sorted(present, key=lambda number: faults[number].created)

    def _graveyard(self, at: int) -> set[int]:
        return {run.index for run in self.timeline.runs if self.dead(run, at)}


def _sorted(known: array[int], created: array[int]) -> array[int]:
    """Return all numbers of a log in the order of creation; *known* is that order of the first ones."""
    if len(known) == len(created):
        return known
    numbers = [*known, *range(len(known), len(created))]
    return array("i", sorted(numbers, key=created.__getitem__))
