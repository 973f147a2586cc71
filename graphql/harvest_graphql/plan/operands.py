"""Arguments of a document: what each is in this call, and how to read it in every later call of the same shape."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    value_from_ast,
)

from gateway.errors import UsageError
from gateway.model.identity import parse_global_id
from harvest_graphql.plan.cursors import Position
from harvest_graphql.problems import Code, Problem

Values = Mapping[str, Any]
"""The coerced variables of a call."""


class Choice(StrEnum):
    """Enums whose words choose SQL, so that they are part of a plan's key however many there are."""


MOST_WORDS = 3
"""How many words of any other enum are: each set of them that somebody asks for is a plan of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """One value of an argument: *now* as the plan is made, *read* in any call of the plan."""

    now: Any
    read: Callable[[Values], Any]

    def members(self) -> dict[str, Operand]:
        """Return the members of an input object that are given and not null."""
        if isinstance(self.now, Members):
            return {name: each for name, each in self.now.items() if each.now is not None}
        return {name: self._member(name, value) for name, value in self.now.items() if value is not None}

    def _member(self, name: str, value: Any) -> Operand:
        read = self.read
        return Operand(value, lambda values: read(values)[name])


class Members(dict[str, Operand]):
    """An input object written in the document."""


def operand(type_: GraphQLInputType, node: ValueNode, values: Values) -> Operand | None:
    """Return what the argument's value *node* stands for; None where it is an absent variable."""
    if isinstance(node, VariableNode):
        return _variable(type_, node.name.value, values)
    if isinstance(type_, GraphQLNonNull):
        return operand(type_.of_type, node, values)
    if isinstance(node, NullValueNode):
        return Operand(None, lambda _: None)
    if isinstance(type_, GraphQLList):
        return _list(type_.of_type, node, values)
    if isinstance(type_, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        return _object(type_, node, values)
    constant = value_from_ast(node, type_)
    return Operand(constant, lambda _: constant)


def chooses(words: Sequence[Any]) -> bool:
    """Return whether *words* of a list choose SQL."""
    return 0 < len(words) <= MOST_WORDS and all(isinstance(word, StrEnum) for word in words)


def shape(values: Values, ids: frozenset[str]) -> Hashable:
    """Return what of the coerced variables chooses SQL; *ids* are the variables that hold one global id."""
    return tuple(
        [
            (name, _id_type(value) if name in ids else "value" if type(value) is str else _form(value))
            for name, value in values.items()
        ]
    )


def _form(value: Any) -> Hashable:
    match value:
        case str() | float():
            return value if isinstance(value, StrEnum) else "value"
        case None | bool() | int():
            return value
        case Position(key=key):
            return "start" if key is not None else "end"
        case dict():
            return tuple((name, _form(member)) for name, member in value.items())
        case list():
            of_choices = bool(value) and isinstance(value[0], Choice)
            return tuple(value) if of_choices or chooses(value) else min(len(value), 2)
        case _:
            return "value"


def _id_type(value: Any) -> Hashable:
    try:
        return parse_global_id(value)[0] if isinstance(value, str) else value
    except UsageError:
        return "malformed"


def _variable(type_: GraphQLInputType, name: str, values: Values) -> Operand | None:
    if name not in values:
        if isinstance(type_, GraphQLNonNull):
            raise _null(name)
        return None
    if values[name] is None and isinstance(type_, GraphQLNonNull):
        raise _null(name)
    now = values[name]
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(bare, GraphQLList) and now is not None and not isinstance(now, list):
        return Operand([now], lambda given: [given[name]])
    return Operand(now, lambda given: given[name])


def _null(name: str) -> Problem:
    return Problem(Code.BAD_USER_INPUT, f"Variable ${name} is null where a value is needed.")


def _list(type_: GraphQLInputType, node: ValueNode, values: Values) -> Operand:
    nodes = node.values if isinstance(node, ListValueNode) else (node,)
    found = [operand(type_, each, values) for each in nodes]
    items = [each for each in found if each is not None]
    return Operand([each.now for each in items], lambda given: [each.read(given) for each in items])


def _object(type_: GraphQLInputObjectType, node: ObjectValueNode, values: Values) -> Operand:
    found = {
        each.name.value: operand(type_.fields[each.name.value].type, each.value, values)
        for each in node.fields
    }
    members = Members({name: each for name, each in found.items() if each is not None})
    return Operand(members, lambda _: members)
