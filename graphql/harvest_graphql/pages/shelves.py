"""The order of the reference: which types stand together, under which title."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    is_introspection_type,
)

_LISTS = re.compile(r"\w+(Connection|Edge|Group|GroupKeys?)|PageInfo")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Types that stand together."""

    key: str
    title: str
    about: str
    types: list[GraphQLNamedType]


def shelves(schema: GraphQLSchema) -> list[Shelf]:
    """Return every type of *schema* but those of introspection, on one shelf each; no shelf is empty."""
    known = sorted(schema.type_map.values(), key=lambda each: each.name)
    roots = [each for each in (schema.query_type, schema.mutation_type, schema.subscription_type) if each]
    rest = [each for each in known if each not in roots and not is_introspection_type(each)]
    lists = [each for each in rest if _LISTS.fullmatch(each.name)]
    rest = [each for each in rest if each not in lists]
    inputs, enums, scalars = (_of(rest, kind) for kind in _KINDS)
    things = [each for each in rest if each not in {*inputs, *enums, *scalars}]
    found = [
        Shelf("roots", "Where to begin", "The fields that a request may begin with.", [*roots]),
        Shelf("types", "Things", "What there is, and what is said about it.", things),
        Shelf("lists", "Lists and groups", "How lists come in pages, and are counted in groups.", lists),
        Shelf("inputs", "Filters and orders", "What narrows and sorts a list.", inputs),
        Shelf("enums", "Words", "Values from closed lists.", enums),
        Shelf("scalars", "Scalars", "Values without parts.", scalars),
    ]
    return [shelf for shelf in found if shelf.types]


_KINDS = (GraphQLInputObjectType, GraphQLEnumType, GraphQLScalarType)
_WORDS: Mapping[type[GraphQLNamedType], str] = {
    GraphQLObjectType: "type",
    GraphQLInterfaceType: "interface",
    GraphQLUnionType: "union",
    GraphQLInputObjectType: "input",
    GraphQLEnumType: "enum",
    GraphQLScalarType: "scalar",
}


def _of(types: list[GraphQLNamedType], kind: type[GraphQLNamedType]) -> list[GraphQLNamedType]:
    return [each for each in types if isinstance(each, kind)]


def kind(type_: GraphQLNamedType) -> str:
    """Return what a type is, in the word of the schema definition language."""
    return next(word for each, word in _WORDS.items() if isinstance(type_, each))
