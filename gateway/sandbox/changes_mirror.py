"""What a perfect mirror of the Data.gov-style world has of it: rows read when and on which wire, rows lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.sandbox.changes_cast import Organization, Source
from gateway.sandbox.changes_history import History
from gateway.sandbox.changes_runs import COUNTERS, Run
from gateway.sandbox.changes_seen import EXPIRED, GONE, OPEN, PRESENT, Seen, SeenJob, SeenRows
from gateway.sandbox.changes_shown import COUNTED
from gateway.sandbox.changes_time import DAY, HOUR, seconds
from gateway.sandbox.changes_view import View

PATIENCE = 48 * HOUR
"""After which an open job is lost."""
RETENTION = 365 * DAY
"""A row that vanishes after that has fallen out of the portal's retention."""
_FATES = {"CancelledJob": "CANCELLED", "FailedJobCleanup": "LOST"}


class Mirror:
    """Holds what passes have read; *requests* are those of the last pass, by stream.

    A pass calls ``begin`` and then takes in what it reads, list by list.
    """

    def __init__(self, history: History, last: int) -> None:
        history.extend(last)
        self.history = history
        self.timeline = history.timeline
        self.organizations: dict[int, Seen] = {}
        self.sources: dict[int, Seen] = {}
        self.backends: dict[tuple[str, str], None] = {}
        self.jobs: dict[int, SeenJob] = {}
        self.records = SeenRows(len(self.timeline.log))
        self.record_errors = SeenRows(len(self.timeline.errors))
        self.job_errors: dict[int, Seen] = {}
        self.requests: dict[str, int] = {}
        self.now = 0
        self.documented: bool | None = None
        """Whether the last pass read what is documented; None before the first."""
        self.looked: int | None = None
        """When the last pass on the real wire was."""
        self.whole_records: set[int] = set()
        """Jobs whose records have been read, all of them."""
        self.whole_errors: set[int] = set()
        self._turn = 0

    def begin(self, view: View) -> None:
        """Begin a pass."""
        self._turn += 1
        self.now = view.at

    # Organizations and sources

    def publishers(self, view: View, *, documented: bool) -> None:
        """Take in the whole lists of organizations and sources; the jobs of a source go with it."""
        self._listed(self.organizations, view.organizations, documented)
        for index in self._listed(self.sources, view.sources, documented):
            for run in list(self.jobs):
                if self.timeline.runs[run].source == index:
                    self.lose_job(run, GONE)
        for source in view.sources:
            self.backends[source.source_type, source.schema_type] = None

    def _listed(
        self, seen: dict[int, Seen], rows: Sequence[Organization] | Sequence[Source], documented: bool
    ) -> list[int]:
        """Take in a complete list and return what has vanished from it."""
        for row in rows:
            seen[row.index] = Seen(self.now, documented=documented)
        present = {row.index for row in rows}
        lost = [index for index, row in seen.items() if row.presence == PRESENT and index not in present]
        for index in lost:
            seen[index].presence, seen[index].turn = GONE, self._turn
        return lost

    # Jobs

    def all_jobs(self, view: View, *, documented: bool) -> None:
        """Take in every job; those that are not listed any more are lost."""
        present = {run.index for run in view.runs}
        for run in view.runs:
            self.take(view, run, documented=documented)
        for index, job in list(self.jobs.items()):
            if job.presence == PRESENT and index not in present:
                self.lose_job(index, self.kind_of_loss(job.created))

    def take(self, view: View, run: Run, *, documented: bool = False) -> None:
        """Take in a job."""
        ended, counters = run.ended(view.at), view.counters(run)
        if documented:
            counters = {word: counters[word] if word in COUNTED else None for word in COUNTERS}
        self.jobs[run.index] = SeenJob(
            read=view.at,
            documented=documented,
            status=self.jobs[run.index].status if run.index in self.jobs else "",
            wire=_wire(run, view),
            created=seconds(run.created(view.at)),
            ended=None if ended is None else seconds(ended),
            counters=counters,
        )

    def lose_job(self, index: int, presence: str) -> None:
        """Note that a job has vanished, and with it its records and errors; what was only planned is dropped."""
        job = self.jobs[index]
        if job.presence != PRESENT:
            return
        if job.status == "SCHEDULED":
            del self.jobs[index]
            return
        job.presence, job.turn = presence, self._turn
        run = self.timeline.runs[index]
        for row in range(run.first_row, run.first_row + run.rows):
            self.records.lose(row, presence, self._turn)
        for number in range(run.first_error, run.first_error + run.errors):
            self.record_errors.lose(number, presence, self._turn)
        for number, seen in self.job_errors.items():
            if self.timeline.job_errors[number].run == index and seen.presence == PRESENT:
                seen.presence, seen.turn = presence, self._turn

    def kind_of_loss(self, created: int) -> str:
        """Return the presence of a row that was created then and is no longer there."""
        return EXPIRED if created < self.now - RETENTION else GONE

    def derive(self) -> None:
        """Give every present job its status."""
        complaints: dict[int, set[str]] = {}
        for number, seen in self.job_errors.items():
            if seen.presence == PRESENT:
                fault = self.timeline.job_errors[number]
                complaints.setdefault(fault.run, set()).add(fault.type)
        for index, job in self.jobs.items():
            if job.presence == PRESENT:
                job.status = self._status(job, complaints.get(index, set()))

    def _status(self, job: SeenJob, complaints: set[str]) -> str:
        if job.wire == "FAILED":
            return next((status for word, status in _FATES.items() if word in complaints), job.wire)
        if job.wire == "PENDING" and job.created > self.now:
            return "SCHEDULED"
        return "LOST" if job.wire in OPEN and job.created + PATIENCE <= self.now else job.wire

    # Records and errors

    def rows_of(self, run: Run, view: View, *, whole: bool) -> None:
        """Take in the records of a job; where *whole*, those that are missing are lost."""
        rows = range(run.first_row, run.first_row + run.rows)
        self._read(rows, self.records, view.records_of(run), whole)

    def errors_of(self, run: Run, view: View, *, whole: bool, documented: bool = False) -> None:
        """Take in the record errors of a job."""
        numbers = range(run.first_error, run.first_error + run.errors)
        self._read(numbers, self.record_errors, view.errors_of(run), whole, documented)

    def _read(
        self,
        numbers: Iterable[int],
        seen: SeenRows,
        present: Sequence[int],
        whole: bool,
        documented: bool = False,
    ) -> None:
        for number in present:
            seen.mark(number, self.now, documented=documented)
        if whole:
            created = self.timeline.log.created if seen is self.records else self.timeline.errors.created
            for number in set(numbers) - set(present):
                seen.lose(number, self.kind_of_loss(seconds(created[number])), self._turn)

    def complaints(self, listed: Sequence[int], *, whole: bool) -> None:
        """Take in errors of jobs themselves; *whole*: they are all there are."""
        for number in listed:
            self.job_errors[number] = Seen(self.now)
        for number, seen in self.job_errors.items() if whole else ():
            if seen.presence == PRESENT and number not in listed:
                loss = self.kind_of_loss(seconds(self.timeline.job_errors[number].created))
                seen.presence, seen.turn = loss, self._turn


def _wire(run: Run, view: View) -> str:
    status = run.status(view.at)
    if status == "complete":
        return "PARTIAL" if view.counters(run)["errored"] else "SUCCEEDED"
    return {"new": "PENDING", "in_progress": "RUNNING", "error": "FAILED"}[status]
