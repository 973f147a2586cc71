"""Many small choices out of one key: what payloads of the Data.gov-style world are drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_LEAST = 1 << 40


class Draw:
    """A row of choices that depends on its key alone; one hash serves about sixty of them."""

    __slots__ = ("_key", "_left")

    def __init__(self, *key: object) -> None:
        self._key = "\x1f".join(map(str, key)).encode()
        self._left = 0

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to *limit* - 1 (*limit* at most 2**32)."""
        if self._left < _LEAST:
            digest = blake2b(self._key, digest_size=64).digest()
            self._key = digest
            self._left = int.from_bytes(digest, "big")
        self._left, drawn = divmod(self._left, limit)
        return drawn

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of *choices*."""
        return choices[self.below(len(choices))]

    def percent(self, probability: int) -> bool:
        """Return whether an event of so many percent happens."""
        return self.below(100) < probability

    def some(self, choices: Sequence[T], least: int, most: int) -> list[T]:
        """Return from *least* to *most* different ones of *choices*, in their order."""
        number = least + self.below(most - least + 1)
        first, step = self.below(len(choices)), 1 + self.below(len(choices) - 1)
        chosen = {(first + step * turn) % len(choices) for turn in range(number)}
        return [choices[place] for place in sorted(chosen)]
