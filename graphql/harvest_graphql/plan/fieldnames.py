"""Names of fields as callers write them: with a dot where a field lies in an object."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type

from harvest_graphql.problems import Code, Problem

_SHOWN = 100


def known_field(types: Sequence[GraphQLNamedType], name: str) -> str:
    """Return *name* where it is that of a field of one of *types*; BAD_USER_INPUT where it is not."""
    if not any(_has(type_, name) for type_ in types):
        whose = f"{types[0].name} has no field" if len(types) == 1 else "Nothing here has a field"
        raise Problem(
            Code.BAD_USER_INPUT,
            f"{whose} {name[:_SHOWN]!r}: fields are named as in the schema, with a dot where they lie in an object.",
        )
    return name


def _has(type_: GraphQLNamedType, name: str) -> bool:
    for part in name.split("."):
        if not isinstance(type_, GraphQLObjectType) or part not in type_.fields:
            return False
        type_ = get_named_type(type_.fields[part].type)
    return True
