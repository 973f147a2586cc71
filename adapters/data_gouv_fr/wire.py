"""The portal's words: its paths, page sizes and vocabularies.

The portal runs udata; what differs between its generations is in ``generations``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from gateway.model.enums import (
    JobStatus,
    MetadataStandard,
    Protocol,
    RecordStatus,
    Severity,
    StandardFamily,
    ValidationState,
)

SOURCES_PAGE = 1000
JOBS_POLL_PAGE = 50
ITEMS_PAGE = 10_000
"""Each request for items makes the portal load the whole job, so pages are as large as can be."""
ITEMS_PAGES = (ITEMS_PAGE, 5000, 2500, 1250, 625, 125, 25, 5, 1)
"""Page sizes by which a row that cannot be shown is cornered: each divides the one before."""

COUNTED_SINCE = datetime(2026, 7, 1, tzinfo=UTC)
"""Jobs created before this may say 0 items and have some: the portal's counters are younger than they are."""

SOURCES = "/harvest/sources/"
SOURCES_WITH_DELETED = {"deleted": 1}
"""Any value of ``deleted``, even ``false``, includes the deleted sources."""
SOURCE_MASK = "*,permissions{none},organization{*,permissions{none}}"
"""Everything but the caller's permissions, which are nobody's data and change with the key."""
SOURCES_MASK = f"data{{{SOURCE_MASK}}},*"
"""The same of each source of a list."""


def backends_path(*, slash: bool) -> str:
    """Return the path of the backends."""
    return "/harvest/backends" + "/" * slash


def job_status_path(*, slash: bool) -> str:
    """Return the path of the words that jobs' statuses have, where the portal tells them."""
    return "/harvest/job_status" + "/" * slash


def source_path(source: str, *, slash: bool) -> str:
    """Return the path of one source."""
    return f"/harvest/source/{quote(source, safe='')}" + "/" * slash


def jobs_path(source: str) -> str:
    """Return the path of a source's jobs, newest first."""
    return f"/harvest/source/{quote(source, safe='')}/jobs/"


def job_path(job: str) -> str:
    """Return the path of one job."""
    return f"/harvest/job/{quote(job, safe='')}/"


def items_path(job: str) -> str:
    """Return the path of a job's items, in the order of processing."""
    return f"/harvest/job/{quote(job, safe='')}/items/"


JOB_STATUS = {
    "pending": JobStatus.PENDING,
    "initializing": JobStatus.PENDING,
    "initialized": JobStatus.RUNNING,
    "processing": JobStatus.RUNNING,
    "done": JobStatus.SUCCEEDED,
    "done-errors": JobStatus.PARTIAL,
    "failed": JobStatus.FAILED,
}
ITEM_STATUS = {
    "pending": RecordStatus.PENDING,
    "started": RecordStatus.PENDING,
    "done": RecordStatus.SUCCEEDED,
    "skipped": RecordStatus.SKIPPED,
    "failed": RecordStatus.FAILED,
    "archived": RecordStatus.ARCHIVED,
}
ARCHIVED = "archived"
VALIDATION = {
    "pending": ValidationState.PENDING,
    "accepted": ValidationState.ACCEPTED,
    "refused": ValidationState.REFUSED,
}
LEVELS = {
    "DEBUG": Severity.DEBUG,
    "INFO": Severity.INFO,
    "WARNING": Severity.WARNING,
    "ERROR": Severity.ERROR,
    "CRITICAL": Severity.ERROR,
}
BACKEND_WORDS = {
    "ckan": (Protocol.CKAN, MetadataStandard.CKAN, StandardFamily.CKAN),
    "csw-dcat": (Protocol.CSW, MetadataStandard.DCAT, StandardFamily.DCAT),
    "csw-iso-19139": (Protocol.CSW, MetadataStandard.ISO_19139, StandardFamily.ISO),
    "dcat": (Protocol.DCAT, MetadataStandard.DCAT, StandardFamily.DCAT),
    "dkan": (Protocol.DKAN, MetadataStandard.DKAN, StandardFamily.CKAN),
    "maaf": (Protocol.MAAF, MetadataStandard.MAAF, StandardFamily.OTHER),
}
"""What a backend of the portal reads. The set is open: portals add backends of their own."""
