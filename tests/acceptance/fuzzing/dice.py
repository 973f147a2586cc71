"""Chance for hostile input: one of several, sizes around a limit, many of a kind."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice(Random):
    """Random choices; the same seed makes the same ones."""

    def one(self, *options: T) -> T:
        """Return one of *options*."""
        return self.choice(options)

    def around(self, limit: int) -> int:
        """Return a size near *limit*, far below or far beyond it."""
        return max(1, self.one(limit - 1, limit, limit + 1, limit // 2, 2 * limit, 5))


def many(count: int, write: Callable[[int], str]) -> str:
    """Return *count* texts, each made of its number, with spaces between them."""
    return " ".join(write(number) for number in range(count))
