"""What the rows of a list can be counted by, as the metadata of their table tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from gateway.model.enums import EntityType
from harvest_graphql.plan.relations import table_of, to_one

BUCKETS = ("day", "week", "month", "year")
"""Spans of time that rows can be gathered in; a week begins on Monday."""
_INSTANTS = ("created_at", "modified_at", "first_seen_at")
_LEADING = ("source", "job")
_THINGS = (EntityType.ORGANIZATION, EntityType.HARVEST_BACKEND, EntityType.HARVEST_SOURCE)
_DERIVED_FROM = "wire_"


@dataclass(frozen=True, slots=True)
class Key:
    """Something to count by: a column of the row to which the relations of *path* lead."""

    name: str
    """As in the API, in snake case."""
    column: str
    path: tuple[str, ...] = ()
    words: type[StrEnum] | None = None
    """The words that the column holds, where it holds some."""
    target: EntityType | None = None
    """What the column names, where it names a thing."""

    @property
    def is_bucket(self) -> bool:
        """Return whether the rows are gathered by time."""
        return self.name in BUCKETS

    @property
    def is_portal(self) -> bool:
        """Return whether the column is the portal's number."""
        return self.column == "portal"


@cache
def keys_of(type_: EntityType) -> dict[str, Key]:
    """Return what a list of *type_* can be counted by, by name."""
    found = [Key("portal", "portal"), *_things(type_), *_words(type_)]
    buckets = [Key(name, main_instant(type_)) for name in BUCKETS]
    return {key.name: key for key in (*found, *buckets)}


def main_instant(type_: EntityType) -> str:
    """Return the column of the instant at which a row of *type_* belongs in time."""
    columns = table_of(type_).columns
    return next(name for name in _INSTANTS if name in columns)


def _words(type_: EntityType) -> Iterator[Key]:
    for column in table_of(type_).columns:
        words = column.info.get("enum")
        if words is not None and not column.name.startswith(_DERIVED_FROM):
            yield Key(column.name, column.name, words=words)


def _things(type_: EntityType) -> Iterator[Key]:
    for target in _THINGS:
        name = target.removeprefix("Harvest").lower()
        path = _path(type_, name)
        if path is not None:
            yield Key(name, f"{name}_id", path, target=target)


def _path(type_: EntityType, name: str) -> tuple[str, ...] | None:
    """Return the relations that lead from *type_* to the row that names the *name*; None where none does."""
    table = table_of(type_)
    if f"{name}_id" in table.columns:
        return ()
    for relation in _LEADING:
        if f"{relation}_id" in table.columns:
            further = _path(to_one(table, relation)[1], name)
            return None if further is None else (relation, *further)
    return None
