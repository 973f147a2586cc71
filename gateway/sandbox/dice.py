"""Chance without state: every draw is a pure function of its key."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")

_SPAN = 1 << 64


def number(*key: object) -> int:
    """Return 64 bits that depend on *key* alone (its parts' texts)."""
    text = "\x1f".join(map(str, key))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def unit(*key: object) -> float:
    """Return a number in [0, 1) that depends on *key* alone."""
    return number(*key) / _SPAN


def chance(probability: float, *key: object) -> bool:
    """Return whether an event of that probability happens."""
    return unit(*key) < probability


def between(low: int, high: int, *key: object) -> int:
    """Return a whole number from *low* to *high*, both possible."""
    return low + number(*key) % (high - low + 1)


def pick(choices: Sequence[T], *key: object) -> T:
    """Return one of *choices*."""
    return choices[number(*key) % len(choices)]


def hexadecimal(digits: int, *key: object) -> str:
    """Return *digits* (at most 64) lower-case hexadecimal digits."""
    text = "\x1f".join(map(str, key))
    return blake2b(text.encode(), digest_size=32).hexdigest()[:digits]


def uuid(*key: object) -> str:
    """Return a text that looks like a random UUID."""
    h = hexadecimal(32, *key)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) % 4]}{h[17:20]}-{h[20:]}"


def stream(*key: object) -> Random:
    """Return a generator for many draws in a row, seeded by *key* alone."""
    return Random(number(*key))  # noqa: S311 - invented data, no secret
