"""Runs whose items wait to be read: a portal has tens of thousands, so each is kept as its id's bytes and a number."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

_UNTOLD = -1


class Waiting:
    """Ids of runs, in the order in which they were added, with how many items each is said to have."""

    def __init__(self) -> None:
        self._ids = bytearray()
        self._ends = array("q")
        self._totals = array("q")

    def add(self, native_id: str, total: int | None) -> None:
        """Let a run wait."""
        self._ids += native_id.encode()
        self._ends.append(len(self._ids))
        self._totals.append(_UNTOLD if total is None else total)

    def __iter__(self) -> Iterator[tuple[str, int | None]]:
        """Yield each run's id and the number of its items, None where nobody tells it."""
        start = 0
        for end, total in zip(self._ends, self._totals, strict=True):
            yield self._ids[start:end].decode(), None if total == _UNTOLD else total
            start = end
