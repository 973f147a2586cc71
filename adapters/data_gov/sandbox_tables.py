"""The tables behind the sandbox portal's lists: their columns, their rows, the shortest way to what is asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from adapters.data_gov.sandbox_facets import Column, Condition, Kind
from gateway.sandbox.changes_runs import COUNTERS
from gateway.sandbox.changes_view import Row, View

_TEXT, _NUMBER, _DATE, _OTHER = Column(Kind.TEXT), Column(Kind.NUMBER), Column(Kind.DATE), Column(Kind.OTHER)


def _enum(*words: str) -> Column:
    return Column(Kind.TEXT, words)


SEVERITIES = ("error", "warning")


class Table(ABC):
    """A list's rows, named by keys that a View gives; *dated* ones are ordered by date_created, oldest first."""

    name: ClassVar[str]
    columns: ClassVar[Mapping[str, Column]]
    dated: ClassVar[bool] = True

    @abstractmethod
    def keys(self, view: View) -> Sequence[Any]:
        """Return the keys of all rows."""

    @abstractmethod
    def row(self, view: View, key: Any) -> Row:
        """Return a row."""

    def value(self, view: View, key: Any, column: str) -> Any:
        """Return one column of a row."""
        return self.row(view, key)[column]

    def narrowed(self, view: View, conditions: Sequence[Condition]) -> tuple[Sequence[Any], list[Condition]]:
        """Return keys that hold all rows asked for, and the conditions that are still to be tested."""
        return self.keys(view), list(conditions)

    def select(self, view: View, conditions: Sequence[Condition]) -> Sequence[Any]:
        """Return the keys of the rows for which all *conditions* hold."""
        keys, rest = self.narrowed(view, conditions)
        for condition in rest:
            keys = [key for key in keys if condition.holds(self.value(view, key, condition.column))]
        return keys


class Organizations(Table):
    """Organizations, with the number of their sources."""

    name = "organizations"
    dated = False
    columns: ClassVar = {
        **dict.fromkeys(("id", "name", "slug", "logo", "description", "code_repo_url"), _TEXT),
        "code_repo_exempt": Column(Kind.FLAG),
        "organization_type": _enum(
            "Federal Government",
            "City Government",
            "State Government",
            "County Government",
            "University",
            "Tribal",
            "Non-Profit",
        ),
        "aliases": _OTHER,
        "source_count": _NUMBER,
    }

    def keys(self, view: View) -> Sequence[Any]:
        """Return the organizations as they were founded."""
        return view.organizations

    def row(self, view: View, key: Any) -> Row:
        """Return an organization with its number of sources."""
        return {**view.organization(key), "source_count": view.source_count(key)}


class Sources(Table):
    """Sources."""

    name = "harvest_sources"
    dated = False
    columns: ClassVar = {
        **dict.fromkeys(("id", "organization_id", "name", "url", "collection_parent_url"), _TEXT),
        "notification_emails": _OTHER,
        "frequency": _enum("manual", "daily", "weekly", "biweekly", "monthly"),
        "schema_type": _enum(
            "iso19115_1", "iso19115_2", "dcatus1.1: federal", "dcatus1.1: non-federal", "dcatus3.0"
        ),
        "source_type": _enum("document", "waf", "waf-collection"),
        "notification_frequency": _enum("on_error", "always", "on_error_or_update"),
    }

    def keys(self, view: View) -> Sequence[Any]:
        """Return the sources as they were registered."""
        return view.sources

    def row(self, view: View, key: Any) -> Row:
        """Return a source."""
        return key.row(view.at)  # type: ignore[no-any-return]


class Jobs(Table):
    """Jobs."""

    name = "harvest_jobs"
    columns: ClassVar = {
        **dict.fromkeys(("id", "harvest_source_id", "job_type"), _TEXT),
        "status": _enum("in_progress", "complete", "new", "error"),
        "date_created": _DATE,
        "date_finished": _DATE,
        "dcatus_catalog": _OTHER,
        **{f"records_{word}": _NUMBER for word in COUNTERS},
    }

    def keys(self, view: View) -> Sequence[Any]:
        """Return the runs, oldest first."""
        return view.runs

    def row(self, view: View, key: Any) -> Row:
        """Return a job."""
        return view.job(key)

    def value(self, view: View, key: Any, column: str) -> Any:
        """Return one column of a job."""
        match column:
            case "status":
                return key.status(view.at)
            case "date_created":
                return key.created(view.at)
            case "date_finished":
                return key.ended(view.at)
            case _:
                return view.job(key)[column]


class _Logged(Table):
    """Rows that are numbers into a log, with the job that wrote them."""

    @abstractmethod
    def created(self, view: View) -> array[int]:
        """Return the instants of the log."""

    @abstractmethod
    def of_job(self, view: View, job: str) -> Sequence[int]:
        """Return the numbers that belong to a job."""

    def narrowed(self, view: View, conditions: Sequence[Condition]) -> tuple[Sequence[Any], list[Condition]]:
        """Return the numbers of a job or of a range of time, where one is asked for."""
        rest = list(conditions)
        job = next((c for c in rest if c.column == "harvest_job_id" and c.op == "eq"), None)
        if job is not None:
            rest.remove(job)
            return self.of_job(view, job.value), rest
        low, high = -(1 << 62), 1 << 62
        for condition in [c for c in rest if c.column == "date_created" and c.op in _RANGES]:
            rest.remove(condition)
            low, high = _RANGES[condition.op](condition.value, low, high)
        return view.between(self.keys(view), self.created(view), low, high), rest


_RANGES = {
    "ge": lambda value, low, high: (max(low, value), high),
    "gt": lambda value, low, high: (max(low, value + 1), high),
    "lt": lambda value, low, high: (low, min(high, value)),
    "le": lambda value, low, high: (low, min(high, value + 1)),
}


class Records(_Logged):
    """Records, with their payloads."""

    name = "harvest_records"
    columns: ClassVar = {
        **dict.fromkeys(("id", "identifier", "harvest_job_id", "harvest_source_id", "source_hash"), _TEXT),
        **dict.fromkeys(("source_raw", "ckan_id", "parent_identifier"), _TEXT),
        "record_type": _enum("dataset", "data_service", "catalog_record", "data_series"),
        "action": _enum("create", "update", "delete"),
        "status": _enum("error", "success", "dataset_pending"),
        "date_created": _DATE,
        "date_finished": _DATE,
        "source_transform": _OTHER,
    }

    def keys(self, view: View) -> Sequence[Any]:
        """Return the records, oldest first."""
        return view.records

    def created(self, view: View) -> array[int]:
        """Return when records were created."""
        return view.history.timeline.log.created

    def of_job(self, view: View, job: str) -> Sequence[int]:
        """Return a job's records."""
        run = view.run_of(job)
        return view.records_of(run) if run else []

    def row(self, view: View, key: Any) -> Row:
        """Return a record."""
        return view.record(key)

    def value(self, view: View, key: Any, column: str) -> Any:
        """Return one column of a record."""
        match column:
            case "status":
                return view.status(key)
            case "action":
                return view.action(key)
            case "harvest_source_id":
                return view.source_id(key)
            case "source_raw":
                return view.record(key)[column]
            case _:
                return view.facts(key)[column]


class RecordErrors(_Logged):
    """Record errors."""

    name = "harvest_record_errors"
    columns: ClassVar = {
        **dict.fromkeys(("id", "harvest_job_id", "harvest_record_id", "type", "message"), _TEXT),
        "severity": _enum(*SEVERITIES),
        "date_created": _DATE,
    }

    def keys(self, view: View) -> Sequence[Any]:
        """Return the record errors, oldest first."""
        return view.record_errors

    def created(self, view: View) -> array[int]:
        """Return when record errors were created."""
        return view.history.timeline.errors.created

    def of_job(self, view: View, job: str) -> Sequence[int]:
        """Return a job's record errors."""
        run = view.run_of(job)
        return view.errors_of(run) if run else []

    def row(self, view: View, key: Any) -> Row:
        """Return a record error."""
        return view.record_error(key)


class JobErrors(Table):
    """Job errors."""

    name = "harvest_job_errors"
    columns: ClassVar = {
        **dict.fromkeys(("id", "harvest_job_id", "type", "message"), _TEXT),
        "date_created": _DATE,
    }

    def keys(self, view: View) -> Sequence[Any]:
        """Return the job errors, oldest first."""
        return view.job_errors

    def row(self, view: View, key: Any) -> Row:
        """Return a job error."""
        return view.job_error(key)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (Organizations(), Sources(), Jobs(), Records(), RecordErrors(), JobErrors())
}
