"""Tables, columns and relations of the types, as the SQLModel metadata tells them."""

from __future__ import annotations

import re

from graphql import GraphQLField, GraphQLObjectType, get_named_type
from sqlalchemy import Column, Table

from gateway.model.enums import EntityType
from gateway.store import ledger, tables, totals

PORTAL: Table = ledger.Portal.__table__  # type: ignore[attr-defined]
BACKREF = "strawberry-definition"
"""The extension of a part of the schema that holds what Strawberry knows of it."""
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def table_of(type_: EntityType) -> Table:
    """Return the table of the rows of *type_*: what stands after FROM is ``Draft.rows``."""
    table: Table = tables.ROWS[type_].__table__  # type: ignore[attr-defined]
    return table


def rollup_of(type_: EntityType) -> Table | None:
    """Return the table that holds the most used columns of the rows of *type_* that are known of themselves."""
    return _ROLLUPS.get(type_)


def entity_type(name: str) -> EntityType | None:
    """Return the entity type of a type of the schema; None where it is none."""
    return _NAMES.get(name)


def object_type(field: GraphQLField) -> GraphQLObjectType:
    """Return the object type of a field, or of the members of its list."""
    named = get_named_type(field.type)
    assert isinstance(named, GraphQLObjectType)
    return named


def snake(name: str) -> str:
    """Return the column's name of a field: ``lastJob`` is ``last_job``."""
    return _CAPITAL.sub("_", name).lower()


def to_one(table: Table, relation: str) -> tuple[str, EntityType]:
    """Return the column of *table* that holds the key of the *relation*'s row, and that row's type."""
    name = f"{relation}_id"
    return name, _BY_TABLE[table.c[name].info["refers"]]


def to_many(type_: EntityType, owner: Table, via: str | None) -> str:
    """Return the column of *type_*'s table that refers to *owner*; *via* names it where there are several."""
    if via:
        return via
    (name,) = (column.name for column in table_of(type_).columns if column.info.get("refers") == owner.name)
    return name


def is_private(column: Column[object]) -> bool:
    """Return whether only callers with a scope may read *column*."""
    return column.info.get("visibility") == "PRIVATE"


_NAMES: dict[str, EntityType] = {each.value: each for each in EntityType}
_BY_TABLE = {str(row.__tablename__): type_ for type_, row in tables.ROWS.items()}
_ROLLUPS: dict[EntityType, Table] = {EntityType.HARVEST_JOB: totals.JobRollup.__table__}  # type: ignore[attr-defined]
