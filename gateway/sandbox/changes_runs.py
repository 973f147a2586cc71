"""One run of a source in the Data.gov-style world: a row of its job table through time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gateway.sandbox.changes_time import NEVER

COUNTERS: tuple[str, ...] = (
    "total",
    "added",
    "updated",
    "deleted",
    "errored",
    "warned",
    "ignored",
    "validated",
)
"""The counters of a job, in words without their ``records_``."""


class Outcome(StrEnum):
    """How a run goes."""

    DONE = "done"
    NOTIFY = "done, but nobody could be told"
    EXTERNAL = "the catalogue could not be fetched"
    INTERNAL = "the portal's own records could not be read"
    COMPARE = "the two could not be compared"
    CLEAR = "a clear that failed"
    SILENT = "another job of the source was running"
    CANCELLED = "somebody cancelled it"
    CLEANED = "it hung and was cleaned up"
    BOTH = "cancelled, cleaned up as well"
    STUCK = "it hangs for ever"
    ABANDONED = "it was never started"


BROKEN_OFF = frozenset({Outcome.CANCELLED, Outcome.CLEANED, Outcome.BOTH, Outcome.STUCK})
"""Outcomes that leave a part of the rows unwritten."""
ENDLESS = frozenset({Outcome.STUCK, Outcome.CLEANED})
"""Outcomes in which the run hangs."""
COMPLETE = frozenset({Outcome.DONE, Outcome.NOTIFY})
"""Outcomes that the portal calls complete."""


class JobFault(NamedTuple):
    """A row of the table of job errors."""

    run: int
    type: str
    created: int


@dataclass(slots=True)
class Run:
    """A job: its instants, what became of it, where its rows lie in the logs."""

    index: int
    source: int
    code: int
    """Number of the run among those of its source; the id is made of both."""
    id: str
    kind: str | None
    announced: int
    """When the row appears, as ``new``."""
    scheduled: int
    """What ``date_created`` is until it starts."""
    started: int = NEVER
    finished: int = NEVER
    outcome: Outcome = Outcome.DONE
    gone: int = NEVER
    """When the row is deleted."""
    first_row: int = 0
    rows: int = 0
    first_error: int = 0
    errors: int = 0
    total: int = 0
    added: int = 0
    updated: int = 0
    deleted: int = 0
    errored: int = 0
    warned: int = 0
    ignored: int = 0
    validated: int = 0
    blind: tuple[str, ...] = ()
    """Counters that this (old) job has not."""

    def created(self, at: int) -> int:
        """Return ``date_created`` at an instant: the schedule, rewritten when it starts."""
        return self.scheduled if at < self.started else self.started

    def status(self, at: int) -> str:
        """Return the status at an instant."""
        if at < self.started:
            return "new"
        if at < self.finished:
            return "in_progress"
        return "complete" if self.outcome in COMPLETE else "error"

    def ended(self, at: int) -> int | None:
        """Return ``date_finished`` at an instant."""
        return self.finished if self.finished <= at else None
