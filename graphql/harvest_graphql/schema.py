"""The schema: types, inputs and words, as Strawberry and graphql-core know them."""

from __future__ import annotations

import strawberry
from graphql import GraphQLSchema, lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig

from harvest_graphql.entity import Entity
from harvest_graphql.mutation import Mutation
from harvest_graphql.publishers import Person
from harvest_graphql.query import Query
from harvest_graphql.scalars import SCALARS
from harvest_graphql.subscription import Subscription

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Entity, Person],
    config=StrawberryConfig(scalar_map=SCALARS),
)
"""What the gateway answers."""


def core(of: strawberry.Schema = schema) -> GraphQLSchema:
    """Return graphql-core's form of a schema."""
    return of._schema  # noqa: SLF001 - Strawberry names it in no other way


def sdl() -> str:
    """Return the schema in the schema definition language, sorted, with a line end at its end."""
    return print_schema(lexicographic_sort_schema(core())) + "\n"
