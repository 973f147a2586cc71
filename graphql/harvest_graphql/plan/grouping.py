"""Grouped counts: the whole list's rows, counted by their keys in the list's own statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import available_timezones

from graphql import FieldNode, GraphQLField, GraphQLObjectType

from gateway.model.enums import EntityType
from harvest_graphql.plan import rolled
from harvest_graphql.plan.computed import LISTED
from harvest_graphql.plan.draft import Draft, Row
from harvest_graphql.plan.keys import Key, keys_of
from harvest_graphql.plan.leaves import NULL, constant, leaf, list_text, object_text, typename
from harvest_graphql.plan.operands import Operand
from harvest_graphql.plan.relations import PORTAL, object_type, rollup_of, snake, table_of, to_one
from harvest_graphql.plan.selection import Selections
from harvest_graphql.problems import Code, Problem

DEFAULT_ZONE = "UTC"
"""The time zone of days, weeks, months and years unless it is said."""
FIRST = 100
"""How many groups there are at most unless it is said."""
MOST_GROUPS = 1000
"""How many groups there may be."""
MOST_KEYS = 3
"""By how many keys rows may be counted at once."""
_NO_ZONES = frozenset({"Factory", "localtime"})

Write = Callable[[GraphQLObjectType, Iterable[FieldNode], Row], str]
"""Returns the SQL of an object of a type, as nodes select it, from a row."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a list, whatever the page."""

    type_: EntityType
    alias: str
    """The alias of the table in *conditions*."""
    conditions: tuple[str, ...]


@dataclass(slots=True)
class Grouping:
    """Writes the groups of one list. They are a sub-select: ``k0``, ``k1``, … are the keys, ``n`` counts from 1."""

    selections: Selections
    draft: Draft
    rows: Rows
    keys: tuple[Key, ...]
    zone: str
    size: int
    alias: str
    joins: dict[tuple[str, ...], tuple[str, str]] = field(default_factory=dict)
    """What is joined to the rows to reach their keys: alias and SQL by the relations that lead there."""

    @classmethod
    def of(
        cls, selections: Selections, draft: Draft, rows: Rows, arguments: Mapping[str, Operand]
    ) -> Grouping:
        """Return the groups of *rows* that *arguments* (by, timeZone, first) ask for."""
        names = [str(name.value) for name in arguments["by"].now]
        if not 1 <= len(names) <= MOST_KEYS or len(set(names)) < len(names):
            raise Problem(Code.BAD_USER_INPUT, f"Count by 1 to {MOST_KEYS} keys, each of them once.")
        size = arguments["first"].now if "first" in arguments else FIRST
        if not 0 <= size <= MOST_GROUPS:
            raise Problem(Code.BAD_USER_INPUT, f"There can be 0 to {MOST_GROUPS} groups, not {size}.")
        keys = tuple(keys_of(rows.type_)[name] for name in names)
        zone = _zone(draft, arguments.get("timeZone"))
        return cls(selections, draft, rows, keys, zone, size, draft.alias())

    def text(self, field_: GraphQLField, nodes: list[FieldNode], write: Write) -> str:
        """Return the SQL of the list of groups that *nodes* select."""
        type_ = object_type(field_)
        said = {"count": f"{self.alias}.count::text", "__typename": typename(type_)}
        parts = []
        for key, each in self.selections.of(type_, nodes).items():
            name = each[0].name.value
            parts.append((key, said.get(name) or self._keys(object_type(type_.fields["keys"]), each, write)))
        items = f"string_agg({object_text(parts)}, ',' ORDER BY {self.alias}.n)"
        return f"(SELECT {list_text(items)} FROM ({self._placed()}) {self.alias})"

    def _keys(self, type_: GraphQLObjectType, nodes: list[FieldNode], write: Write) -> str:
        places = {key.name: place for place, key in enumerate(self.keys)}
        parts = []
        for answer, each in self.selections.of(type_, nodes).items():
            name = each[0].name.value
            if name == "__typename":
                parts.append((answer, typename(type_)))
            elif snake(name) not in places:
                parts.append((answer, NULL))
            else:
                parts.append((answer, self._key(type_.fields[name], each, places[snake(name)], write)))
        return object_text(parts)

    def _key(self, field_: GraphQLField, nodes: list[FieldNode], place: int, write: Write) -> str:
        """Return the SQL, as JSON text, of the key at *place*."""
        key, value = self.keys[place], f"{self.alias}.k{place}"
        if not key.is_portal and key.target is None:
            return leaf(field_.type, value, nullable=True)
        type_, alias = object_type(field_), self.draft.alias()
        table, column = (PORTAL, "number") if key.target is None else (table_of(key.target), "id")
        text = write(type_, nodes, Row(self.draft, type_.name, alias, table))
        return f"coalesce((SELECT {text} FROM {table.name} {alias} WHERE {alias}.{column} = {value}), {NULL})"

    def _placed(self) -> str:
        """Return the SELECT of the groups, each with its place."""
        joins, order = [], ["g.count DESC"]
        for place, key in enumerate(self.keys):
            value, alias = f"g.k{place}", f"o{place}"
            if key.is_portal:
                joins.append(f" LEFT JOIN portal {alias} ON {alias}.number = {value}")
                order.append(f'{alias}.key COLLATE "C"')
            elif key.target is not None:
                joins.append(f" LEFT JOIN {table_of(key.target).name} {alias} ON {alias}.id = {value}")
                order += [f'{alias}.native_id COLLATE "C"', f"{alias}.portal"]
            else:
                order.append(value if key.is_bucket else f'{value} COLLATE "C"')
        counted = f"row_number() OVER (ORDER BY {', '.join(order)}) AS n"
        return (
            f"SELECT g.*, {counted} FROM ({self._counted()}) g{''.join(joins)} ORDER BY n LIMIT {self.size}"
        )

    def _counted(self) -> str:
        """Return the SELECT of the groups' keys and counts: from the rollup where that has every column."""
        alias, values = self.rows.alias, [self._value(key) for key in self.keys]
        joins = "".join(sql for _, sql in self.joins.values())
        counted_by_run = self.rows.type_ is EntityType.HARVEST_RECORD and not self.joins
        if counted_by_run and (summed := rolled.groups(alias, self.rows.conditions, values)):
            return summed
        keys = ", ".join(f"{value} AS k{place}" for place, value in enumerate(values))
        where = " AND ".join(self.rows.conditions) or "true"
        places = ", ".join(str(place + 1) for place in range(len(self.keys)))
        rest = f"{alias}{joins} WHERE {where} GROUP BY {places}"
        table, rollup = table_of(self.rows.type_), rollup_of(self.rows.type_)
        read = set(re.findall(rf"\b{alias}\.(\w+)", f"{keys} {rest}"))
        # A rollup knows nothing of what is only named by others: it serves the lists' usual presences alone.
        usual = f"{alias}.presence IN {LISTED}" in self.rows.conditions
        if rollup is not None and usual and read <= set(rollup.columns.keys()):
            table = rollup
        return f"SELECT {keys}, count(*) AS count FROM {table.name} {rest}"

    def _value(self, key: Key) -> str:
        column = f"{self._reached(key.path)}.{key.column}"
        if not key.is_bucket:
            return column
        return f"date_trunc('{key.name}', {column} AT TIME ZONE {self.zone})::date"

    def _reached(self, path: tuple[str, ...]) -> str:
        """Return the alias of the row to which the relations of *path* lead from a row of the list."""
        if not path:
            return self.rows.alias
        if path not in self.joins:
            near, type_ = self._reached(path[:-1]), self.rows.type_
            for relation in path[:-1]:
                type_ = to_one(table_of(type_), relation)[1]
            column, target = to_one(table_of(type_), path[-1])
            alias = self.draft.alias()
            join = f" LEFT JOIN {table_of(target).name} {alias} ON {alias}.id = {near}.{column}"
            self.joins[path] = (alias, join)
        return self.joins[path][0]


def _zone(draft: Draft, given: Operand | None) -> str:
    if given is None:
        return constant(DEFAULT_ZONE)
    return draft.bind(lambda call: _known_zone(given.read(call.values)), "text")


def _known_zone(name: str) -> str:
    """Return *name* where it is a time zone's: Postgres would take whatever looks like an offset for one."""
    if name not in _zones():
        raise Problem(
            Code.BAD_USER_INPUT,
            f"There is no time zone {name[:60]!r}. IANA's names are meant, as in Europe/Paris.",
        )
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_ZONES
