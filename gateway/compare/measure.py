"""A comparison: every metric asked of every portal at one instant of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import Select, Table, func, select
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from gateway.compare.counting import Period, words
from gateway.compare.metrics import METRICS, Comparability, Metric
from gateway.store import ledger

_PORTAL: Table = ledger.Portal.__table__  # type: ignore[attr-defined]
_STREAM: Table = ledger.StreamRow.__table__  # type: ignore[attr-defined]
_DIALECT = dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class ComparedPortal:
    """A portal that takes part, and how fresh and how whole its data is."""

    key: str
    title: str
    base_url: str
    sandbox: bool
    inventory: bool
    """Whether each of its runs lists every record; else only what changed."""
    as_of: datetime | None
    """Portal's clock at the oldest of its streams' last good passes; None while one never ended well."""
    loading: bool
    """Whether its first load is unfinished: every number of it is then too small."""
    caveats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's answer for one portal."""

    portal: str
    n: int
    """How many things were counted; for a rate, what it is a share of."""
    counts: Mapping[str, int]
    """By word, every word of the metric, zeros included; they sum up to n."""
    value: float | None
    """For a rate, hits / n between 0 and 1, None where n is 0; for counts None."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A metric with its answers."""

    key: str
    title: str
    definition: str
    unit: str
    comparability: Comparability
    caveats: tuple[str, ...]
    in_period: bool
    rate: bool
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of it."""

    made_at: datetime
    """The database's clock."""
    since: datetime | None
    until: datetime | None
    portals: tuple[ComparedPortal, ...]
    findings: tuple[Finding, ...]

    @property
    def sandbox(self) -> bool:
        """Return whether any of the data is invented."""
        return any(portal.sandbox for portal in self.portals)


def compiled(statement: Select[Any]) -> tuple[str, list[Any]]:
    """Return the SQL that asyncpg takes, and its bound values in order."""
    query = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    names = getattr(query, "positiontup", None) or []
    return str(query), [query.params[name] for name in names]


async def _rows(
    connection: asyncpg.Connection | PoolConnectionProxy, statement: Select[Any]
) -> list[dict[str, Any]]:
    """Return the rows of *statement*."""
    sql, values = compiled(statement)
    return [dict(row) for row in await connection.fetch(sql, *values)]


def _portals() -> Select[Any]:
    """Return the statement of all portals, with the age of their oldest stream."""
    read = func.greatest(_STREAM.c.polled_at, _STREAM.c.reconciled_at)
    unread = func.count().filter(_STREAM.c.reconciled_at.is_(None))
    streams = (
        select(_STREAM.c.portal, func.min(read).label("as_of"), unread.label("unread"))
        .group_by(_STREAM.c.portal)
        .subquery()
    )
    return (
        select(_PORTAL, streams.c.as_of, streams.c.unread)
        .outerjoin(streams, streams.c.portal == _PORTAL.c.number)
        .order_by(_PORTAL.c.key)
    )


def _portal(row: Mapping[str, Any]) -> ComparedPortal:
    """Return the portal of a row."""
    loading = row["unread"] is None or row["unread"] > 0
    return ComparedPortal(
        key=row["key"],
        title=row["title"],
        base_url=row["base_url"],
        sandbox=row["sandbox"],
        inventory=row["inventory"],
        as_of=None if loading else row["as_of"],
        loading=loading,
        caveats=tuple(row["caveats"]),
    )


def _figure(metric: Metric, portal: str, counts: dict[str, int]) -> Figure:
    """Return the figure of *counts*."""
    n = sum(counts.values())
    hits = sum(count for word, count in counts.items() if word in metric.hits)
    return Figure(portal, n, counts, hits / n if metric.hits and n else None)


async def _finding(
    connection: asyncpg.Connection | PoolConnectionProxy,
    metric: Metric,
    period: Period,
    keys: Mapping[int, str],
) -> Finding:
    """Return *metric* answered for the portals of *keys* (number -> key)."""
    statement = metric.statement(period)
    rows = {row["portal"]: words(row) for row in await _rows(connection, statement)}
    nothing = {column.name: 0 for column in statement.selected_columns if column.name != "portal"}
    figures = [_figure(metric, key, rows.get(number, nothing)) for number, key in keys.items()]
    return Finding(
        key=metric.key,
        title=metric.title,
        definition=metric.definition,
        unit=metric.unit,
        comparability=metric.comparability,
        caveats=metric.caveats,
        in_period=metric.in_period,
        rate=bool(metric.hits),
        figures=tuple(figures),
    )


async def compare(
    connection: asyncpg.Connection | PoolConnectionProxy,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Comparison:
    """Return every metric of every portal, all of one snapshot of the database.

    *since* (included) and *until* (excluded) bound when runs were created: aware instants, None is open.
    The connection must not be in a transaction: this opens a read-only one of its own.
    """
    period = Period(since, until)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        [clock] = await _rows(connection, select(func.now().label("now")))
        rows = await _rows(connection, _portals())
        keys = {row["number"]: row["key"] for row in rows}
        findings = [await _finding(connection, metric, period, keys) for metric in METRICS]
    return Comparison(clock["now"], since, until, tuple(map(_portal, rows)), tuple(findings))
