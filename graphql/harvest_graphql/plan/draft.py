"""One SQL statement while it is written: its parameters, its aliases, the rows that it reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from graphql import GraphQLSchema
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB

from gateway.model.enums import EntityType
from harvest_graphql.plan.cursors import Position
from harvest_graphql.plan.operands import Values
from harvest_graphql.plan.past import Past
from harvest_graphql.plan.relations import PORTAL, is_private, table_of
from harvest_graphql.visibility import READ_PRIVATE, Scopes


class Call(NamedTuple):
    """What a statement's parameters are read from."""

    values: Values
    portals: Sequence[str | None]
    """The portals' keys by number: the first is that of number 1."""
    latest: Callable[[], datetime] | None = None
    """Tells the latest instant that can be asked about; None: any."""
    at: Position | None = None
    """Where a reader of events is by now, in the place of where it said to begin."""
    done: str | None = None
    """What a mutation has done, as JSON, where this reads its payload."""
    by: str | None = None
    """Who asks, by the name of their key."""


Read = Callable[[Call], Any]
_PARAMETER = re.compile(r"\$(\d+)::")


class Draft:
    """The parts of a statement that its rows and conditions share."""

    def __init__(self, scopes: Scopes, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.mixed = False
        """Whether its rows are of any type, so that what is asked of one is asked of all."""
        self.reads: list[Read] = []
        self.may_read_private = READ_PRIVATE in scopes
        self.private: set[str] = set()
        """Fields that are selected and that this caller may not read."""
        self.volatile = False
        """Whether what is selected can change without a move of the data version."""
        self.most: int | None = None
        """How many events a page holds at most, whatever is asked for; None: as many as that."""
        self.past: Past | None = None
        """The instant that it asks about; None: now."""
        self._bound: dict[Read, str] = {}
        self._aliases = 0

    def alias(self) -> str:
        """Return a name that the statement does not use yet."""
        self._aliases += 1
        return f"t{self._aliases}"

    def rows(self, type_: EntityType) -> str:
        """Return where the rows of *type_* are read: what stands after FROM, without an alias."""
        return table_of(type_).name if self.past is None else self.past.rows(type_)

    def bind(self, read: Read, type_: str) -> str:
        """Return the SQL of a parameter of the Postgres type *type_*, the same one for the same *read*."""
        if read not in self._bound:
            self.reads.append(read)
            self._bound[read] = f"${len(self.reads)}::{type_}"
        return self._bound[read]

    def finished(self, sql: str) -> tuple[str, tuple[Read, ...]]:
        """Return *sql* with what is ahead of it and the parameters that it has, counted anew; where they come from."""
        sql = sql if self.past is None else f"{self.past.ahead()}{sql}"
        found = list(dict.fromkeys(int(number) for number in _PARAMETER.findall(sql)))
        places = {number: place for place, number in enumerate(found, start=1)}
        counted = _PARAMETER.sub(lambda match: f"${places[int(match[1])]}::", sql)
        return counted, tuple(self.reads[number - 1] for number in found)

    def portal_key(self, number: str) -> str:
        """Return the SQL of the key of the portal with the SQL *number*.

        The keys come with the call; a portal that is newer than what the gateway has seen is looked up.
        """
        return (
            f"coalesce(({self.bind(_portals, 'text[]')})[{number}],"
            f" (SELECT w.key FROM portal w WHERE w.number = {number}))"
        )


def _portals(call: Call) -> Sequence[str | None]:
    return call.portals


@dataclass(slots=True)
class Row:
    """A row that fields are read from; *prefix* stands before the columns of an object that the row embeds."""

    draft: Draft
    type_name: str
    alias: str
    table: Table | None
    """None for a row that the statement makes itself."""
    prefix: str = ""
    used: set[str] = field(default_factory=set)
    """The columns that have been read."""
    owner: Row | None = None
    """The row that this one tells of, where the statement makes this one itself."""

    def column(self, name: str) -> str:
        """Return the SQL of a column."""
        self.used.add(self.prefix + name)
        return f"{self.alias}.{self.prefix}{name}"

    def has(self, name: str) -> bool:
        """Return whether the row has a column *name*."""
        return self.table is None or self.prefix + name in self.table.c

    def nullable(self, name: str) -> bool:
        """Return whether the column may be null."""
        return self.table is None or bool(self.table.c[self.prefix + name].nullable)

    def private(self, name: str) -> bool:
        """Return whether this caller may not read the column."""
        if self.draft.may_read_private or self.table is None:
            return False
        return is_private(self.table.c[self.prefix + name])

    def holds_json(self, name: str) -> bool:
        """Return whether the column is JSON."""
        return (
            self.table is not None
            and self.has(name)
            and isinstance(self.table.c[self.prefix + name].type, JSONB)
        )

    def embedded(self, prefix: str) -> Row:
        """Return the same row with *prefix* before its columns."""
        return Row(self.draft, self.type_name, self.alias, self.table, prefix, self.used, self.owner)

    def portal_key(self) -> str:
        """Return the SQL of the key of the row's portal."""
        if self.table is PORTAL:
            return self.column("key")
        return self.draft.portal_key(self.column("portal"))


@dataclass(slots=True)
class Member:
    """A JSON object inside a row, that fields are read from."""

    draft: Draft
    json: str
    """The SQL of the object, jsonb."""


@dataclass(slots=True)
class Below:
    """An object, or a list of them, whose fields are read in a sub-select of its own."""

    source: str
    """What stands after FROM, with WHERE where there is one."""
    row: Row | Member
    order: str = ""
    """What stands after ORDER BY in a list."""


Place = Row | Member | Below
