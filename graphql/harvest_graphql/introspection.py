"""What is asked of the schema itself: graphql-core answers it, beside or without data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, SelectionSetNode, execute_sync

from harvest_graphql.documents import Operation
from harvest_graphql.plan.planner import Introspection


def introspect(
    schema: GraphQLSchema, operation: Operation, field: Introspection, variables: Mapping[str, Any]
) -> bytes:
    """Return the JSON of one root field about the schema; *variables* as they were sent."""
    node = operation.node
    alone = OperationDefinitionNode(
        operation=node.operation,
        name=node.name,
        variable_definitions=node.variable_definitions,
        directives=node.directives,
        selection_set=SelectionSetNode(selections=field.nodes),
    )
    document = DocumentNode(definitions=(alone, *operation.fragments.values()))
    result = execute_sync(schema, document, variable_values=dict(variables))
    if result.errors or result.data is None:
        raise result.errors[0] if result.errors else RuntimeError("introspection without data")
    return json.dumps(result.data[field.key], separators=(",", ":")).encode()
