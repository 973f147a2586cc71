"""How many requests the rows of jobs cost a mirror: job by job, or by one window of time over all of them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.sandbox.changes_runs import Run
from gateway.sandbox.changes_seen import SeenJob
from gateway.sandbox.changes_time import SECOND
from gateway.sandbox.changes_view import View

PAGE = 100


@dataclass(frozen=True, slots=True)
class Promise:
    """A job whose rows are to be read, and how many its counters promise (None where they do not say)."""

    run: Run
    job: SeenJob
    count: int | None


@dataclass(frozen=True, slots=True)
class Logged:
    """A list whose rows belong to jobs: those of one, all of them, when each was created."""

    of: Callable[[Run], Sequence[int]]
    rows: Sequence[int]
    created: array[int]
    counted: bool = False
    """Whether the jobs count these rows."""


def pages(rows: int) -> int:
    """Return how many requests a list of so many rows takes: the last page must be short or missing."""
    return rows // PAGE + 1


def cost(view: View, jobs: Sequence[Promise], log: Logged, *, whole: bool) -> int:
    """Return the requests: job by job, or one window over all, whichever is cheaper.

    A window brings the rows of other jobs in its span along. Where the rows of a job are not as many as
    its counters promise, they must be counted to be sure.
    *whole*: a window is taken where it costs the same.
    """
    if not jobs:
        return 0
    each = sum(pages(job.count or 0) for job in jobs)
    first, last = min(job.job.created for job in jobs), max(_end(job.job, view.at) for job in jobs)
    once = pages(len(view.between(log.rows, log.created, first, last + SECOND)))
    rows = [len(log.of(job.run)) for job in jobs]
    doubts = sum(
        log.counted and job.count not in {None, found} for job, found in zip(jobs, rows, strict=True)
    )
    if once < each or (whole and once == each):
        return once + min(1, doubts)
    return sum(map(pages, rows)) + doubts


def _end(job: SeenJob, now: int) -> int:
    """Return the instant after which the job has written nothing, as far as the mirror knows."""
    if job.ended is not None:
        return job.ended
    return now if job.status == "LOST" else job.created
