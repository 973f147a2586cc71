"""The leaves of an example: where each is, and what kind of value it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

Steps = tuple[str | int, ...]
"""A way through JSON: keys and places in lists."""

PRIVATE = frozenset({"email", "notification_emails"})
"""Keys of leaves that are personal data."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_UUID = re.compile(r"[0-9a-f]{7,8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DECIMAL = re.compile(r"\d+\.\d+")
_ADDRESSES = frozenset(
    {"avatar", "avatar_thumbnail", "latest", "logo", "logo_thumbnail", "page", "uri", "url"}
)
_IDS = frozenset({"id", "source_id"})


class Kind(Enum):
    """What makes a value legal."""

    TEXT = auto()
    ADDRESS = auto()
    EMAIL = auto()
    OBJECT_ID = auto()
    UUID = auto()
    DIGEST = auto()
    DECIMAL = auto()
    CRON = auto()
    INSTANT = auto()
    INTEGER = auto()
    COORDINATES = auto()
    FLAG = auto()
    WORD = auto()

    @property
    def unique(self) -> bool:
        """Whether there are enough values for each leaf to have its own."""
        return self not in {Kind.FLAG, Kind.WORD}


_KEYS = {"default": Kind.FLAG, "schedule": Kind.CRON, "coordinates": Kind.COORDINATES}
"""Kinds that the published values do not show."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Names a leaf: its example and a JSON pointer (RFC 6901) into it."""

    example: str
    pointer: str

    def __str__(self) -> str:
        """Return both, as the reviewed table has them."""
        return f"{self.example} {self.pointer or '/'}"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that has no parts."""

    address: Address
    steps: Steps
    published: Any

    @property
    def key(self) -> str:
        """Return the last key on the way to it."""
        return next((step for step in reversed(self.steps) if isinstance(step, str)), "")

    @property
    def keys(self) -> str:
        """Return the way to it without places in lists: ``/items/errors/level``."""
        return "".join(f"/{step}" for step in self.steps if isinstance(step, str))

    @property
    def private(self) -> bool:
        """Whether it is personal data."""
        return self.key in PRIVATE

    @property
    def kind(self) -> Kind:
        """Return the kind that key and published value show, words and flags in texts not counted."""
        by_key = _by_key(self.key, self.steps)
        if by_key is not None:
            return by_key
        by_value = _by_value(self.published)
        return Kind.OBJECT_ID if by_value is Kind.TEXT and self.key in _IDS else by_value


def _by_key(key: str, steps: Steps) -> Kind | None:
    if key in PRIVATE:
        return Kind.EMAIL
    if key in _ADDRESSES or key.endswith("_url"):
        return Kind.ADDRESS
    if key == "id" and len(steps) > 2 and str(steps[-3]).endswith("resources"):
        return Kind.UUID
    return _KEYS.get(key)


def _by_value(value: Any) -> Kind:
    if isinstance(value, bool):
        return Kind.FLAG
    if isinstance(value, int):
        return Kind.INTEGER
    forms = ((_INSTANT, Kind.INSTANT), (_UUID, Kind.UUID), (_DIGEST, Kind.DIGEST), (_DECIMAL, Kind.DECIMAL))
    return next((kind for form, kind in forms if isinstance(value, str) and form.fullmatch(value)), Kind.TEXT)


def leaves(example: str, body: Any) -> list[Leaf]:
    """Return the leaves of an example, in its order; an empty array is one, and null is one."""
    return [Leaf(Address(example, pointer(steps)), steps, value) for steps, value in _walked((), body)]


def _walked(steps: Steps, value: Any) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _walked((*steps, key), below)
    elif isinstance(value, list) and value:
        for place, below in enumerate(value):
            yield from _walked((*steps, place), below)
    else:
        yield steps, value


def pointer(steps: Steps) -> str:
    """Return the JSON pointer of *steps*."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def filled(body: Any, values: Mapping[str, Any], at: Steps = ()) -> Any:
    """Return *body* with the value of each leaf's pointer in its place."""
    if isinstance(body, Mapping) and body:
        return {key: filled(below, values, (*at, key)) for key, below in body.items()}
    if isinstance(body, list) and body:
        return [filled(below, values, (*at, place)) for place, below in enumerate(body)]
    return values[pointer(at)]
