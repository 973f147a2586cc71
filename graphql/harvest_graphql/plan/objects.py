"""Objects of an answer: each selected field becomes the SQL of its JSON text, read from a row or what lies below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from harvest_graphql.plan.computed import elements
from harvest_graphql.plan.draft import Below, Draft, Member, Place, Row
from harvest_graphql.plan.leaves import NULL, leaf, list_text, member, object_text, typename
from harvest_graphql.plan.listing import Listing, is_connection, member_type
from harvest_graphql.plan.relations import BACKREF, PORTAL, object_type, table_of, to_many, to_one
from harvest_graphql.plan.selection import Selections


@dataclass(frozen=True, slots=True)
class Objects:
    """Writes the objects of one statement."""

    selections: Selections
    draft: Draft

    def of(self, type_: GraphQLObjectType, nodes: Iterable[FieldNode], place: Row | Member) -> str:
        """Return the SQL of the object of *type_* that *nodes* select, read from *place*."""
        parts = []
        for key, each in self.selections.of(type_, nodes).items():
            name = each[0].name.value
            sql = (
                typename(type_)
                if name == "__typename"
                else self._field(type_.fields[name], name, each, place)
            )
            parts.append((key, sql))
        return object_text(parts)

    def connection(
        self, field: GraphQLField, nodes: list[FieldNode], *, owner: tuple[str, str] | None = None
    ) -> str:
        """Return the list that *nodes* select; *owner*: the column that has to be equal to that SQL."""
        arguments = self.selections.arguments(field, nodes[0])
        listing = Listing.of(self.selections, self.draft, field, arguments, owner)
        return listing.text(nodes, self.of)

    def below(self, field: GraphQLField, nodes: list[FieldNode], place: Place) -> str:
        """Return the object, or the list of objects, that is read at *place*."""
        named = object_type(field)
        if isinstance(place, Member):
            return self.of(named, nodes, place)
        if isinstance(place, Row):
            text = self.of(named, nodes, place)
            return text if is_non_null_type(field.type) else _if_any(named, text, place)
        text = self.of(named, nodes, place.row)
        if not is_list_type(get_nullable_type(field.type)):
            return f"coalesce((SELECT {text} FROM {place.source}), {NULL})"
        order = f" ORDER BY {place.order}" if place.order else ""
        items = f"string_agg({text}, ','{order})"
        return f"(SELECT {list_text(items)} FROM {place.source})"

    def _field(self, field: GraphQLField, said: str, nodes: list[FieldNode], place: Row | Member) -> str:
        if isinstance(place, Member):
            return self._member(field, said, nodes, place)
        definition = field.extensions[BACKREF]
        marks: Mapping[str, Any] = definition.metadata
        self.draft.volatile |= bool(marks.get("volatile"))
        if marks.get("private") and not self.draft.may_read_private:
            return self._withheld(said, place)
        if sql := marks.get("sql"):
            return str(sql(place))
        if write := marks.get("write"):
            return str(write(self, nodes, place))
        if is_leaf_type(get_named_type(field.type)):
            return self._leaf(field, said, definition.python_name, place)
        return self._related(field, nodes, marks, place)

    def _related(
        self, field: GraphQLField, nodes: list[FieldNode], marks: Mapping[str, Any], row: Row
    ) -> str:
        """Return other rows of *row*: a list of them, or one that is read at a place of its own."""
        if is_connection(field):
            return self._related_list(field, nodes, row, marks.get("via"))
        return self.below(field, nodes, self._place(field, nodes, marks, row))

    def _leaf(self, field: GraphQLField, said: str, name: str, row: Row) -> str:
        if row.private(name):
            return self._withheld(said, row)
        return leaf(field.type, row.column(name), nullable=row.nullable(name))

    def _withheld(self, said: str, row: Row) -> str:
        """Return null for a field that this caller may not read, and remember to say so."""
        self.draft.private.add(f"{row.type_name}.{said}")
        return NULL

    def _member(self, field: GraphQLField, said: str, nodes: list[FieldNode], place: Member) -> str:
        """Return a field of a JSON object, whose keys are in either spelling; ``raw`` is the object itself."""
        name = field.extensions[BACKREF].python_name
        json = place.json if name == "raw" else f"({place.json} -> '{said}')"
        if name != said:
            json = f"coalesce({json}, {place.json} -> '{name}')"
        if is_leaf_type(get_named_type(field.type)):
            return member(field.type, json)
        return self.below(field, nodes, elements(self.draft, json))

    def _place(
        self, field: GraphQLField, nodes: list[FieldNode], marks: Mapping[str, Any], row: Row
    ) -> Place:
        """Return where the fields of an object are read that a row has."""
        named, name = get_named_type(field.type).name, field.extensions[BACKREF].python_name
        if place := marks.get("place"):
            given = (self.selections.arguments(field, nodes[0]),) if field.args else ()
            found: Place = place(row, *given)
            return found
        if (prefix := marks.get("embedded")) is not None:
            return row.embedded(prefix)
        if row.holds_json(name):
            return elements(self.draft, row.column(name))
        alias = self.draft.alias()
        if named == "Portal":
            return Below(
                f"portal {alias} WHERE {alias}.number = {row.column('portal')}",
                Row(self.draft, named, alias, PORTAL),
            )
        assert row.table is not None, f"{row.type_name}.{name} needs a mark"
        column, target = to_one(row.table, row.prefix + (marks.get("via") or name))
        table = table_of(target)
        key = row.embedded("").column(column)
        return Below(
            f"{self.draft.rows(target)} {alias} WHERE {alias}.id = {key}",
            Row(self.draft, named, alias, table),
        )

    def _related_list(self, field: GraphQLField, nodes: list[FieldNode], row: Row, via: str | None) -> str:
        """Return the connection of the rows that refer to *row*."""
        assert row.table is not None
        column = to_many(member_type(field), row.table, via)
        return self.connection(field, nodes, owner=(column, row.column("id")))


def _if_any(type_: GraphQLObjectType, text: str, row: Row) -> str:
    """Return an embedded object, null where none of its columns has a value."""
    fields = [field.extensions[BACKREF] for field in type_.fields.values()]
    names = [each.python_name for each in fields if "sql" not in each.metadata]
    columns = [row.column(name if row.has(name) else f"{name}_id") for name in names]
    return f"CASE WHEN num_nonnulls({', '.join(columns)}) = 0 THEN {NULL} ELSE {text} END"
