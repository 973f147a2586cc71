"""The scalars of the schema, and how their input is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from gateway.errors import UsageError
from harvest_graphql.plan.cursors import Position, read_cursor
from harvest_graphql.problems import Code

URL = NewType("URL", str)
Cursor = NewType("Cursor", str)
JSON = NewType("JSON", object)
Cron = NewType("Cron", str)
_RFC3339 = "https://www.rfc-editor.org/rfc/rfc3339"
_LONGEST = 100
_SPAN = re.compile(r"P(?=[0-9T])(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)


def _instant(value: Any) -> datetime:
    """Return the UTC instant that an ISO 8601 text names; a date is its first moment, no zone means UTC."""
    if not isinstance(value, str):
        raise GraphQLError("DateTime takes text such as 2026-11-20T00:59:10Z.")
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError("DateTime takes an ISO 8601 instant such as 2026-11-20T00:59:10Z.") from None


def _span(value: Any) -> timedelta:
    """Return the span that a text names."""
    found = _SPAN.fullmatch(value) if isinstance(value, str) and len(value) < _LONGEST else None
    if found is None:
        raise GraphQLError("Duration takes text such as PT6H or P1DT30M: days, hours, minutes and seconds.")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise GraphQLError("Duration takes at most 999999999 days.") from None


def _cursor(value: Any) -> Position:
    """Return the place in a list that a cursor names."""
    try:
        return read_cursor(value if isinstance(value, str) else "")
    except UsageError as error:
        raise GraphQLError(str(error), extensions={"code": Code.BAD_CURSOR}) from None


def _text(name: str) -> Callable[[Any], str]:
    """Return what reads the input of a scalar that is any text."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise GraphQLError(f"{name} takes text.")
        return value

    return read


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: RFC 3339, in answers in UTC with microseconds, as in 2026-11-20T00:59:10.012000Z."
        " As an argument a day alone is its first moment, and what names no zone is in UTC.",
        specified_by_url=_RFC3339,
        parse_value=_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day: ISO 8601, as in 2026-11-20.",
        specified_by_url="https://scalars.graphql.org/andimarek/local-date",
    ),
    timedelta: strawberry.scalar(
        name="Duration",
        description="A span of time: ISO 8601 in days, hours, minutes and seconds, as in P1DT2H or PT90.5S. A day has"
        " 24 hours; there are no months and years.",
        specified_by_url="https://www.w3.org/TR/xmlschema11-2/#dayTimeDuration",
        parse_value=_span,
    ),
    Cron: strawberry.scalar(
        name="Cron",
        description="A cron expression of five fields: minute, hour, day of the month, month, day of the week.",
        specified_by_url="https://man7.org/linux/man-pages/man5/crontab.5.html",
        parse_value=_text("Cron"),
    ),
    URL: strawberry.scalar(
        name="URL",
        description="An address as the portal has it, passed on as text: portals hold malformed ones too.",
        parse_value=_text("URL"),
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description="An opaque place in a list in one order. Take it from an answer; do not make or change it.",
        specified_by_url="https://relay.dev/graphql/connections.htm",
        parse_value=_cursor,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value, as the portal has it.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
}
"""The scalars that are not GraphQL's own, by the Python type that stands for them."""
