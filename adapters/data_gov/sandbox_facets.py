"""The ``facets`` parameter of the sandbox portal: ``column op value``, joined by commas, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gateway.sandbox.changes_time import micros

Test = Callable[[Any, Any], bool]


class Kind(StrEnum):
    """What a column holds, as far as it can be asked for."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"
    OTHER = "other"
    """Arrays and objects: no operator fits."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; *words* are an enum's, in their order."""

    kind: Kind
    words: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One facet: the operator's name, the value in the column's terms."""

    column: str
    op: str
    value: Any
    words: tuple[str, ...] | None = None

    def holds(self, found: Any) -> bool:
        """Return whether a column's value fits; null never does."""
        if found is None:
            return False
        if self.words is not None:
            found = self.words.index(found)
        return _TESTS[self.op](found, self.value)


class Unasked(ValueError):
    """A facet that the database refuses."""


def _like(pattern: str) -> str:
    parts = {"%": ".*", "_": "."}
    return "".join(parts.get(letter) or re.escape(letter) for letter in pattern)


_COMPARISONS: dict[str, Test] = {
    "eq": lambda found, value: bool(found == value),
    "ne": lambda found, value: bool(found != value),
    "lt": lambda found, value: bool(found < value),
    "le": lambda found, value: bool(found <= value),
    "gt": lambda found, value: bool(found > value),
    "ge": lambda found, value: bool(found >= value),
}
_MATCHES: dict[str, Test] = {
    "like_op": lambda found, value: re.fullmatch(_like(value), found, re.DOTALL) is not None,
    "ilike_op": lambda found, value: re.fullmatch(_like(value), found, re.DOTALL | re.IGNORECASE) is not None,
    "startswith_op": lambda found, value: found.startswith(value),
    "endswith_op": lambda found, value: found.endswith(value),
    "contains_op": lambda found, value: value in found,
    "icontains_op": lambda found, value: value.lower() in found.lower(),
    "regexp_match_op": lambda found, value: re.search(value, found) is not None,
}
_TESTS = _COMPARISONS | _MATCHES


def parse(text: str, columns: Mapping[str, Column]) -> tuple[Condition, ...]:
    """Return the conditions of a ``facets`` parameter; Unasked where the database would refuse one."""
    return tuple(condition(*_split(part), columns) for part in text.split(",") if part)


def condition(name: str, op: str, value: str, columns: Mapping[str, Column]) -> Condition:
    """Return the condition ``name op value``; Unasked where there is no such column or it does not fit."""
    column = columns.get(name)
    if column is None or column.kind is Kind.OTHER or op not in _TESTS:
        raise Unasked(name)
    if op in _MATCHES and (column.kind is not Kind.TEXT or column.words is not None):
        raise Unasked(op)
    if op == "regexp_match_op":
        _compiled(value)
    if column.words is not None:
        if value not in column.words:
            raise Unasked(value)
        return Condition(name, op, column.words.index(value), column.words)
    return Condition(name, op, _READ[column.kind](value))


def _split(part: str) -> tuple[str, str, str]:
    pieces = part.strip().split(" ", 2)
    if len(pieces) != 3:
        raise Unasked(part)
    return pieces[0], pieces[1], pieces[2]


def _compiled(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise Unasked(pattern) from error


def _date(value: str) -> int:
    """Return an ISO 8601 date in microseconds; an offset is taken and not looked at, as the columns have none."""
    try:
        return micros(datetime.fromisoformat(value).replace(tzinfo=UTC))
    except ValueError as error:
        raise Unasked(value) from error


def _number(value: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise Unasked(value) from error


def _flag(value: str) -> bool:
    if value.lower() not in {"true", "false", "t", "f", "1", "0"}:
        raise Unasked(value)
    return value.lower() in {"true", "t", "1"}


_READ: dict[Kind, Callable[[str], Any]] = {
    Kind.TEXT: str,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.FLAG: _flag,
}
