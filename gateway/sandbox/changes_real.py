"""A pass of a perfect mirror over the Data.gov-style world's real interface: what it reads, what that takes."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.sandbox.changes_cost import Logged, Promise, cost, pages
from gateway.sandbox.changes_mirror import Mirror
from gateway.sandbox.changes_seen import OPEN, PRESENT
from gateway.sandbox.changes_time import NEVER, SECOND
from gateway.sandbox.changes_view import View

OVERLAP = 180 * SECOND
"""How far a poll looks back before the pass before it."""
UNLEARNING = 2
"""Requests that tell a mirror of what is documented that this is spoken no more: one in vain, one that is answered."""


class RealPass:
    """One pass: a reconcile where *whole*, else a poll."""

    def __init__(self, mirror: Mirror, view: View, *, whole: bool) -> None:
        self._mirror = mirror
        self._view = view
        self._whole = whole

    def read(self) -> dict[str, int]:
        """Read everything, and return how many requests that takes, by stream."""
        mirror, since = self._mirror, self._since()
        mirror.begin(self._view)
        mirror.publishers(self._view, documented=False)
        requests = {"organizations": 1, "sources": 1, "jobs": self._jobs(since)}
        mirror.derive()
        requests["records"] = self._records()
        requests["errors"] = self._errors()
        requests["job_errors"] = self._job_errors(since)
        mirror.derive()
        mirror.documented, mirror.looked = False, mirror.now
        return requests

    def _since(self) -> int:
        """Return from when on a poll asks: a mirror that has not been on this wire yet asks for all."""
        return -NEVER if self._mirror.looked is None else self._mirror.looked - OVERLAP

    # Jobs

    def _jobs(self, since: int) -> int:
        unlearning = UNLEARNING if self._mirror.documented else 0
        if self._whole:
            self._mirror.all_jobs(self._view, documented=False)
        elif since != -NEVER:
            return unlearning + self._news(since)
        else:
            for run in self._view.runs:
                self._mirror.take(self._view, run)
        return unlearning + pages(len(self._view.runs))

    def _news(self, since: int) -> int:
        view, mirror = self._view, self._mirror
        open_ = [run for run in view.runs if run.status(view.at) in {"new", "in_progress"}]
        finished = [run for run in view.runs if (ended := run.ended(view.at)) is not None and ended >= since]
        listed = {run.index for run in [*open_, *finished]}
        asked = [
            index
            for index, job in mirror.jobs.items()
            if job.presence == PRESENT and job.status in OPEN and index not in listed
        ]
        for run in [*open_, *finished]:
            mirror.take(view, run)
        for index in asked:
            self._ask(index)
        return pages(len(open_)) + pages(len(finished)) + len(asked)

    def _ask(self, index: int) -> None:
        """Read one job by its id; what is only announced is gone if the portal does not know it."""
        mirror, run = self._mirror, self._mirror.timeline.runs[index]
        if self._view.run_of(run.id) is not None:
            mirror.take(self._view, run)
        elif mirror.jobs[index].status != "RUNNING":
            mirror.lose_job(index, mirror.kind_of_loss(mirror.jobs[index].created))

    # Records and errors

    def _records(self) -> int:
        words = ("added", "updated", "deleted", "errored")
        jobs = self._to_read(words, self._mirror.whole_records)
        for job in jobs:
            self._mirror.rows_of(job.run, self._view, whole=self._whole)
        created = self._mirror.timeline.log.created
        log = Logged(self._view.records_of, self._view.records, created, counted=True)
        return cost(self._view, jobs, log, whole=self._whole)

    def _errors(self) -> int:
        jobs = self._to_read(("errored", "warned"), self._mirror.whole_errors)
        for job in jobs:
            self._mirror.errors_of(job.run, self._view, whole=self._whole)
        created = self._mirror.timeline.errors.created
        log = Logged(self._view.errors_of, self._view.record_errors, created)
        return cost(self._view, jobs, log, whole=self._whole)

    def _to_read(self, words: Iterable[str], read: set[int]) -> list[Promise]:
        """Return the jobs whose rows are to be read, with the number that their counters promise."""
        found: list[Promise] = []
        for index, job in self._mirror.jobs.items():
            if job.presence != PRESENT or not job.over or (index in read and not self._whole):
                continue
            read.add(index)
            counts = [job.counters[word] for word in words]
            promised = None if None in counts else sum(filter(None, counts))
            if promised != 0:
                found.append(Promise(self._mirror.timeline.runs[index], job, promised))
        return found

    def _job_errors(self, since: int) -> int:
        faults = self._mirror.timeline.job_errors
        listed = [n for n in self._view.job_errors if self._whole or faults[n].created >= since]
        self._mirror.complaints(listed, whole=self._whole)
        return pages(len(listed))
