"""How runs of the Data.gov-style world go: which fail, hang or are cancelled, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from gateway.sandbox import dice
from gateway.sandbox.changes_cast import Source
from gateway.sandbox.changes_catalogue import Catalogue
from gateway.sandbox.changes_runs import COUNTERS, JobFault, Outcome, Run
from gateway.sandbox.changes_time import DAY, NEVER, SECOND

_ODDS = (
    (0.885, Outcome.DONE),
    (0.912, Outcome.EXTERNAL),
    (0.925, Outcome.INTERNAL),
    (0.932, Outcome.COMPARE),
    (0.944, Outcome.NOTIFY),
    (0.954, Outcome.SILENT),
    (0.967, Outcome.CANCELLED),
    (0.980, Outcome.CLEANED),
    (0.986, Outcome.BOTH),
)
"""Cumulated shares of how runs go; the rest is DONE."""
_TYPES = {
    Outcome.NOTIFY: "SendNotificationException",
    Outcome.EXTERNAL: "ExtractExternalException",
    Outcome.INTERNAL: "ExtractInternalException",
    Outcome.COMPARE: "CompareException",
    Outcome.CLEAR: "ClearJobException",
    Outcome.CANCELLED: "CancelledJob",
    Outcome.BOTH: "CancelledJob",
    Outcome.CLEANED: "FailedJobCleanup",
}
BARREN = frozenset({Outcome.EXTERNAL, Outcome.INTERNAL, Outcome.COMPARE, Outcome.SILENT, Outcome.CLEAR})
"""Outcomes without rows."""
_OLD = 230 * DAY
"""Runs that much older than the epoch may lack words and counters."""


@dataclass(slots=True)
class Desk:
    """Where the runs of one source are kept in order."""

    source: Source
    catalogue: Catalogue
    due: list[tuple[int, str]]
    """Runs of the past that are still to come, latest first: (instant, kind)."""
    grid: int = 0
    """When the newest run of the schedule is or was due."""
    codes: int = 0
    idle: int = -NEVER
    """When the newest run ended."""
    hung: int = -NEVER
    """Until when a run hangs."""
    upcoming: Run | None = None
    runs: list[int] = field(default_factory=list)


class Fortunes:
    """Decides how each run goes."""

    def __init__(self, seed: int, epoch: int, sources: Sequence[Source]) -> None:
        self._seed = seed
        self._epoch = epoch
        manual = [source.index for source in sources if source.frequencies[0][1] == "manual"]
        self._manual = {index: place for place, index in enumerate(manual)}

    def outcome(self, desk: Desk, run: Run) -> Outcome:
        """Return how a run goes: the first of a source well, the last of some manual ones never to an end."""
        if run.code == 1:
            return Outcome.DONE
        if desk.source.index in self._manual and run.scheduled < self._epoch and not desk.due:
            return (Outcome.DONE, Outcome.STUCK, Outcome.ABANDONED)[self._manual[desk.source.index] % 3]
        if desk.hung > run.scheduled:
            return Outcome.SILENT
        if run.kind == "validate":
            return Outcome.DONE
        roll = dice.unit(self._seed, "outcome", run.source, run.code)
        outcome = next((word for limit, word in _ODDS if roll < limit), Outcome.DONE)
        return Outcome.CLEAR if run.kind == "clear" and outcome is not Outcome.DONE else outcome

    def age(self, run: Run) -> None:
        """Take from a run of long ago what old rows lack."""
        if run.started > self._epoch - _OLD or dice.number(self._seed, "old", run.source, run.code) % 3:
            return
        run.kind = None
        run.blind = COUNTERS if run.outcome in BARREN else ("warned", "validated")


def complaints(run: Run, chance: Random) -> Iterator[JobFault]:
    """Yield the job errors of a run."""
    if type_ := _TYPES.get(run.outcome):
        late = run.outcome is Outcome.CLEANED
        created = run.finished + (SECOND // 3 if late else -int(SECOND * chance.uniform(0.05, 0.4)))
        yield JobFault(run.index, type_, created)
    if run.outcome is Outcome.BOTH:
        yield JobFault(run.index, "FailedJobCleanup", run.finished + int(DAY * chance.uniform(1, 3)))
