"""What one schema breaks of what an older one promised to clients."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from graphql import build_schema, find_breaking_changes, find_dangerous_changes

_PART = re.compile(r"@\w+(?:\(\w+:\))?|\w+\.\w+(?:\(\w+:\))?|(?<=union type )\w+")
"""A directive, a field, an enum's value, an argument; or the union of which a type was a member."""
_TYPE = re.compile(r"(?:Standard scalar )?(\w+)")


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A change that clients can feel."""

    coordinate: str
    """Where it is: `Type`, `Type.field`, `Enum.VALUE`, `Type.field(argument:)`, `@directive`."""
    words: str
    """What it is, in a sentence."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of a schema."""

    broken: tuple[Change, ...]
    """What no longer works that did."""
    risky: tuple[Change, ...]
    """What works, but may surprise clients that were made before: a new word of an enum, another default."""

    def unnamed(self, changelog: str) -> list[Change]:
        """Return what is broken and not named, by its coordinate in backticks, where *changelog* says what is new."""
        news = _unreleased(changelog)
        return [change for change in self.broken if f"`{change.coordinate}`" not in news]


def between(old: str, new: str) -> Changes:
    """Return what became of the schema *old* in *new*, both in the schema definition language."""
    before, after = build_schema(old), build_schema(new)
    return Changes(
        _changes(found.description for found in find_breaking_changes(before, after)),
        _changes(found.description for found in find_dangerous_changes(before, after)),
    )


def _changes(descriptions: Iterable[str]) -> tuple[Change, ...]:
    return tuple(sorted(Change(_coordinate(words), words) for words in descriptions))


def _coordinate(words: str) -> str:
    """Return where the change is that graphql-core describes in *words*."""
    part = _PART.search(words)
    if part is not None:
        return part[0]
    type_ = _TYPE.match(words)
    assert type_ is not None
    return type_[1]


def _unreleased(changelog: str) -> str:
    """Return the section of *changelog* on what is not released yet, "" where there is none."""
    found = re.search(r"^## Unreleased\b.*?(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""
