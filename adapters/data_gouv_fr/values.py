"""From any JSON value to a field's value: total functions, since a portal may send anything anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from gateway.model.mapping import passing

T = TypeVar("T")

LARGEST_COUNT = 2**31 - 1
_parsed = datetime.fromisoformat


@passing(str)
def text(value: Any) -> str | None:
    """Return text as it is, and anything else but null as the JSON that it is."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def name(value: Any) -> str | None:
    """Return an id: text that is not empty; None for anything else."""
    return value if isinstance(value, str) and value else None


@passing(bool)
def flag(value: Any) -> bool | None:
    """Return a Boolean, None for anything else."""
    return value if isinstance(value, bool) else None


def count(value: Any) -> int | None:
    """Return a number of things, None for anything that cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_COUNT else None


def instant(value: Any) -> datetime | None:
    """Return an ISO 8601 instant in UTC (text without an offset is UTC), None for anything else."""
    try:
        found = _parsed(value)
        if found.tzinfo is UTC:
            return found
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def texts(value: Any) -> tuple[str, ...] | None:
    """Return a list's elements as texts, nulls left out; None for anything but a list."""
    if not isinstance(value, list):
        return None
    return tuple([found for item in value if (found := text(item)) is not None]) if value else ()


def listed(value: Any) -> list[Any]:
    """Return a list as it is, an empty one for anything else."""
    return value if isinstance(value, list) else []


def part(value: Any, key: str) -> Any:
    """Return an object's member, None where there is none."""
    return value.get(key) if isinstance(value, dict) else None


def word(words: Mapping[str, T], otherwise: T) -> Callable[[Any], T]:
    """Return a function that reads a word of *words*, *otherwise* for every other value."""

    def read(value: Any) -> T:
        return words.get(value, otherwise) if isinstance(value, str) else otherwise

    return read


def always(value: T) -> Callable[[Any], T]:
    """Return a function that reads *value* whatever is there."""

    def read(_: Any) -> T:
        return value

    return read
