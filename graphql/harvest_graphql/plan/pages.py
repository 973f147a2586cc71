"""Lists as keyset connections: which rows a page holds, in which order, what lies around it.

An order is a key and then the internal id; rows without a key come last either way. A list is read as at most two
ranges, the rows with a key and those without, so that each is one scan of the index (key, id).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, Table, Text

from gateway.model.enums import EntityType
from gateway.store.findable import order_text
from harvest_graphql.plan import rolled
from harvest_graphql.plan.draft import Call, Draft, Read
from harvest_graphql.plan.operands import Operand
from harvest_graphql.plan.relations import table_of
from harvest_graphql.problems import Code, Problem

FIRST = 20
"""How many rows a page holds unless it says."""
MOST = 100
"""How many rows a page may hold."""
_RECORDS = table_of(EntityType.HARVEST_RECORD)


@dataclass(frozen=True, slots=True)
class Order:
    """In which order a list is read."""

    name: str
    column: Column[Any]
    descending: bool

    @property
    def direction(self) -> str:
        """Return the direction's word."""
        return "DESC" if self.descending else "ASC"

    def key(self, alias: str) -> str:
        """Return the SQL of the key of the row at *alias*."""
        sql = f"{alias}.{self.column.name}"
        return order_text(sql) if isinstance(self.column.type, Text) else sql

    @property
    def type(self) -> str:
        """Return the Postgres type of the key."""
        if isinstance(self.column.type, DateTime):
            return "timestamptz"
        return "text" if isinstance(self.column.type, Text) else "bigint"


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list a page is."""

    size: int
    backward: bool
    after: Operand | None
    before: Operand | None

    @classmethod
    def of(cls, arguments: Mapping[str, Operand]) -> Window:
        """Return the part that *arguments* (first, after, last, before) ask for."""
        first, last = arguments.get("first"), arguments.get("last")
        if first and last:
            raise Problem(
                Code.BAD_USER_INPUT, "A page is the first or the last rows: give `first` or `last`, not both."
            )
        size = FIRST if first is None and last is None else (first or last).now  # type: ignore[union-attr]
        if not 0 <= size <= MOST:
            raise Problem(Code.BAD_USER_INPUT, f"A page holds 0 to {MOST} rows, not {size}.")
        return cls(size, last is not None, arguments.get("after"), arguments.get("before"))


@dataclass(frozen=True, slots=True)
class Page:
    """The statement's part that finds the rows of a page, before it is known which columns they need."""

    draft: Draft
    table: Table
    rows: str
    """Where its rows are read: what stands after FROM."""
    order: Order
    window: Window
    conditions: tuple[str, ...]
    inner: str
    """The alias of the table in *conditions*."""

    def sql(self, columns: set[str], *, more: bool) -> str:
        """Return the SELECT of the page's rows: *columns* and ``order_key``, in the direction of reading.

        *more*: one row beyond the page, where there is one.
        """
        limit = self.window.size + more
        listed = "".join(f"{self.inner}.{name}, " for name in sorted(columns | {"id"}))
        head = (
            f"SELECT {listed}{self.order.key(self.inner)} AS order_key FROM {self.rows} {self.inner} WHERE "
        )
        ranges = [
            f"({head}{' AND '.join([*self.conditions, *where]) or 'true'} ORDER BY {order} LIMIT {limit})"
            for where, order in self._ranges()
        ]
        if not ranges:
            return f"{head}false LIMIT 0"
        return ranges[0][1:-1] if len(ranges) == 1 else f"{' UNION ALL '.join(ranges)} LIMIT {limit}"

    def total(self) -> str:
        """Return the SQL of how many rows the whole list has."""
        now = self.draft.past is None  # rollups know no other time
        if now and self.table is _RECORDS and (summed := rolled.total(self.inner, self.conditions)):
            return summed
        where = " AND ".join(self.conditions) or "true"
        return f"(SELECT count(*) FROM {self.rows} {self.inner} WHERE {where})"

    def _ranges(self) -> list[tuple[list[str], str]]:
        """Return condition and order of the rows with a key and of those without, in the direction of reading."""
        down = self.order.descending != self.window.backward
        way = "DESC" if down else "ASC"
        key = self.order.key(self.inner)
        ends = [(self.window.after, False), (self.window.before, True)]
        keyed = self._keyed(key, ends)
        ranges = [(keyed, f"{key} {way}, {self.inner}.id {way}")] if keyed is not None else []
        if self.order.column.nullable:
            keyless = self._keyless(key, ends)
            last = [(keyless, f"{self.inner}.id {way}")] if keyless is not None else []
            ranges = [*last, *ranges] if self.window.backward else [*ranges, *last]
        return ranges

    def _keyed(self, key: str, ends: list[tuple[Operand | None, bool]]) -> list[str] | None:
        """Return the conditions on rows with a key; None where the window holds none of them."""
        found: list[str] = []
        for cursor, before in ends:
            if cursor is None:
                continue
            if cursor.now.key is not None:
                edge = f"({self._key(cursor)}, {self._id(cursor)})"
                found.append(f"({key}, {self.inner}.id) {self._sign(before=before)} {edge}")
            elif not self.order.column.nullable:
                raise _not_ours()
            elif not before:
                return None
        return found or ([f"{key} IS NOT NULL"] if self.order.column.nullable else [])

    def _keyless(self, key: str, ends: list[tuple[Operand | None, bool]]) -> list[str] | None:
        """Return the conditions on rows without a key; None where the window holds none of them."""
        found = [f"{key} IS NULL"]
        for cursor, before in ends:
            if cursor is None:
                continue
            if cursor.now.key is None:
                found.append(f"{self.inner}.id {self._sign(before=before)} {self._id(cursor)}")
            elif before:
                return None
        return found

    def _sign(self, *, before: bool) -> str:
        return "<" if self.order.descending != before else ">"

    def _key(self, cursor: Operand) -> str:
        return self.draft.bind(self._checked(cursor, _read_key(self.order.type)), self.order.type)

    def _id(self, cursor: Operand) -> str:
        return self.draft.bind(self._checked(cursor, lambda position: position.id), "bigint")

    def _checked(self, cursor: Operand, part: Any) -> Read:
        """Return how to read *part* of a cursor, which has to be one of this order."""

        def read(call: Call) -> Any:
            position = cursor.read(call.values)
            if (position.order, position.direction) != (self.order.name, self.order.direction):
                raise Problem(
                    Code.BAD_CURSOR,
                    f"This cursor is of the order {position.order} {position.direction}, the list is in the order"
                    f" {self.order.name} {self.order.direction}: keep `orderBy` while you page.",
                )
            return part(position)

        return read


def _read_key(type_: str) -> Any:
    kind = {"timestamptz": datetime, "text": str, "bigint": int}[type_]

    def read(position: Any) -> Any:
        key = position.key
        if kind is datetime and isinstance(key, str):
            key = _moment(key)
        if isinstance(key, kind):
            return key
        raise _not_ours()

    return read


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _not_ours() -> Problem:
    return Problem(
        Code.BAD_CURSOR, "This is not a cursor of this list. Take cursors from `edges` or `pageInfo`."
    )
