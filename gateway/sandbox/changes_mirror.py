"""A perfect mirror of the Data.gov-style world: what it has read after a row of passes, what that took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.sandbox.changes_cast import Organization, Source
from gateway.sandbox.changes_cost import Logged, Promise, cost, pages
from gateway.sandbox.changes_history import History
from gateway.sandbox.changes_runs import Run
from gateway.sandbox.changes_seen import EXPIRED, GONE, OPEN, PRESENT, Seen, SeenJob, SeenRows
from gateway.sandbox.changes_time import DAY, HOUR, NEVER, SECOND, seconds
from gateway.sandbox.changes_view import View

OVERLAP = 180 * SECOND
"""How far a poll looks back before the pass before it."""
PATIENCE = 48 * HOUR
"""After which an open job is lost."""
RETENTION = 365 * DAY
"""A row that vanishes after that has fallen out of the portal's retention."""
_FATES = {"CancelledJob": "CANCELLED", "FailedJobCleanup": "LOST"}


class Mirror:
    """Reads the world pass after pass; ``requests`` are those of the last pass, by stream."""

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
        self.turn = 0
        self.now = 0
        self._read_records: set[int] = set()
        self._read_errors: set[int] = set()

    def run(self, view: View, *, whole: bool) -> None:
        """Do one pass: a reconcile where *whole*, else a poll."""
        since = self.now - OVERLAP if self.turn else -NEVER
        self.turn += 1
        self.now = view.at
        self.requests = {"organizations": 1, "sources": 1}
        self._publishers(view)
        self.requests["jobs"] = self._all_jobs(view) if whole else self._news(view, since)
        self._derive()
        self.requests["records"] = self._records(view, whole=whole)
        self.requests["errors"] = self._errors(view, whole=whole)
        self.requests["job_errors"] = self._job_errors(view, since, whole=whole)
        self._derive()

    # Organizations and sources

    def _publishers(self, view: View) -> None:
        self._listed(self.organizations, view.organizations)
        for index in self._listed(self.sources, view.sources):
            for run in list(self.jobs):
                if self.timeline.runs[run].source == index:
                    self._lose_job(run, GONE)
        for source in view.sources:
            self.backends[source.source_type, source.schema_type] = None

    def _listed(self, seen: dict[int, Seen], rows: Sequence[Organization] | Sequence[Source]) -> list[int]:
        """Take in a complete list and return what has vanished from it."""
        for row in rows:
            seen[row.index] = Seen(self.now)
        present = {row.index for row in rows}
        lost = [index for index, row in seen.items() if row.presence == PRESENT and index not in present]
        for index in lost:
            seen[index].presence, seen[index].turn = GONE, self.turn
        return lost

    # Jobs

    def _all_jobs(self, view: View) -> int:
        present = {run.index for run in view.runs}
        for run in view.runs:
            self._take(view, run)
        for index, job in list(self.jobs.items()):
            if job.presence == PRESENT and index not in present:
                self._lose_job(index, self._kind_of_loss(job.created))
        return pages(len(view.runs))

    def _news(self, view: View, since: int) -> int:
        open_ = [run for run in view.runs if run.status(view.at) in {"new", "in_progress"}]
        finished = [run for run in view.runs if (ended := run.ended(view.at)) is not None and ended >= since]
        listed = {run.index for run in [*open_, *finished]}
        asked = [
            index
            for index, job in self.jobs.items()
            if job.presence == PRESENT and job.status in OPEN and index not in listed
        ]
        for run in [*open_, *finished]:
            self._take(view, run)
        for index in asked:
            self._ask(view, index)
        return pages(len(open_)) + pages(len(finished)) + len(asked)

    def _ask(self, view: View, index: int) -> None:
        """Read one job by its id; what is only announced is gone if the portal does not know it."""
        run = self.timeline.runs[index]
        if view.run_of(run.id) is not None:
            self._take(view, run)
        elif self.jobs[index].status != "RUNNING":
            self._lose_job(index, self._kind_of_loss(self.jobs[index].created))

    def _take(self, view: View, run: Run) -> None:
        ended = run.ended(view.at)
        self.jobs[run.index] = SeenJob(
            read=view.at,
            status=self.jobs[run.index].status if run.index in self.jobs else "",
            wire=_wire(run, view),
            created=seconds(run.created(view.at)),
            ended=None if ended is None else seconds(ended),
            counters=view.counters(run),
        )

    def _lose_job(self, index: int, presence: str) -> None:
        job = self.jobs[index]
        if job.presence != PRESENT:
            return
        if job.status == "SCHEDULED":
            del self.jobs[index]
            return
        job.presence, job.turn = presence, self.turn
        run = self.timeline.runs[index]
        for row in range(run.first_row, run.first_row + run.rows):
            self.records.lose(row, presence, self.turn)
        for number in range(run.first_error, run.first_error + run.errors):
            self.record_errors.lose(number, presence, self.turn)
        for number, seen in self.job_errors.items():
            if self.timeline.job_errors[number].run == index and seen.presence == PRESENT:
                seen.presence, seen.turn = presence, self.turn

    def _kind_of_loss(self, created: int) -> str:
        return EXPIRED if created < self.now - RETENTION else GONE

    def _derive(self) -> None:
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

    def _records(self, view: View, *, whole: bool) -> int:
        words = ("added", "updated", "deleted", "errored")
        jobs = self._to_read(words, self._read_records, whole=whole)
        for run in (job.run for job in jobs):
            rows = range(run.first_row, run.first_row + run.rows)
            self._read(rows, self.records, view.records_of(run), whole)
        log = Logged(view.records_of, view.records, self.timeline.log.created, counted=True)
        return cost(view, jobs, log, whole=whole)

    def _errors(self, view: View, *, whole: bool) -> int:
        jobs = self._to_read(("errored", "warned"), self._read_errors, whole=whole)
        for run in (job.run for job in jobs):
            numbers = range(run.first_error, run.first_error + run.errors)
            self._read(numbers, self.record_errors, view.errors_of(run), whole)
        log = Logged(view.errors_of, view.record_errors, self.timeline.errors.created)
        return cost(view, jobs, log, whole=whole)

    def _to_read(self, words: Iterable[str], read: set[int], *, whole: bool) -> list[Promise]:
        """Return the jobs whose rows are to be read, with the number that their counters promise."""
        found: list[Promise] = []
        for index, job in self.jobs.items():
            if job.presence != PRESENT or not job.over or (index in read and not whole):
                continue
            read.add(index)
            counts = [job.counters[word] for word in words]
            promised = None if None in counts else sum(filter(None, counts))
            if promised != 0:
                found.append(Promise(self.timeline.runs[index], job, promised))
        return found

    def _read(self, numbers: Iterable[int], seen: SeenRows, present: Sequence[int], whole: bool) -> None:
        for number in present:
            seen.mark(number, self.now)
        if whole:
            created = self.timeline.log.created if seen is self.records else self.timeline.errors.created
            for number in set(numbers) - set(present):
                seen.lose(number, self._kind_of_loss(seconds(created[number])), self.turn)

    def _job_errors(self, view: View, since: int, *, whole: bool) -> int:
        faults = self.timeline.job_errors
        listed = [number for number in view.job_errors if whole or faults[number].created >= since]
        for number in listed:
            self.job_errors[number] = Seen(self.now)
        if whole:
            for number, seen in self.job_errors.items():
                if seen.presence == PRESENT and number not in listed:
                    loss = self._kind_of_loss(seconds(faults[number].created))
                    seen.presence, seen.turn = loss, self.turn
        return pages(len(listed))


def _wire(run: Run, view: View) -> str:
    status = run.status(view.at)
    if status == "complete":
        return "PARTIAL" if view.counters(run)["errored"] else "SUCCEEDED"
    return {"new": "PENDING", "in_progress": "RUNNING", "error": "FAILED"}[status]
