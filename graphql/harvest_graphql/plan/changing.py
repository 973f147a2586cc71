"""Mutations as plans: what each needs and is given, and the statement that reads its payload after the commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from harvest_graphql.doing import VERSION
from harvest_graphql.plan.draft import Below, Call, Read, Row
from harvest_graphql.plan.objects import Objects
from harvest_graphql.plan.operands import Members, Operand, Values
from harvest_graphql.plan.relations import BACKREF, PORTAL, object_type
from harvest_graphql.problems import Code, Problem
from harvest_graphql.visibility import Scopes

KEYS = "ids"
"""The column of a payload's row that holds the keys of the things that the mutation concerned."""
TOLD = "told"
"""The column of a payload's row that holds what an act tells of several things: a list of objects."""
_TYPES = {
    "Int": "bigint",
    "Float": "double precision",
    "Boolean": "boolean",
    "JSON": "jsonb",
    "DateTime": "timestamptz",
}

Prepare = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Turns a mutation's arguments into what its act takes; Problem where one of them cannot be used."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What a mutation's field does before its payload is read."""

    name: str
    needs: str
    """The scope without which nobody may."""
    given: Read
    """Its arguments in a call, as its act takes them; Problem where one cannot be used."""


def doing_of(field: GraphQLField, name: str, arguments: Mapping[str, Operand]) -> Doing | None:
    """Return what *field* does, called *name* in the schema; None for one that only tells something."""
    marks = field.extensions[BACKREF].metadata
    if "needs" not in marks:
        return None
    prepare: Prepare = marks["prepare"]

    def given(call: Call) -> Mapping[str, Any]:
        return prepare({key: _plain(each.read(call.values), call.values) for key, each in arguments.items()})

    return Doing(name, marks["needs"], given)


def ensure_permitted(needs: frozenset[str], scopes: Scopes) -> None:
    """Raise Problem (FORBIDDEN) where a caller with *scopes* may not do what *needs* others."""
    if missing := needs - scopes:
        raise Problem(Code.FORBIDDEN, f"This takes a key with the scope {' and '.join(sorted(missing))}.")


def answer(objects: Objects, field: GraphQLField, nodes: list[FieldNode], _: Mapping[str, Operand]) -> str:
    """Return the SQL of the payload that *nodes* select: of the row that the act told, and what lies below it."""
    draft = objects.draft
    row = Row(draft, get_named_type(field.type).name, draft.alias(), None)
    text = objects.of(object_type(field), nodes, row)
    told = draft.bind(_told, "jsonb")
    return f"(SELECT {text} FROM jsonb_to_record({told}) AS {row.alias}({_columns(object_type(field))}))"


def several(name: str) -> Callable[[Row], Below]:
    """Return where objects of the type *name* are read that an act told: one of each portal, by its key."""

    def place(row: Row) -> Below:
        draft, alias = row.draft, row.draft.alias()
        type_ = draft.schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType)
        columns = {"portal": "text", **_plain_columns(type_)}
        source = f"jsonb_to_recordset({row.column(TOLD)}) AS {alias}({_listed(columns)})"
        return Below(source, Row(draft, name, alias, None), f"{alias}.portal")

    return place


def portal(row: Row) -> Below:
    """Return where the portal is read whose key the *row* of an object that was told has."""
    alias = row.draft.alias()
    return Below(
        f"portal {alias} WHERE {alias}.key = {row.column('portal')}",
        Row(row.draft, "Portal", alias, PORTAL),
    )


def _told(call: Call) -> str:
    assert call.done is not None, "a payload is read after the act"
    return call.done


def _columns(type_: GraphQLObjectType) -> str:
    """Return the columns of a payload's row: its plain fields, and the keys of the things that it concerned."""
    return _listed({VERSION: "bigint", KEYS: "bigint[]", TOLD: "jsonb", **_plain_columns(type_)})


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def _plain_columns(type_: GraphQLObjectType) -> dict[str, str]:
    """Return the plain fields of *type_* as columns: type by name."""
    columns: dict[str, str] = {}
    for field in type_.fields.values():
        definition = field.extensions[BACKREF]
        if not set(definition.metadata) & {"place", "sql"}:
            named = _TYPES.get(get_named_type(field.type).name, "text")
            columns[definition.python_name] = (
                f"{named}[]" if is_list_type(get_nullable_type(field.type)) else named
            )
    return columns


def _plain(value: Any, values: Values) -> Any:
    """Return a value of an argument without anything that is still to be read."""
    if isinstance(value, Members):
        return {name: _plain(each.read(values), values) for name, each in value.items()}
    return [_plain(each, values) for each in value] if isinstance(value, list) else value
