"""Where an answer holds which value: every scalar of every row, by the row it belongs to and the way to it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from acceptance.walking.leaves import Steps

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

ANY = "~"
"""Stands for the id of a row that has another one in each round."""


class Row(NamedTuple):
    """A row of an answer."""

    type: str
    native_id: str


class Place(NamedTuple):
    """A field of a row."""

    row: Row
    path: Steps

    def __str__(self) -> str:
        """Return it as people write it: ``HarvestSource.owner.firstName``."""
        return ".".join(map(str, (self.row.type, *self.path)))

    @property
    def names(self) -> str:
        """Return the way without places in lists, dotted."""
        return ".".join(step for step in self.path if isinstance(step, str))


def comparable(value: Any) -> Hashable:
    """Return what two ways of writing the same value have in common; instants are equal whatever their zone."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value)
    if isinstance(value, list):
        return tuple(comparable(one) for one in value)
    return (isinstance(value, bool), value)


@dataclass(slots=True)
class Places:
    """The places of one round."""

    values: dict[Place, Hashable] = field(default_factory=dict)
    at: dict[Hashable, set[Place]] = field(default_factory=lambda: defaultdict(set))
    """The places of a value."""

    def take(self, type_: str, row: Mapping[str, Any], known: frozenset[str]) -> None:
        """Take a row of an answer; *known* are the native ids that every round has."""
        name = str(row.get("nativeId", row.get("key")))
        for path, value in _scalars((), row):
            place = Place(Row(type_, name if name in known else ANY), path)
            self.values[place] = comparable(value)
            self.at[comparable(value)].add(place)


def _scalars(path: Steps, value: Any) -> Iterator[tuple[Steps, Any]]:
    """Yield the scalars below *value*, and lists of nothing but numbers as one value each."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _scalars((*path, key), below)
    elif isinstance(value, list):
        if value and _numbers(value):
            yield path, value
        for place, below in enumerate(value):
            yield from _scalars((*path, place), below)
    elif value is not None:
        yield path, value


def _numbers(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_numbers, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


Answers = Mapping[str, list[dict[str, Any]]]
"""The rows of one round, by type."""


def placed(rounds: Iterable[Answers]) -> list[Places]:
    """Return the places of each round."""
    rounds = list(rounds)
    ids = [
        frozenset(str(row.get("nativeId", row.get("key"))) for rows in answers.values() for row in rows)
        for answers in rounds
    ]
    known = frozenset.intersection(*ids)
    found = []
    for answers in rounds:
        places = Places()
        for type_, rows in answers.items():
            for row in rows:
                places.take(type_, row, known)
        found.append(places)
    return found
