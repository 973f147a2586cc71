"""A pass of a perfect mirror over the Data.gov-style world's documented interface: what it reads, what that takes."""

from __future__ import annotations

from gateway.sandbox.changes_mirror import Mirror
from gateway.sandbox.changes_runs import Run
from gateway.sandbox.changes_seen import PRESENT, SeenJob
from gateway.sandbox.changes_view import View

ENDED_BADLY = frozenset({"FAILED", "CANCELLED", "LOST"})


class DocumentedPass:
    """One pass: a reconcile where *whole*, else a poll, which reads no job's errors twice.

    No list of records is documented: those that errors name are read, each by its id, once.
    """

    def __init__(self, mirror: Mirror, view: View, *, whole: bool) -> None:
        self._mirror = mirror
        self._view = view
        self._whole = whole

    def read(self) -> dict[str, int]:
        """Read everything that can be reached, and return how many requests that takes, by stream."""
        mirror, learning = self._mirror, 0 if self._mirror.documented else 1
        mirror.begin(self._view)
        mirror.publishers(self._view, documented=True)
        mirror.all_jobs(self._view, documented=True)
        mirror.derive()
        complained = self._errors()
        named = self._records(complained)
        mirror.derive()
        mirror.documented = True
        jobs = len(self._view.sources)
        return {
            "organizations": 1 + learning,
            "sources": 1,
            "jobs": jobs,
            "records": named,
            "errors": len(complained),
            "job_errors": 0,
        }

    def _errors(self) -> list[Run]:
        """Read the errors of jobs and their records, and return the jobs that were asked for."""
        mirror = self._mirror
        asked = [index for index, job in mirror.jobs.items() if self._asked(index, job)]
        mirror.whole_errors.update(asked)
        runs = [mirror.timeline.runs[index] for index in asked]
        for run in runs:
            mirror.errors_of(run, self._view, whole=True, documented=True)
            mirror.complaints(self._view.job_errors_of(run), whole=False)
        return runs

    def _asked(self, index: int, job: SeenJob) -> bool:
        if (
            job.presence != PRESENT
            or not job.over
            or (index in self._mirror.whole_errors and not self._whole)
        ):
            return False
        return job.status in ENDED_BADLY or job.counters["errored"] != 0

    def _records(self, complained: list[Run]) -> int:
        """Read the records that the errors of jobs name and that are not known; return how many."""
        mirror, errors = self._mirror, self._mirror.timeline.errors
        numbers = [number for run in complained for number in self._view.errors_of(run)]
        rows = {errors.row[number] for number in numbers}
        new = {row for row in rows if row >= 0 and not mirror.records.read[row] and self._view.has(row)}
        for row in new:
            mirror.records.mark(row, mirror.now, documented=True)
        return len(new)
