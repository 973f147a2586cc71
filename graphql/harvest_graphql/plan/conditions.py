"""Filter inputs as SQL conditions, found by the names and types of their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLInputField, GraphQLInputObjectType, get_named_type
from sqlalchemy import ARRAY, Table

from gateway.errors import UsageError
from gateway.model.enums import EntityType
from gateway.model.identity import parse_global_id
from harvest_graphql.plan.computed import LISTED
from harvest_graphql.plan.cursors import is_text
from harvest_graphql.plan.draft import Call, Draft, Read
from harvest_graphql.plan.leaves import constant
from harvest_graphql.plan.matching import contains
from harvest_graphql.plan.operands import Operand, chooses
from harvest_graphql.plan.relations import BACKREF, entity_type, snake, table_of, to_one
from harvest_graphql.problems import Code, Problem, UnknownPortal

_ID_HINT = "Take ids from an answer's `id`."


def conditions(
    draft: Draft, type_: EntityType, alias: str, filters: GraphQLInputObjectType, given: Operand | None
) -> list[str]:
    """Return the conditions on the rows of *type_* at *alias*: what is *given*, and the defaults of lists."""
    members = given.members() if given else {}
    found = [
        _condition(draft, type_, alias, filters.fields[name], name, value) for name, value in members.items()
    ]
    return [*found, *_defaults(type_, alias, members)]


def _defaults(type_: EntityType, alias: str, members: Mapping[str, Operand]) -> list[str]:
    """Return what lists leave out unless they are asked for it."""
    found = []
    if "presence" not in members:
        found.append(f"{alias}.presence IN {LISTED}")
    if type_ is EntityType.HARVEST_JOB and "status" not in members:
        found.append(f"{alias}.status <> 'SCHEDULED'")
    return found


def _condition(
    draft: Draft, type_: EntityType, alias: str, field: GraphQLInputField, name: str, value: Operand
) -> str:
    marks = field.extensions[BACKREF].metadata
    draft.volatile |= bool(marks.get("volatile"))
    column = marks.get("column", snake(name))
    path: tuple[str, ...] = marks.get("through", ())
    if written := marks.get("condition"):
        return _through(draft, type_, alias, path, lambda _, at: str(written(draft, at, value)))
    return _through(draft, type_, alias, path, lambda end, at: _own(draft, end, at, column, field, value))


def _through(
    draft: Draft, type_: EntityType, alias: str, path: tuple[str, ...], own: Callable[[EntityType, str], str]
) -> str:
    """Return the condition *own* on the row to which the relations of *path* lead."""
    if not path:
        return own(type_, alias)
    column, target = to_one(table_of(type_), path[0])
    next_alias = draft.alias()
    inner = _through(draft, target, next_alias, path[1:], own)
    rows = f"{draft.rows(target)} {next_alias}"
    return f"EXISTS (SELECT FROM {rows} WHERE {next_alias}.id = {alias}.{column} AND {inner})"


def _own(
    draft: Draft, type_: EntityType, alias: str, column: str, field: GraphQLInputField, value: Operand
) -> str:
    """Return the condition on the row's own *column*."""
    table = table_of(type_)
    kind = get_named_type(field.type).name
    if column == "portal":
        return of_portals(draft, alias, value)
    if kind == "ID":
        key, target = (column, type_) if column == "id" else to_one(table, column)
        return _thing(draft, target, f"{alias}.{key}", value)
    if kind == "DateTimeRange":
        return _range(draft, f"{alias}.{column}", value)
    if kind == "Boolean":
        return _flag(table, alias, column, value)
    if kind == "Int":
        return f"{alias}.{column.removesuffix('_gte')} >= {draft.bind(_reader(value), 'integer')}"
    return _worded(draft, type_, alias, column, value)


def _worded(draft: Draft, type_: EntityType, alias: str, column: str, value: Operand) -> str:
    """Return the condition on a *column* of text: what it contains, or which of several it is or has."""
    if column.endswith("_contains"):
        return contains(type_, alias, column.removesuffix("_contains"), _one(draft, value))
    if isinstance(table_of(type_).c[column].type, ARRAY):
        return f"{alias}.{column} && {_words(draft, value)}"
    return _among(draft, f"{alias}.{column}", value)


def _among(draft: Draft, column: str, value: Operand) -> str:
    """Return that *column* is one of the words in *value*."""
    if chooses(value.now):  # Postgres plans once what it knows, and each time what may be rare or not
        words = ", ".join(constant(word) for word in value.now)
        return f"{column} IN ({words})"
    if len(value.now) == 1:
        return f"{column} = {draft.bind(lambda call: plain_text(value.read(call.values)[0]), 'text')}"
    return f"{column} = ANY ({_words(draft, value)})"


def _words(draft: Draft, value: Operand) -> str:
    return draft.bind(lambda call: [plain_text(each) for each in value.read(call.values)], "text[]")


def _one(draft: Draft, value: Operand) -> str:
    return draft.bind(lambda call: plain_text(value.read(call.values)), "text")


def of_portals(draft: Draft, alias: str, value: Operand) -> str:
    """Return that the row at *alias* is of one of the portals whose keys are in *value*."""
    if len(value.now) == 1:
        key = draft.bind(lambda call: _known_portals(call, value)[0], "text")
        return f"{alias}.portal = {portal_number(key)}"
    keys = draft.bind(lambda call: _known_portals(call, value), "text[]")
    return f"{alias}.portal = ANY (ARRAY(SELECT w.number FROM portal w WHERE w.key = ANY ({keys})))"


def portal_number(key: str) -> str:
    """Return the SQL of the number of the portal with the SQL *key*."""
    return f"(SELECT w.number FROM portal w WHERE w.key = {key})"


def _known_portals(call: Call, value: Operand) -> list[str]:
    keys: list[str] = value.read(call.values)
    for key in keys:
        if key not in call.portals:
            raise UnknownPortal(key, [known for known in call.portals if known])
    return keys


def _thing(draft: Draft, target: EntityType, key: str, value: Operand) -> str:
    """Return that the SQL *key* is that of one of the *target*s whose global ids are in *value*."""
    if len(value.now) == 1:
        portal, native = ids_of(draft, target, lambda call: value.read(call.values)[0])
        return f"{key} = {row_key(target, portal, native)}"
    pairs = _read_pairs(target, value)
    portals = draft.bind(lambda call: [portal for portal, _ in pairs(call)], "text[]")
    natives = draft.bind(lambda call: [native for _, native in pairs(call)], "text[]")
    return (
        f"{key} = ANY (ARRAY(SELECT w.id FROM unnest({portals}, {natives}) AS g(portal, native)"
        f" JOIN portal p ON p.key = g.portal JOIN {table_of(target).name} w"
        " ON w.portal = p.number AND w.native_id = g.native))"
    )


def _read_pairs(target: EntityType, value: Operand) -> Callable[[Call], list[tuple[str, str]]]:
    return lambda call: [identity(each, target) for each in value.read(call.values)]


def ids_of(draft: Draft, target: EntityType, read: Read) -> tuple[str, str]:
    """Return the SQL of portal key and native id of the global id of a *target* that *read* finds."""
    portal = draft.bind(lambda call: identity(read(call), target)[0], "text")
    return portal, draft.bind(lambda call: identity(read(call), target)[1], "text")


def row_key(target: EntityType, portal: str, native: str) -> str:
    """Return the SQL of the internal key of an entity."""
    number = portal_number(portal)
    return (
        f"(SELECT w.id FROM {table_of(target).name} w WHERE w.portal = {number} AND w.native_id = {native})"
    )


def identity(text: Any, target: EntityType | None = None) -> tuple[str, str]:
    """Return portal key and native id of a global id; BAD_ID where it is none, or not a *target*'s."""
    type_, portal, native = parsed(text)
    if target is not None and entity_type(type_) is not target:
        raise Problem(Code.BAD_ID, f"{text!r} is the id of a {type_}; an id of a {target} is needed.")
    return portal, native


def parsed(text: Any) -> tuple[str, str, str]:
    """Return type, portal key and native id of a global id; BAD_ID where it is none."""
    try:
        type_, portal, native = parse_global_id(str(text))
    except UsageError:
        shown = str(text)[:100]
        raise Problem(Code.BAD_ID, f"{shown!r} is not an id of the gateway. {_ID_HINT}") from None
    if (entity_type(type_) is None and type_ != "Portal") or "\0" in portal + native:
        raise Problem(Code.BAD_ID, f"{str(text)[:100]!r} is not an id of the gateway. {_ID_HINT}")
    return type_, portal, native


def _range(draft: Draft, column: str, value: Operand) -> str:
    signs = {"since": ">=", "until": "<"}
    bounds = [
        f"{column} {signs[name]} {draft.bind(_reader(bound), 'timestamptz')}"
        for name, bound in value.members().items()
    ]
    return " AND ".join(bounds) or "true"


def _reader(value: Operand) -> Read:
    return lambda call: value.read(call.values)


def _flag(table: Table, alias: str, column: str, value: Operand) -> str:
    if column.startswith("has_"):
        name, _ = to_one(table, column.removeprefix("has_"))
        return f"{alias}.{name} IS {'NOT ' if value.now else ''}NULL"
    return f"{alias}.{column}" if value.now else f"NOT {alias}.{column}"


def plain_text(value: Any) -> str:
    """Return a text that Postgres can be given; BAD_USER_INPUT where it holds what no database text can."""
    text = str(value)
    if not is_text(text):
        raise Problem(Code.BAD_USER_INPUT, "Text cannot hold the character NUL or half a surrogate pair.")
    return text
