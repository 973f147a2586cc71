"""The passes over portals as a list, in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graphql import FieldNode, GraphQLField, GraphQLInputObjectType, get_named_type
from sqlalchemy import Table

from gateway.model.enums import EntityType
from gateway.store import ledger
from harvest_graphql.plan.conditions import of_portals, plain_text
from harvest_graphql.plan.draft import Draft, Row
from harvest_graphql.plan.listing import Listing
from harvest_graphql.plan.objects import Objects
from harvest_graphql.plan.operands import Operand
from harvest_graphql.plan.pages import Order, Page, Window
from harvest_graphql.plan.relations import BACKREF, object_type

RUN: Table = ledger.SyncRun.__table__  # type: ignore[attr-defined]
_NEWEST = Order("STARTED_AT", RUN.c.started_at, descending=True)


def answer(
    objects: Objects, field: GraphQLField, nodes: list[FieldNode], given: Mapping[str, Operand]
) -> str:
    """Return the SQL of the list of passes that *nodes* select."""
    draft, connection = objects.draft, object_type(field)
    draft.volatile = True  # a pass that gets on does not move the data version
    filters, inner = get_named_type(field.args["filter"].type), draft.alias()
    assert isinstance(filters, GraphQLInputObjectType)
    where = [
        str(filters.fields[name].extensions[BACKREF].metadata["condition"](draft, inner, value))
        for name, value in (given["filter"].members() if "filter" in given else {}).items()
    ]
    page = Page(draft, RUN, RUN.name, _NEWEST, Window.of(given), tuple(where), inner)
    row = Row(draft, "SyncRun", draft.alias(), RUN)
    listing = Listing(objects.selections, page, row, connection, EntityType.HARVEST_SOURCE)
    return listing.text(nodes, objects.of)


def portals(draft: Draft, alias: str, value: Operand) -> str:
    """Return that a pass is over one of some portals."""
    return of_portals(draft, alias, value)


def words(column: str) -> Callable[[Draft, str, Operand], str]:
    """Return the condition that *column* is one of some words."""

    def condition(draft: Draft, alias: str, value: Operand) -> str:
        wanted = draft.bind(lambda call: [plain_text(each) for each in value.read(call.values)], "text[]")
        return f"{alias}.{column} = ANY ({wanted})"

    return condition


def baseline(_: Draft, alias: str, value: Operand) -> str:
    """Return that a pass is of a first load, or that it is not."""
    return f"{alias}.baseline" if value.now else f"NOT {alias}.baseline"


def since(draft: Draft, alias: str, value: Operand) -> str:
    """Return that a pass began at an instant or later."""
    return f"{alias}.started_at >= {draft.bind(lambda call: value.read(call.values), 'timestamptz')}"
