"""The list of what a search found: its results in pages, each with the thing that was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLObjectType
from sqlalchemy import BigInteger, Column, MetaData, SmallInteger, Table, Text

from gateway.model.enums import EntityType
from gateway.store.findable import NAMES
from gateway.store.searching import FINE
from harvest_graphql.plan.conditions import plain_text
from harvest_graphql.plan.cursors import cursor_text
from harvest_graphql.plan.draft import Call, Read, Row
from harvest_graphql.plan.finding import MOST, QUERY, TYPES, chosen, finding
from harvest_graphql.plan.grouping import Write
from harvest_graphql.plan.leaves import NULL, constant, object_text, typename
from harvest_graphql.plan.listing import Listing
from harvest_graphql.plan.objects import Objects
from harvest_graphql.plan.operands import Operand
from harvest_graphql.plan.pages import Order, Page, Window
from harvest_graphql.plan.relations import object_type, table_of
from harvest_graphql.problems import Code, Problem

SHORTEST, LONGEST = 2, 1000
"""How many letters or digits a text needs, and how many characters it may have."""

_FIELDS = {
    EntityType.HARVEST_SOURCE: {"name": "name", "slug": "slug", "url": "url", "description": "description"},
    EntityType.ORGANIZATION: {
        "name": "name",
        "acronym": "acronym",
        "aliases": "array_to_string(aliases, ' ')",
        "description": "description",
    },
    EntityType.DATASET: {
        "title": "title",
        "keywords": "array_to_string(keywords, ' ')",
        "publisher": "publisher",
        "remoteId": "remote_id",
        "description": "description",
    },
    EntityType.HARVEST_ERROR: {"message": "message"},
}
"""The text of each field that is searched, by the field's name, the name of the thing first."""
_FOUND = Table(
    "found",
    MetaData(),
    Column("id", BigInteger, nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("rank", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
)
_ORDER = Order("SEARCH", _FOUND.c["rank"], descending=True)
_WORD = {type_: word for word, type_ in TYPES.items()}
_ANY = EntityType.HARVEST_SOURCE
"""In the place of the one type that other lists are of."""


def answer(
    objects: Objects, field: GraphQLField, nodes: list[FieldNode], given: Mapping[str, Operand]
) -> str:
    """Return the SQL of the connection that *nodes* select of what is found by the arguments *given*."""
    draft, text = objects.draft, _text(given["text"])
    mark = draft.bind(lambda call: _mark(text(call)), "text")
    page = _Ranked(draft, _FOUND, _FOUND.name, _ORDER, Window.of(given), (), draft.alias(), text)
    row = Row(draft, "SearchResult", draft.alias(), _FOUND)
    results = _Results(objects.selections, page, row, object_type(field), _ANY, mark=mark)
    shown = results.text(nodes, _Writing(objects, chosen(given)).result)
    return f"(WITH {finding(draft, text, given, results.most())} SELECT {shown})"


def _text(given: Operand) -> Read:
    """Return how to read the text; BAD_USER_INPUT where nothing can be found by it."""

    def read(call: Call) -> str:
        found = " ".join(plain_text(given.read(call.values)).split())
        if sum(map(str.isalnum, found)) < SHORTEST or len(found) > LONGEST:
            raise Problem(
                Code.BAD_USER_INPUT,
                f"A search needs a text with at least {SHORTEST} letters or digits, of at most {LONGEST} characters.",
            )
        return found

    return read


def _mark(text: str) -> str:
    """Return what tells the cursors of different texts apart."""
    return sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class _Ranked(Page):
    """A page of what was found by *text*."""

    text: Read

    def _checked(self, cursor: Operand, part: Any) -> Read:
        def read(call: Call) -> Any:
            position = cursor.read(call.values)
            if (position.order, position.direction) != (_ORDER.name, _mark(self.text(call))):
                raise Problem(
                    Code.BAD_CURSOR, "This cursor is not of this search: keep `text` while you page."
                )
            return part(position)

        return read


@dataclass  # no slots: what is made anew with them has no super()
class _Results(Listing):
    """The connection of what was found."""

    mark: str = ""
    """The SQL of what its cursors are told apart by."""
    counted: bool = False
    """Whether it is asked how many there are."""

    def most(self) -> int:
        """Return how many of the best rows there are to be, now that the text is written."""
        window = self.page.window
        if self.counted or window.after is not None:
            return MOST
        return window.size + self.more

    def _part(self, nodes: list[FieldNode], write: Write) -> str:
        self.counted |= nodes[0].name.value == "totalCount"
        return super()._part(nodes, write)

    def _cursor(self) -> str:
        of_text = f"' || {self.mark} || '"
        return cursor_text(_ORDER.name, of_text, f"{self.row.alias}.order_key", self.row.column("id"))


@dataclass(frozen=True, slots=True)
class _Writing:
    """Writes the results of a page."""

    objects: Objects
    types: Mapping[int, EntityType]
    """What may have been found, by place."""

    def result(self, type_: GraphQLObjectType, nodes: Iterable[FieldNode], row: Row) -> str:
        """Return the SQL of one result, as *nodes* select it."""
        selected = self.objects.selections.of(type_, nodes)
        return object_text((key, self._part(type_, each, row)) for key, each in selected.items())

    def _part(self, type_: GraphQLObjectType, nodes: list[FieldNode], row: Row) -> str:
        match nodes[0].name.value:
            case "node":
                return self._by_type(row, lambda found: self._node(found, nodes, row))
            case "type":
                return self._by_type(row, lambda found: constant(f'"{_WORD[found]}"'))
            case "rank":
                return f"round(({row.alias}.order_key / 10)::numeric / {FINE}, 6)::text"
            case "matchedField":
                return self._by_type(row, lambda found: _matched(found, row))
            case _:
                return typename(type_)

    def _by_type(self, row: Row, part: Callable[[EntityType], str]) -> str:
        if len(self.types) == 1:
            return part(*self.types.values())
        cases = " ".join(f"WHEN {place} THEN {part(found)}" for place, found in self.types.items())
        return f"CASE {row.column('place')} {cases} END" if cases else NULL

    def _node(self, found: EntityType, nodes: list[FieldNode], row: Row) -> str:
        table, type_ = table_of(found), self.objects.selections.schema.type_map[found.value]
        assert isinstance(type_, GraphQLObjectType)
        own = Row(self.objects.draft, found.value, self.objects.draft.alias(), table)
        shown = self.objects.of(type_, nodes, own)
        return f"(SELECT {shown} FROM {table.name} {own.alias} WHERE {_here(own.alias, row)})"


def _here(alias: str, row: Row) -> str:
    """Return which row at *alias* was found: by its place in the table, which costs a third of a look into an index.

    The place holds, since it was read by the same statement: one statement, and a stable function that it calls, see
    one snapshot.
    """
    return f"{alias}.ctid = {row.column('at')}"


def _matched(type_: EntityType, row: Row) -> str:
    """Return the SQL of the first field that holds all words, null where they are spread over several."""
    fields = _FIELDS[type_]
    cases = " ".join(
        f"""WHEN text_words({text}) @@ {QUERY} THEN '"{name}"'""" for name, text in fields.items()
    )
    table = table_of(type_).name
    by_words = f"(SELECT CASE {cases} ELSE {NULL} END FROM {table} e WHERE {_here('e', row)})"
    if type_ not in NAMES:
        return by_words
    way = f"{row.alias}.order_key / {10 * FINE}"
    return f"""CASE WHEN {way} = 1 THEN {by_words} ELSE '"{next(iter(fields))}"' END"""
