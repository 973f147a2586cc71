"""Which operations follow events: subscriptions whose field goes on where its reader is by now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)
from graphql.language import FragmentSpreadNode, InlineFragmentNode

from harvest_graphql.plan.relations import BACKREF

CURSOR = "after"
"""The argument that says where a reader begins."""


@dataclass(frozen=True, slots=True)
class Followed:
    """An operation that follows events."""

    variable: str | None
    """The variable that says where its reader begins, where one does: of no meaning once it has begun."""


def followed(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Followed | None:
    """Return how a valid *operation* follows events, None where it does not."""
    root = schema.subscription_type
    if operation.operation is not OperationType.SUBSCRIPTION or root is None:
        return None
    for node in _fields(operation.selection_set, fragments):
        field = root.fields.get(node.name.value)
        if field is not None and field.extensions[BACKREF].metadata.get("marked"):
            given = [each.value for each in node.arguments or () if each.name.value == CURSOR]
            names = [value.name.value for value in given if isinstance(value, VariableNode)]
            return Followed(names[0] if names else None)
    return None


def _fields(
    selection: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    for node in selection.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            yield from _fields(fragments[node.name.value].selection_set, fragments)
