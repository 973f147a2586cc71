"""SQL that makes JSON text: of values by the type they have in the schema, of objects, of lists."""

from __future__ import annotations

from collections.abc import Iterable

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLType,
    get_named_type,
)

NULL = "'null'"
_MOST_ARGUMENTS = 99
_INSTANT = r'"\""YYYY-MM-DD"T"HH24:MI:SS.US"Z\""'


def leaf(type_: GraphQLType, sql: str, *, nullable: bool) -> str:
    """Return the SQL, as JSON text, of the column *sql* that a field of *type_* shows."""
    text = _list_or_text(type_, sql)
    return f"coalesce({text}, 'null')" if nullable else text


def member(type_: GraphQLType, json: str) -> str:
    """Return the SQL, as JSON text, of the jsonb value *json*: null where it is not what *type_* says."""
    name = get_named_type(type_).name
    if isinstance(_bare(type_), GraphQLList):
        return f"coalesce({_if_kind(json, 'array')}::text, {_absent(type_, '[]')})"
    if name == "JSON":
        return f"coalesce(({json})::text, 'null')"
    if kind := {"Boolean": "boolean", "Int": "number", "Float": "number"}.get(name):
        return f"coalesce({_if_kind(json, kind)}::text, 'null')"
    return f"coalesce(to_json(({json}) #>> '{{}}')::text, {_absent(type_, '')})"


def object_text(parts: Iterable[tuple[str, str]]) -> str:
    """Return the SQL, as JSON text, of an object of *parts*: keys (names of GraphQL) and the SQL of their JSON text."""
    pieces: list[str] = []
    text = "{"
    for index, (key, sql) in enumerate(parts):
        text += f'{"," if index else ""}"{key}":'
        if is_constant(sql):
            text += sql[1:-1]
        else:
            pieces += [f"'{text}'", sql]
            text = ""
    return _concat([*pieces, f"'{text}}}'"])


def list_text(items: str) -> str:
    """Return the SQL, as JSON text, of the list whose members, joined by commas, are the SQL *items*."""
    return f"concat('[', {items}, ']')"


def constant(text: str) -> str:
    """Return the SQL literal of *text*, JSON text without an apostrophe or a backslash."""
    return f"'{text}'"


def typename(type_: GraphQLNamedType) -> str:
    """Return the SQL of the value of ``__typename``."""
    return constant(f'"{type_.name}"')


def is_constant(sql: str) -> bool:
    """Return whether *sql* is a plain literal."""
    return len(sql) > 1 and sql[0] == sql[-1] == "'" and "'" not in sql[1:-1]


def instant(sql: str) -> str:
    """Return the SQL, as JSON text, of a timestamp; SQL NULL for none."""
    return f"to_char({sql} AT TIME ZONE 'UTC', '{_INSTANT}')"


def _list_or_text(type_: GraphQLType, sql: str) -> str:
    if isinstance(_bare(type_), GraphQLList):
        return f"to_json({sql})::text"
    named = get_named_type(type_)
    if isinstance(named, GraphQLEnumType):
        return f"""'"' || {sql} || '"'"""
    if named.name in {"Int", "Boolean", "JSON"}:
        return f"({sql})::text"
    return instant(sql) if named.name == "DateTime" else f"to_json({sql})::text"


def _bare(type_: GraphQLType) -> GraphQLType:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _absent(type_: GraphQLType, empty: str) -> str:
    if not isinstance(type_, GraphQLNonNull):
        return "'null'"
    return f"'{empty}'" if empty else """'""'"""


def _if_kind(json: str, kind: str) -> str:
    return f"(CASE WHEN jsonb_typeof({json}) = '{kind}' THEN {json} END)"


def _concat(pieces: list[str]) -> str:
    """Return one SQL expression of all *pieces*; a call takes no more than a hundred."""
    if len(pieces) == 1:
        return pieces[0]
    while len(pieces) > _MOST_ARGUMENTS:
        pieces = [
            _concat(pieces[start : start + _MOST_ARGUMENTS])
            for start in range(0, len(pieces), _MOST_ARGUMENTS)
        ]
    return f"concat({', '.join(pieces)})"
