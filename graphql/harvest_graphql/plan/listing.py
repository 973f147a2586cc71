"""Connections: the page's nodes, edges, cursors and counts, put together around the rows of a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import FieldNode, GraphQLField, GraphQLInputObjectType, GraphQLObjectType, get_named_type

from gateway.model.enums import EntityType
from harvest_graphql.plan.conditions import conditions
from harvest_graphql.plan.cursors import cursor_text
from harvest_graphql.plan.draft import Draft, Row
from harvest_graphql.plan.grouping import Grouping, Rows, Write
from harvest_graphql.plan.leaves import NULL, constant, list_text, object_text, typename
from harvest_graphql.plan.operands import Operand
from harvest_graphql.plan.pages import Order, Page, Window
from harvest_graphql.plan.relations import BACKREF, entity_type, object_type, table_of
from harvest_graphql.plan.selection import Selections
from harvest_graphql.problems import Code, Problem


@dataclass(slots=True)
class Listing:
    """Writes one connection. The page is a sub-select of *row*'s alias: ``n`` counts its rows from 1, ``c`` in all."""

    selections: Selections
    page: Page
    row: Row
    type_: GraphQLObjectType
    target: EntityType
    more: bool = False
    """Whether one row beyond the page is read, to know if there is one."""
    paged: bool = False
    """Whether anything reads the page's rows."""
    placed: bool = False
    """Whether anything reads at which place of the page a row is: to count them takes a step more of the statement."""

    @classmethod
    def of(
        cls,
        selections: Selections,
        draft: Draft,
        field: GraphQLField,
        arguments: Mapping[str, Operand],
        owner: tuple[str, str] | None,
    ) -> Listing:
        """Return the list of *field* with *arguments*; *owner*: the column that has to be equal to that SQL."""
        target, inner = member_type(field), draft.alias()
        filters = get_named_type(field.args["filter"].type)
        assert isinstance(filters, GraphQLInputObjectType)
        where = conditions(draft, target, inner, filters, arguments.get("filter"))
        if owner:
            where.insert(0, f"{inner}.{owner[0]} = {owner[1]}")
        table, order = table_of(target), _order(field, target, arguments.get("orderBy"))
        page = Page(draft, table, draft.rows(target), order, Window.of(arguments), tuple(where), inner)
        return cls(selections, page, Row(draft, target, draft.alias(), table), object_type(field), target)

    def text(self, nodes: Iterable[FieldNode], write: Write) -> str:
        """Return the SQL of the connection that *nodes* select."""
        selected = self.selections.of(self.type_, nodes)
        self.more = self._asks_for_more(selected.values())
        text = object_text((key, self._part(each, write)) for key, each in selected.items())
        if not self.paged:
            return text
        rows = self.page.sql(self.row.used, more=self.more)
        # HAVING: one row, also where nothing that is selected is an aggregate
        if self.placed:
            rows = f"SELECT r.*, row_number() OVER () AS n, count(*) OVER () AS c FROM ({rows}) r"
        return f"(SELECT {text} FROM ({rows}) {self.row.alias} HAVING true)"

    def _part(self, nodes: list[FieldNode], write: Write) -> str:
        name = nodes[0].name.value
        if name == "__typename":
            return typename(self.type_)
        if name == "totalCount":
            return f"{self.page.total()}::text"
        if name == "groups":
            return self._groups(nodes, write)
        self.paged = True
        type_ = object_type(self.type_.fields[name])
        if name == "pageInfo":
            return self._page_info(type_, nodes)
        return self._members(
            write(type_, nodes, self.row) if name == "nodes" else self._edge(type_, nodes, write)
        )

    def _groups(self, nodes: list[FieldNode], write: Write) -> str:
        if self.row.draft.past is not None:
            words = "`groups` counts what is known now: without `asOf`, or `totalCount` with a filter."
            raise Problem(Code.BAD_USER_INPUT, words)
        field = self.type_.fields["groups"]
        rows = Rows(self.target, self.page.inner, self.page.conditions)
        arguments = self.selections.arguments(field, nodes[0])
        grouping = Grouping.of(self.selections, self.row.draft, rows, arguments)
        return grouping.text(field, nodes, write)

    def _edge(self, type_: GraphQLObjectType, nodes: list[FieldNode], write: Write) -> str:
        parts = []
        for key, each in self.selections.of(type_, nodes).items():
            name = each[0].name.value
            if name == "node":
                parts.append((key, write(object_type(type_.fields[name]), each, self.row)))
            else:
                parts.append((key, self._cursor() if name == "cursor" else typename(type_)))
        return object_text(parts)

    def _members(self, text: str) -> str:
        """Return the page's members, in the list's order."""
        self.placed |= self.more or self.page.window.backward
        order = f" ORDER BY {self.row.alias}.n DESC" if self.page.window.backward else ""
        inside = f" FILTER (WHERE {self.row.alias}.n <= {self.page.window.size})" if self.more else ""
        return list_text(f"string_agg({text}, ','{order}){inside}")

    def _page_info(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> str:
        window, alias = self.page.window, self.row.alias
        self.placed = True
        beyond = f"(count(*) > {window.size})::text" if self.more else constant("false")
        nearest = self._cursor_at("1")
        farthest = self._cursor_at(f"least({alias}.c, {window.size})")
        said = {
            "hasNextPage": _bool(window.before is not None) if window.backward else beyond,
            "hasPreviousPage": beyond if window.backward else _bool(window.after is not None),
            "startCursor": farthest if window.backward else nearest,
            "endCursor": nearest if window.backward else farthest,
            "__typename": typename(type_),
        }
        selected = self.selections.of(type_, nodes)
        return object_text((key, said[each[0].name.value]) for key, each in selected.items())

    def _cursor(self) -> str:
        order = self.page.order
        return cursor_text(order.name, order.direction, f"{self.row.alias}.order_key", self.row.column("id"))

    def _cursor_at(self, place: str) -> str:
        """Return the cursor of the page's row at *place*, null where the page has none."""
        at = f"{self.row.alias}.n = {place} AND {self.row.alias}.n <= {self.page.window.size}"
        return f"coalesce(min({self._cursor()}) FILTER (WHERE {at}), {NULL})"

    def _asks_for_more(self, selected: Iterable[list[FieldNode]]) -> bool:
        """Return whether the answer says if there are rows beyond the page."""
        wanted = "hasPreviousPage" if self.page.window.backward else "hasNextPage"
        return any(
            each[0].name.value == wanted
            for nodes in selected
            if nodes[0].name.value == "pageInfo"
            for each in self.selections.of(object_type(self.type_.fields["pageInfo"]), nodes).values()
        )


def is_connection(field: GraphQLField) -> bool:
    """Return whether *field* is a list in pages."""
    return get_named_type(field.type).name.endswith("Connection")


def member_type(field: GraphQLField) -> EntityType:
    """Return the entity type of the members of a connection."""
    found = entity_type(get_named_type(field.type).name.removesuffix("Connection"))
    assert found is not None
    return found


def _order(field: GraphQLField, target: EntityType, given: Operand | None) -> Order:
    """Return the order that is asked for; what is not said is as in the list's order input."""
    chosen = get_named_type(field.args["orderBy"].type).extensions[BACKREF].origin()
    said = {name: value.now for name, value in given.members().items()} if given else {}
    key, direction = said.get("field", chosen.field), said.get("direction", chosen.direction)
    return Order(key.name, table_of(target).c[key.value], direction == "DESC")


def _bool(value: bool) -> str:
    return constant("true" if value else "false")
