"""Counting: one row per portal, one column per word, written as SQL expressions over the store's tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Integer, Label, Select, Table, case, func, literal, select

from gateway.model.enums import (
    DatasetState,
    JobKind,
    JobStatus,
    Presence,
    RecordStatus,
    Severity,
    StandardFamily,
)
from gateway.store import tables, totals


def _table(model: Any) -> Table:
    """Return the table of a mapped class."""
    table: Table = model.__table__
    return table


SOURCE = _table(tables.HarvestSource)
DATASET = _table(tables.Dataset)
ERROR = _table(tables.HarvestError)
RUN = _table(totals.JobRollup)

KEPT = (Presence.PRESENT.value, Presence.EXPIRED.value)
"""A row that the portal still has or has let expire: what happened stays counted."""
UNCOUNTED_RUNS = (JobStatus.SCHEDULED,)
"""Runs that have not begun: they are plans."""
JUDGED_RUNS = (JobStatus.SUCCEEDED, JobStatus.PARTIAL, JobStatus.FAILED, JobStatus.LOST)
"""Ended runs that say something about a source; a cancelled one says something about an operator."""
HARVESTS = (JobKind.HARVEST.value, JobKind.FORCE_HARVEST.value, JobKind.UNKNOWN.value)
"""Runs that harvest: not those that clear or validate."""


@dataclass(frozen=True, slots=True)
class Period:
    """When a run was created: from *since* (included) to *until* (excluded); None leaves that side open."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """Return the conditions under which *column* lies in the period."""
        conditions: list[ColumnElement[bool]] = []
        if self.since is not None:
            conditions.append(column >= self.since)
        if self.until is not None:
            conditions.append(column < self.until)
        return conditions


def per_word(column: ColumnElement[Any], words: Iterable[StrEnum]) -> list[Label[int]]:
    """Return one count per word of *column*, labelled with the word."""
    return [func.count().filter(column == word.value).label(word.value) for word in words]


def _rows(table: Table, columns: Iterable[Label[Any]], *conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the statement that counts *table* per portal."""
    return select(table.c.portal, *columns).where(*conditions).group_by(table.c.portal)


def _runs(period: Period, columns: Iterable[Label[Any]], *conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the statement that counts the begun runs of *period* per portal."""
    begun = RUN.c.status.not_in([word.value for word in UNCOUNTED_RUNS])
    return _rows(RUN, columns, RUN.c.presence.in_(KEPT), begun, *period.holds(RUN.c.created_at), *conditions)


def _total(column: ColumnElement[Any], word: str, where: ColumnElement[bool] | None = None) -> Label[int]:
    """Return the sum of *column* (over the rows where *where* holds), labelled with *word*."""
    summed = column if where is None else case((where, column), else_=literal(0, Integer))
    return func.coalesce(func.sum(summed), 0).label(word)


def sources_by_presence(_: Period) -> Select[Any]:
    """Count sources by what has become of them, now."""
    return _rows(SOURCE, per_word(SOURCE.c.presence, Presence))


def sources_by_activity(_: Period) -> Select[Any]:
    """Count present sources by whether the portal runs them, now."""
    active = SOURCE.c.active
    columns = [
        func.count().filter(active.is_(True)).label("ACTIVE"),
        func.count().filter(active.is_(False)).label("INACTIVE"),
        func.count().filter(active.is_(None)).label("NOT_SAID"),
    ]
    return _rows(SOURCE, columns, SOURCE.c.presence == Presence.PRESENT.value)


def sources_by_family(_: Period) -> Select[Any]:
    """Count present sources by the family of their metadata standard, now."""
    columns = per_word(SOURCE.c.standard_family, StandardFamily)
    return _rows(SOURCE, columns, SOURCE.c.presence == Presence.PRESENT.value)


def runs_by_status(period: Period) -> Select[Any]:
    """Count begun runs by status."""
    return _runs(period, per_word(RUN.c.status, [word for word in JobStatus if word not in UNCOUNTED_RUNS]))


def runs_by_kind(period: Period) -> Select[Any]:
    """Count begun runs by what they were asked to do."""
    return _runs(period, per_word(RUN.c.kind, JobKind))


def judged_runs(period: Period) -> Select[Any]:
    """Count ended harvests by the statuses that rates are made of."""
    return _runs(period, per_word(RUN.c.status, JUDGED_RUNS), RUN.c.kind.in_(HARVESTS))


def records_by_status(period: Period) -> Select[Any]:
    """Count the records of begun runs by status."""
    words = {word: RUN.c[f"records_{word.value.lower()}"] for word in RecordStatus}
    return _runs(period, [_total(column, word.value) for word, column in words.items()])


def records_by_action(period: Period) -> Select[Any]:
    """Count the records of begun runs by action, apart where a clear or a forced run did it."""
    cleared = RUN.c.kind == JobKind.CLEAR.value
    forced = RUN.c.kind == JobKind.FORCE_HARVEST.value
    named = RUN.c.created + RUN.c.updated + RUN.c.deleted + RUN.c.records_archived
    columns = [
        _total(RUN.c.created, "CREATE"),
        _total(RUN.c.updated, "UPDATE", ~forced),
        _total(RUN.c.updated, "UPDATE_FORCED", forced),
        _total(RUN.c.deleted, "DELETE", ~cleared),
        _total(RUN.c.deleted, "DELETE_BY_CLEAR", cleared),
        _total(RUN.c.records_archived, "ARCHIVE"),
        _total(RUN.c.records - named, "NOT_SAID"),
    ]
    return _runs(period, columns)


def errors_by_severity(period: Period) -> Select[Any]:
    """Count the errors of begun runs by severity."""
    joined = ERROR.join(RUN, RUN.c.job_id == ERROR.c.job_id)
    begun = RUN.c.status.not_in([word.value for word in UNCOUNTED_RUNS])
    return (
        select(ERROR.c.portal, *per_word(ERROR.c.severity, Severity))
        .select_from(joined)
        .where(ERROR.c.presence.in_(KEPT), RUN.c.presence.in_(KEPT), begun, *period.holds(RUN.c.created_at))
        .group_by(ERROR.c.portal)
    )


def datasets_by_state(_: Period) -> Select[Any]:
    """Count datasets by state, now, leaving out those whose records are all gone."""
    known = DATASET.c.presence.in_([Presence.PRESENT.value, Presence.DELETED.value, Presence.EXPIRED.value])
    return _rows(DATASET, per_word(DATASET.c.state, DatasetState), known)


def words(row: Mapping[str, Any]) -> dict[str, int]:
    """Return the counts of a row that one of these statements answered, by word."""
    return {word: int(count) for word, count in row.items() if word != "portal"}
