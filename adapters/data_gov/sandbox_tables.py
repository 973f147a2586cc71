"""The tables behind the sandbox portal's lists: their columns, their rows, the shortest way to what is asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from adapters.data_gov.sandbox_columns import COLUMNS
from adapters.data_gov.sandbox_facets import Column, Condition
from gateway.sandbox.changes_view import Row, View


class Table(ABC):
    """A list's rows, named by keys that a View gives; *dated* ones are ordered by date_created, oldest first."""

    name: ClassVar[str]
    dated: ClassVar[bool] = True

    @property
    def columns(self) -> Mapping[str, Column]:
        """Return the table's columns."""
        return COLUMNS[self.name]

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

    def keys(self, view: View) -> Sequence[Any]:
        """Return the sources as they were registered."""
        return view.sources

    def row(self, view: View, key: Any) -> Row:
        """Return a source."""
        return key.row(view.at)  # type: ignore[no-any-return]


class Jobs(Table):
    """Jobs."""

    name = "harvest_jobs"

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
    def owned(self, view: View, owner: Condition) -> Sequence[int]:
        """Return the numbers that *owner*, an equality on one of OWNERS, leaves."""

    def narrowed(self, view: View, conditions: Sequence[Condition]) -> tuple[Sequence[Any], list[Condition]]:
        """Return the numbers of an id, a job, a source or a range of time, where one is asked for."""
        rest = list(conditions)
        owners = sorted(
            (c for c in rest if c.column in OWNERS and c.op == "eq"), key=lambda c: OWNERS.index(c.column)
        )
        if owners:
            rest.remove(owners[0])
            return self.owned(view, owners[0]), rest
        low, high = -(1 << 62), 1 << 62
        for condition in [c for c in rest if c.column == "date_created" and c.op in _RANGES]:
            rest.remove(condition)
            low, high = _RANGES[condition.op](condition.value, low, high)
        return view.between(self.keys(view), self.created(view), low, high), rest


OWNERS = ("id", "harvest_job_id", "harvest_source_id")
"""Columns that leave few rows, the fewest first."""

_RANGES = {
    "ge": lambda value, low, high: (max(low, value), high),
    "gt": lambda value, low, high: (max(low, value + 1), high),
    "lt": lambda value, low, high: (low, min(high, value)),
    "le": lambda value, low, high: (low, min(high, value + 1)),
}


class Records(_Logged):
    """Records, with their payloads."""

    name = "harvest_records"

    def keys(self, view: View) -> Sequence[Any]:
        """Return the records, oldest first."""
        return view.records

    def created(self, view: View) -> array[int]:
        """Return when records were created."""
        return view.history.timeline.log.created

    def owned(self, view: View, owner: Condition) -> Sequence[int]:
        """Return the record of an id, the records of a job or of a source."""
        if owner.column == "id":
            row = view.record_of(owner.value)
            return [] if row is None else [row]
        if owner.column == "harvest_job_id":
            run = view.run_of(owner.value)
            return view.records_of(run) if run else []
        source = view.source_of(owner.value)
        return view.records_of_source(source) if source else []

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

    def keys(self, view: View) -> Sequence[Any]:
        """Return the record errors, oldest first."""
        return view.record_errors

    def created(self, view: View) -> array[int]:
        """Return when record errors were created."""
        return view.history.timeline.errors.created

    def owned(self, view: View, owner: Condition) -> Sequence[int]:
        """Return the record error of an id, or those of a job."""
        if owner.column == "id":
            number = view.record_error_of(owner.value)
            return [] if number is None else [number]
        run = view.run_of(owner.value)
        return view.errors_of(run) if run else []

    def row(self, view: View, key: Any) -> Row:
        """Return a record error."""
        return view.record_error(key)


class JobErrors(Table):
    """Job errors."""

    name = "harvest_job_errors"

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
