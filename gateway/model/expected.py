"""What a portal's element is expected to hold, so that what is new in it can be told from what is known.

A member that is missing, or null, is never unexpected: masks leave members out, and portals' columns are nullable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple


class JsonType(StrEnum):
    """The types of JSON's values."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"
    OBJECT = "object"
    NULL = "null"


class DriftKind(StrEnum):
    """In what way an element is not as expected."""

    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    WRONG_TYPE = "WRONG_TYPE"
    UNKNOWN_WORD = "UNKNOWN_WORD"


class Drift(NamedTuple):
    """One thing in which an element is not as expected."""

    pointer: str
    """JSON pointer into the element, with ``*`` for every place of an array."""
    kind: DriftKind
    word: str
    """The word that is unknown; of an unknown field and a wrong type the JSON type that was found."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What may stand at one place."""

    types: frozenset[JsonType] = frozenset()
    """JSON types; none: any."""
    members: Mapping[str, Expected] | None = None
    """An object's; None: whatever they are, they are known."""
    each: Expected | None = None
    """An array's elements; None: likewise."""
    words: frozenset[str] | None = None
    """A text's words, where it has few; None: it is any text."""

    def without(self, *names: str) -> Expected:
        """Return the same object without these members."""
        members = {name: each for name, each in (self.members or {}).items() if name not in names}
        return replace(self, members=members)


def anything() -> Expected:
    """Return a place where anything may stand."""
    return Expected()


def text() -> Expected:
    """Return a place of any text."""
    return Expected(frozenset({JsonType.STRING}))


def word(words: Iterable[str | None]) -> Expected:
    """Return a place of one of these words."""
    known = frozenset(each for each in words if each is not None)
    return Expected(frozenset({JsonType.STRING}), words=known)


def number() -> Expected:
    """Return a place of a number."""
    return Expected(frozenset({JsonType.NUMBER}))


def flag() -> Expected:
    """Return a place of a Boolean."""
    return Expected(frozenset({JsonType.BOOLEAN}))


def many(each: Expected | None = None) -> Expected:
    """Return a place of an array."""
    return Expected(frozenset({JsonType.ARRAY}), each=each)


def free() -> Expected:
    """Return a place of an object whose members are the publisher's or the user's."""
    return Expected(frozenset({JsonType.OBJECT}))


def element(**members: Expected) -> Expected:
    """Return a place of an object with these members, any of which may be missing."""
    return Expected(frozenset({JsonType.OBJECT}), members=members)


def either(*choices: Expected) -> Expected:
    """Return a place of any of *choices*, which differ in their JSON types."""
    return Expected(
        frozenset[JsonType]().union(*(choice.types for choice in choices)),
        next((choice.members for choice in choices if choice.members is not None), None),
        next((choice.each for choice in choices if choice.each is not None), None),
        next((choice.words for choice in choices if choice.words is not None), None),
    )


def drifts(value: Any, expected: Expected, pointer: str = "") -> Iterator[Drift]:
    """Yield in what *value* (decoded JSON) is not as *expected*; the same thing may be yielded more than once."""
    type_ = json_type(value)
    if type_ is JsonType.NULL:
        return
    if expected.types and type_ not in expected.types:
        yield Drift(pointer, DriftKind.WRONG_TYPE, type_)
    elif expected.words is not None and isinstance(value, str) and value not in expected.words:
        yield Drift(pointer, DriftKind.UNKNOWN_WORD, value)
    elif expected.members is not None and isinstance(value, Mapping):
        for name, below in value.items():
            place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            known = expected.members.get(name)
            if known is None:
                yield Drift(place, DriftKind.UNKNOWN_FIELD, json_type(below))
            else:
                yield from drifts(below, known, place)
    elif expected.each is not None and isinstance(value, list):
        for below in value:
            yield from drifts(below, expected.each, f"{pointer}/*")


def json_type(value: Any) -> JsonType:
    """Return the JSON type of a decoded value."""
    if value is None:
        return JsonType.NULL
    return _TYPES[type(value)]


_TYPES = {
    str: JsonType.STRING,
    int: JsonType.NUMBER,
    float: JsonType.NUMBER,
    bool: JsonType.BOOLEAN,
    list: JsonType.ARRAY,
    dict: JsonType.OBJECT,
}


def expects(expected: Expected, drift: Drift) -> bool:
    """Whether *drift* is none any more by what is *expected* now."""
    place: Expected | None = expected
    for step in drift.pointer.split("/")[1:]:
        if place is None or (place.members is None and place.each is None):
            return place is not None  # whatever lies below here is known
        name = step.replace("~1", "/").replace("~0", "~")
        place = place.each if name == "*" and place.each is not None else (place.members or {}).get(name)
    if place is None:
        return False
    if drift.kind is DriftKind.UNKNOWN_WORD:
        return place.words is None or drift.word in place.words
    return not place.types or drift.word == JsonType.NULL or drift.word in place.types
