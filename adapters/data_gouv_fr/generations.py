"""The generations of the portal's software: what differs between them, as a table, and which one a job shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Generation(StrEnum):
    """How the portal is spoken to."""

    V9 = "V9"
    """Up to udata 10.8.1: items inside of jobs, no slash at the end of most paths."""
    V10 = "V10"
    """udata 10.8.2 to 16: items inside of jobs."""
    V17 = "V17"
    """udata 17 and later: items at an address of their own, counters in the job."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a generation gives its jobs."""

    embedded: bool
    """Whether a job holds its items; without pages, then."""
    counts_always: bool
    """Whether a job's number of items is right at any age of the job."""
    jobs_page: int
    """Rows a page of a list of jobs that is read whole."""
    jobs_mask: str | None
    """Leaves of a list of jobs what is wanted; None: it is small as it is."""
    job_mask: str | None
    """The same for one job."""


_INSIDE = Ways(
    embedded=True,
    counts_always=True,
    jobs_page=100,
    jobs_mask="data{*,items{status}},*",
    job_mask="*,items{status}",
)
"""Of the items the status alone: it is what is counted, and no reference is looked up that may be dangling."""
_BESIDE = Ways(embedded=False, counts_always=False, jobs_page=500, jobs_mask=None, job_mask=None)

WAYS: Mapping[Generation, Ways] = {
    Generation.V9: _INSIDE,
    Generation.V10: _INSIDE,
    Generation.V17: _BESIDE,
}


def embeds(job: Any) -> bool | None:
    """Return whether a job is of a generation that embeds items, None where it does not show."""
    items = job.get("items") if isinstance(job, dict) else None
    if isinstance(items, list):
        return True
    return False if isinstance(items, dict) else None
