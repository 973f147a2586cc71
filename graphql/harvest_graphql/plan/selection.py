"""Selections of a document: which fields of a type an answer holds, once fragments and directives are resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    NamedTypeNode,
    SelectionSetNode,
    is_abstract_type,
)
from graphql.language import FragmentSpreadNode, InlineFragmentNode, SelectionNode

from harvest_graphql.plan.operands import Operand, Values, operand

Selected = dict[str, list[FieldNode]]
"""The nodes of each field of an answer, by the answer's key, in the answer's order."""


@dataclass(frozen=True, slots=True)
class Selections:
    """What a document selects, given the variables of a call."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    values: Values

    def of(self, type_: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Selected:
        """Return the fields of *type_* that are selected below *nodes*."""
        found: Selected = {}
        seen: set[str] = set()
        for node in nodes:
            if node.selection_set:
                self._collect(type_, node.selection_set, found, seen)
        return found

    def at_root(self, type_: GraphQLObjectType, selection: SelectionSetNode) -> Selected:
        """Return the fields that the operation itself selects."""
        found: Selected = {}
        self._collect(type_, selection, found, set())
        return found

    def arguments(self, field: GraphQLField, node: FieldNode) -> dict[str, Operand]:
        """Return the arguments that are given and not null."""
        found: dict[str, Operand] = {}
        for argument in node.arguments or ():
            value = operand(field.args[argument.name.value].type, argument.value, self.values)
            if value is not None and value.now is not None:
                found[argument.name.value] = value
        return found

    def _collect(
        self, type_: GraphQLObjectType, selection: SelectionSetNode, found: Selected, seen: set[str]
    ) -> None:
        for node in selection.selections:
            if self._left_out(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if self._applies(node.type_condition, type_):
                    self._collect(type_, node.selection_set, found, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition, type_):
                    self._collect(type_, fragment.selection_set, found, seen)

    def _applies(self, condition: NamedTypeNode | None, type_: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == type_.name:
            return True
        named = self.schema.type_map[condition.name.value]
        return is_abstract_type(named) and self.schema.is_sub_type(named, type_)

    def _left_out(self, node: SelectionNode) -> bool:
        return (
            self._if(node, GraphQLSkipDirective.name) is True
            or self._if(node, GraphQLIncludeDirective.name) is False
        )

    def _if(self, node: SelectionNode, directive: str) -> Any:
        for each in node.directives or ():
            if each.name.value == directive:
                given = next(iter(each.arguments or ()))
                value = operand(GraphQLSkipDirective.args["if"].type, given.value, self.values)
                return None if value is None else value.now
        return None
