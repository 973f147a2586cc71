"""What the published documentation of the Data.gov-style world's interface lets be seen of its rows."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.sandbox.changes_cast import Organization, Source
from gateway.sandbox.changes_runs import Run
from gateway.sandbox.changes_view import Row, View

DOCUMENTED = "documented"
"""The dialect that keeps to the documentation; every other is the real interface."""

ORGANIZATION = (
    "id",
    "name",
    "slug",
    "organization_type",
    "aliases",
    "logo",
    "description",
    "source_count",
)
SOURCE = (
    "id",
    "name",
    "url",
    "organization_id",
    "frequency",
    "schema_type",
    "source_type",
    "notification_emails",
    "notification_frequency",
)
COUNTED = ("added", "updated", "deleted", "errored")
"""The counters that are shown, in words without their ``records_``."""
JOB = (
    "id",
    "harvest_source_id",
    "status",
    "date_created",
    "date_finished",
    *(f"records_{word}" for word in COUNTED),
)
ERROR = ("id", "harvest_job_id", "harvest_record_id", "date_created", "type", "message")
"""Of errors of jobs and of records alike."""
RECORD = (
    "id",
    "identifier",
    "status",
    "action",
    "date_created",
    "date_finished",
    "harvest_job_id",
    "harvest_source_id",
    "source_hash",
    "ckan_id",
    "ckan_name",
    "parent_identifier",
)


def shown(row: Row, columns: Sequence[str]) -> Row:
    """Return what is shown of a row."""
    return {column: row.get(column) for column in columns}


def hidden(row: Row, columns: Sequence[str]) -> Row:
    """Return the whole row, with nothing in the columns that are not shown."""
    return {**dict.fromkeys(row), **shown(row, columns)}


def organization(view: View, found: Organization) -> Row:
    """Return an organization."""
    return shown({**view.organization(found), "source_count": view.source_count(found)}, ORGANIZATION)


def source(view: View, found: Source) -> Row:
    """Return a source."""
    return shown(found.row(view.at), SOURCE)


def job(view: View, run: Run) -> Row:
    """Return a job."""
    return shown(view.job(run), JOB)


def record(view: View, row: int) -> Row:
    """Return a record: its type, and what it holds, are not shown."""
    return shown({**view.facts(row), "ckan_name": view.catalog_name(row)}, RECORD)


def errors(view: View, run: Run) -> list[Row]:
    """Return the errors of a job and of its records, in the order of their creation."""
    rows = [view.job_error(number) for number in view.job_errors_of(run)]
    rows += [view.record_error(number) for number in view.errors_of(run)]
    return [shown(row, ERROR) for row in sorted(rows, key=lambda row: (row["date_created"], row["id"]))]
