"""Variables of a call: what their declarations say is found out once, what their values are in each call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    is_non_null_type,
    type_from_ast,
)

from harvest_graphql.plan.operands import Values

_TEXTS = (GraphQLString, GraphQLID)


@dataclass(frozen=True, slots=True)
class Variable:
    """One declared variable."""

    name: str
    type_: GraphQLInputType
    is_text: bool
    """Whether a text given for it is its value."""
    is_leaf: bool
    is_needed: bool
    has_default: bool


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
            if variable.is_text and type(value) is str:
                values[variable.name] = value
                continue
            if value is Undefined and not (variable.is_needed or variable.has_default):
                continue
            if not variable.is_leaf or value is Undefined or value is None:
                break
            value = coerce_input_value(value, variable.type_)
            if value is Undefined:
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
        bare = get_nullable_type(type_)
        found.append(
            Variable(
                each.variable.name.value,
                type_,
                bare in _TEXTS,
                is_leaf_type(bare),
                is_non_null_type(type_),
                each.default_value is not None,
            )
        )
    return found
