"""Pages of events: those after a cursor that meet a filter, in their one order, with what lies before and behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graphql import FieldNode, GraphQLField, GraphQLInputObjectType, get_named_type

from harvest_graphql.plan.cursors import EVENTS, Position, is_text
from harvest_graphql.plan.draft import Below, Call, Draft, Row
from harvest_graphql.plan.happened import EVENT
from harvest_graphql.plan.leaves import NULL, instant
from harvest_graphql.plan.objects import Objects
from harvest_graphql.plan.operands import Operand
from harvest_graphql.plan.pages import Window
from harvest_graphql.plan.relations import BACKREF, object_type
from harvest_graphql.problems import Code, Problem


def answer(
    objects: Objects, field: GraphQLField, nodes: list[FieldNode], given: Mapping[str, Operand]
) -> str:
    """Return the SQL of the page that *nodes* select: without a cursor, from the oldest event that is kept."""
    row = Row(objects.draft, "HarvestEventPage", objects.draft.alias(), None)
    return _page(row, field, given, objects.of(object_type(field), nodes, row), "since", start="v.forgotten")


def follow(
    objects: Objects, field: GraphQLField, nodes: list[FieldNode], given: Mapping[str, Operand]
) -> str:
    """Return the same, and before it, up to a line end, where it ends; without a cursor, from now on.

    What stands before it: the series, the id that was reached, how many events, whether there are more, a gap or not.
    """
    row = Row(objects.draft, "HarvestEventPage", objects.draft.alias(), None)
    mark = " || ' ' || ".join(
        (
            row.column("series"),
            row.column("reached"),
            row.column("number"),
            f"{row.column('more')}::int",
            f"({row.column('gap')} IS NOT NULL)::int",
        )
    )
    text = objects.of(object_type(field), nodes, row)
    return _page(row, field, given, f"{mark} || E'\\n' || {text}", "after", start="v.settled")


def _page(
    row: Row, field: GraphQLField, given: Mapping[str, Operand], shown: str, cursor: str, *, start: str
) -> str:
    """Return the SQL of what is *shown* of the page *row*, after the argument *cursor* or else from *start*."""
    draft = row.draft
    size, event = Window.of(given).size, draft.alias()
    size = size if draft.most is None else min(size, draft.most)
    position = _position(given.get(cursor))
    series = draft.bind(lambda call: (found := position(call)) and found.direction, "text")
    id_ = draft.bind(lambda call: (found := position(call)) and found.id, "bigint")
    where = " AND ".join(
        [
            f"{event}.id > (SELECT since FROM bound)",
            f"{event}.id <= (SELECT settled FROM bound)",
            *_conditions(draft, event, field, given.get("filter")),
        ]
    )
    known = f"{series} = v.series AND {id_} BETWEEN v.forgotten AND v.settled"
    bound = (
        f"SELECT v.*, CASE WHEN {series} IS NULL THEN {start} WHEN {known} THEN {id_} ELSE v.forgotten END AS since,"
        f" CASE WHEN {series} IS NULL OR {known} THEN NULL"
        f" WHEN {series} = v.series AND {id_} < v.forgotten THEN 'RETENTION' ELSE 'UNKNOWN_CURSOR' END AS gap"
        " FROM event_bounds v"
    )
    found = (
        f"SELECT {event}.*, (SELECT series FROM bound) AS series FROM event {event} WHERE {where}"
        f" ORDER BY {event}.id LIMIT {size + 1}"
    )
    counted = (
        f"SELECT count(*) > {size} AS more, least(count(*), {size}) AS number,"
        f" (SELECT max(id) FROM shown) AS last FROM found"
    )
    reached = "CASE WHEN c.more THEN coalesce(c.last, b.since) ELSE b.settled END AS reached"
    return (
        f"(WITH bound AS MATERIALIZED ({bound}), found AS MATERIALIZED ({found}),"
        f" shown AS MATERIALIZED (SELECT * FROM found ORDER BY id LIMIT {size}), counted AS ({counted})"
        f" SELECT {shown} FROM (SELECT b.*, c.more, c.number, {reached} FROM bound b, counted c) {row.alias})"
    )


def _position(given: Operand | None) -> Callable[[Call], Position | None]:
    """Return how to read the place after which a page begins: where a reader is by now, or what is *given*."""

    def read(call: Call) -> Position | None:
        if call.at is not None or given is None:
            return call.at
        found: Position | None = given.read(call.values)
        if found is not None and (found.order != EVENTS or not is_text(found.direction)):
            raise Problem(
                Code.BAD_CURSOR, "This is not a cursor of events: take it from an event or a page of them."
            )
        return found

    return read


def _conditions(draft: Draft, event: str, field: GraphQLField, given: Operand | None) -> list[str]:
    if given is None:
        return []
    filters = get_named_type(field.args["filter"].type)
    assert isinstance(filters, GraphQLInputObjectType)
    return [
        str(filters.fields[name].extensions[BACKREF].metadata["condition"](draft, event, value))
        for name, value in given.members().items()
    ]


def events(row: Row) -> Below:
    """Return where the events of a page are read."""
    alias = row.draft.alias()
    return Below(f"shown {alias}", Row(row.draft, "HarvestEvent", alias, EVENT), f"{alias}.id")


def gap(row: Row) -> Below:
    """Return where is read what a page could not tell: nothing where it told all."""
    alias = row.draft.alias()
    columns = ", ".join(row.column(name) for name in ("series", "gap", "forgotten", "forgotten_at"))
    return Below(
        f"(SELECT {columns}) {alias} WHERE {alias}.gap IS NOT NULL",
        Row(row.draft, "EventGap", alias, None),
    )


def more(row: Row) -> str:
    """Return the SQL, as JSON text, of whether there are more events after a page."""
    return f"{row.column('more')}::text"


def moment(row: Row, column: str) -> str:
    """Return the SQL, as JSON text, of an instant that may be null."""
    return f"coalesce({instant(row.column(column))}, {NULL})"
