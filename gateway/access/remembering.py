"""What was found out about keys a moment ago, so that most requests ask nobody."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

MOST_SECONDS = 5.0
"""How long an answer may be used: as long as a revoked key may still work."""
MOST_ANSWERS = 4096
"""How many good keys are remembered, and how many bad ones; each takes some 200 bytes."""


@dataclass(frozen=True, slots=True)
class Valid:
    """A key that is known, not revoked and not expired."""

    name: str
    """What it is called."""
    scopes: frozenset[str]
    """What it grants."""
    seconds_left: float | None
    """Until it expires; None where it never does."""


Kept = TypeVar("Kept")
Find = Callable[[bytes], Awaitable[Valid | None]]
"""Asks what the key with a hash is now: None where there is no valid one."""


@dataclass(frozen=True, slots=True)
class _Answer(Generic[Kept]):
    value: Kept
    until: float
    """By the clock of who remembers it."""


class _Recent(Generic[Kept]):
    """The last *most* answers by hash."""

    def __init__(self, most: int) -> None:
        self._answers: OrderedDict[bytes, _Answer[Kept]] = OrderedDict()
        self._most = most

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, digest: bytes, now: float) -> _Answer[Kept] | None:
        """Return what is known, None where that is nothing or too old."""
        found = self._answers.get(digest)
        if found is not None and found.until <= now:
            del self._answers[digest]
            return None
        return found

    def keep(self, digest: bytes, answer: _Answer[Kept]) -> None:
        """Remember an answer; the oldest one makes room."""
        self._answers[digest] = answer
        self._answers.move_to_end(digest)
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)


class Remembered:
    """Answers *find* from memory for at most *seconds* by *clock* (seconds, never going back).

    Bad keys have a memory of their own: whoever sends many of them displaces no good one. However many callers
    wait for one key, it is looked up once. Keys are known here by their hashes alone.
    """

    def __init__(
        self,
        find: Find,
        clock: Callable[[], float],
        *,
        seconds: float = MOST_SECONDS,
        most: int = MOST_ANSWERS,
    ) -> None:
        self._find = find
        self._clock = clock
        self._seconds = seconds
        self._good: _Recent[Valid] = _Recent(most)
        self._bad: _Recent[None] = _Recent(most)
        self._asked: dict[bytes, asyncio.Future[Valid | None]] = {}

    def __len__(self) -> int:
        """Return how many answers are remembered."""
        return len(self._good) + len(self._bad)

    async def valid(self, digest: bytes) -> Valid | None:
        """Return what is known of the key with that hash, None for a bad one; raises what *find* raises."""
        now = self._clock()
        for memory in (self._good, self._bad):
            if (found := memory.get(digest, now)) is not None:
                return found.value
        # Shielded: a caller who goes away takes nobody else's answer along.
        return await asyncio.shield(self._asked.get(digest) or self._asking(digest))

    def _asking(self, digest: bytes) -> asyncio.Future[Valid | None]:
        """Begin to look a key up."""
        asking = asyncio.ensure_future(self._ask(digest))

        def ended(done: asyncio.Future[Valid | None]) -> None:
            del self._asked[digest]
            if not done.cancelled():
                done.exception()  # whoever waited may have gone

        self._asked[digest] = asking
        asking.add_done_callback(ended)
        return asking

    async def _ask(self, digest: bytes) -> Valid | None:
        # The time before the question counts: a revocation may come between the answer and its arrival.
        asked_at = self._clock()
        found = await self._find(digest)
        if found is None:
            self._bad.keep(digest, _Answer(None, asked_at + self._seconds))
            return None
        lasts = self._seconds if found.seconds_left is None else min(self._seconds, found.seconds_left)
        self._good.keep(digest, _Answer(found, asked_at + lasts))
        return found
