"""Spans of time as JSON text: ISO 8601 in the form that XML Schema calls dayTimeDuration."""

from __future__ import annotations

from harvest_graphql.plan.draft import Row
from harvest_graphql.plan.leaves import NULL

_CRON = r"^[0-9*/,-]+( +[0-9*/,-]+){2}( +[0-9A-Za-z*/,-]+){2}$"
"""Five fields: numbers, and in the last two names of months and days as well."""


def span(seconds: str) -> str:
    """Return the SQL of a span of SQL *seconds* (numeric), null where these are: whole days, then hours, and so on."""
    parts = (
        "CASE WHEN x.s < 0 THEN '-' END, 'P', nullif(x.days, 0) || 'D',"
        " CASE WHEN x.rest > 0 OR x.s = 0 THEN 'T' END, nullif(div(x.rest, 3600), 0) || 'H',"
        " nullif(div(mod(x.rest, 3600), 60), 0) || 'M',"
        " CASE WHEN mod(x.rest, 60) > 0 OR x.s = 0 THEN trim_scale(mod(x.rest, 60)) || 'S' END"
    )
    taken = "div(abs(g.s), 86400) AS days, mod(abs(g.s), 86400) AS rest"
    return (
        f"""coalesce((SELECT concat('"', {parts}, '"') FROM (SELECT g.s, {taken}"""
        f" FROM (SELECT ({seconds})::numeric AS s OFFSET 0) g WHERE g.s IS NOT NULL OFFSET 0) x), {NULL})"
    )


def of_run(row: Row) -> str:
    """Return how long a run took."""
    return span(f"extract(epoch FROM {row.column('ended_at')} - {row.column('started_at')})")


def of_schedule(row: Row) -> str:
    """Return how long it is from one run to the next."""
    return span(row.column("every_seconds"))


def cron(row: Row) -> str:
    """Return a schedule that is a cron expression, as JSON text."""
    raw = row.column("raw")
    return f"CASE WHEN {raw} ~ '{_CRON}' THEN to_json({raw})::text ELSE {NULL} END"
