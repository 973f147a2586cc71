"""Variables of a call: what their declarations say is found out once, what their values are in each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLID,
    GraphQLInputType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    coerce_input_value,
    get_nullable_type,
    get_variable_values,
    is_input_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)

from harvest_graphql.plan.operands import Values

Coerce = Callable[[Any], Any]
_TEXTS = (GraphQLString, GraphQLID)


@dataclass(frozen=True, slots=True)
class Variable:
    """One declared variable."""

    name: str
    read: Coerce | None
    """Reads what is given for it, Undefined where that is out of the ordinary; None where its type is."""
    is_optional: bool
    """Whether it has no value where none is given."""


class Variables:
    """The variables that one valid operation declares."""

    def __init__(self, schema: GraphQLSchema, node: OperationDefinitionNode) -> None:
        self._schema = schema
        self._nodes = node.variable_definitions or ()
        self._declared = tuple(_variables(schema, node))

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._nodes)

    def coerced(self, given: Mapping[str, Any], most_errors: int) -> Values | list[GraphQLError]:
        """Return the values of the variables, or what is wrong with *given*: at most *most_errors* mistakes.

        What is out of the ordinary (a default, an input object, a mistake) is left to graphql-core.
        """
        values: dict[str, Any] = {}
        for variable in self._declared:
            value = given.get(variable.name, Undefined)
            if value is Undefined and variable.is_optional:
                continue
            if variable.read is None or (value := variable.read(value)) is Undefined:
                break
            values[variable.name] = value
        else:
            return values
        found = get_variable_values(
            self._schema, self._nodes, dict(given), max_errors=most_errors, hide_suggestions=True
        )
        return found if isinstance(found, list) else found.coerced


def _variables(schema: GraphQLSchema, node: OperationDefinitionNode) -> list[Variable]:
    found = []
    for each in node.variable_definitions or ():
        type_: Any = type_from_ast(schema, each.type)
        assert is_input_type(type_), "the document is valid"
        optional = not is_non_null_type(type_) and each.default_value is None
        found.append(Variable(each.variable.name.value, _reader(type_), optional))
    return found


def _reader(type_: Any) -> Coerce | None:
    """Return how a value of *type_* is read: of a text, of any other leaf, of lists of them; None for others."""
    bare = get_nullable_type(type_)
    if bare in _TEXTS:
        return _text
    if is_leaf_type(bare):
        return partial(_leaf, bare)
    member = _reader(bare.of_type) if is_list_type(bare) else None
    return None if member is None else partial(_list, member)


def _text(value: Any) -> Any:
    return value if type(value) is str else Undefined


def _leaf(type_: GraphQLInputType, value: Any) -> Any:
    return Undefined if value is None or value is Undefined else coerce_input_value(value, type_)


def _list(member: Coerce, value: Any) -> Any:
    if type(value) is not list:
        return Undefined
    found = [member(each) for each in value]
    return Undefined if Undefined in found else found
