"""The scalars of the schema, and how their input is read."""

from __future__ import annotations

from datetime import UTC, date, datetime
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


def _instant(value: Any) -> datetime:
    """Return the UTC instant that an ISO 8601 text names; a date is its first moment, no zone means UTC."""
    if not isinstance(value, str):
        raise GraphQLError("DateTime takes text such as 2026-11-20T00:59:10Z.")
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError("DateTime takes an ISO 8601 instant such as 2026-11-20T00:59:10Z.") from None


def _cursor(value: Any) -> Position:
    """Return the place in a list that a cursor names."""
    try:
        return read_cursor(value if isinstance(value, str) else "")
    except UsageError as error:
        raise GraphQLError(str(error), extensions={"code": Code.BAD_CURSOR}) from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise GraphQLError("URL takes text.")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant in UTC: ISO 8601 with microseconds and Z, as in 2026-11-20T00:59:10.012000Z.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        parse_value=_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day: ISO 8601, as in 2026-11-20.",
        specified_by_url="https://scalars.graphql.org/andimarek/local-date",
    ),
    URL: strawberry.scalar(
        name="URL",
        description="An address as the portal has it, passed on as text: portals hold malformed ones too.",
        parse_value=_text,
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description="An opaque place in a list in one order. Take it from an answer; do not make or change it.",
        parse_value=_cursor,
    ),
    JSON: strawberry.scalar(name="JSON", description="Any JSON value, as the portal has it."),
}
"""The scalars that are not GraphQL's own, by the Python type that stands for them."""
