"""Purses: what each address may still spend in this process, filled from what all processes share."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.errors import DatabaseUnavailable
from gateway.store.spending import Taken

Take = Callable[[str, int], Awaitable[Taken]]
"""Adds an amount to what an address has taken, for all processes to see; DatabaseUnavailable."""
MOST_PURSES = 10_000
"""How many addresses are remembered; each takes some 500 bytes."""
CHUNKS = 50
"""In how many parts a process takes what an address may spend."""
ALONE_SECONDS = 2.0
"""How long nobody is asked after Postgres did not answer."""
_log = logging.getLogger(__name__)


class Spent(Exception):
    """An address has nothing left for what it asks; *seconds* until its window ends."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


@dataclass(slots=True)
class Purse:
    """What this process took for one address in one window."""

    until: float
    """When the window ends, by the clock of the purses."""
    left: int = 0
    """What was taken and is not spent; below 0 where something was spent before it was taken."""
    began_at: datetime | None = None
    """Which window it is; None while Postgres has not said so."""
    rest: int = 0
    """What all processes together may still take, as was heard last."""
    taken: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever fills the purse; the others wait."""


class Purses:
    """Lets each address spend *limit* in a window of *seconds*, over all processes that share *take*.

    A process takes a chunk at a time, so that most requests ask nobody; what it takes and does not spend is lost at
    the window's end. While *take* fails the process reckons alone. *clock* tells seconds and never goes back.
    """

    def __init__(
        self, take: Take, *, limit: int, seconds: float, clock: Callable[[], float], most: int = MOST_PURSES
    ) -> None:
        self._take = take
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._most = most
        self._purses: OrderedDict[str, Purse] = OrderedDict()
        self._alone = False
        self._alone_until = 0.0

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._purses)

    def of(self, address: str) -> Purse:
        """Return the purse of *address* in the window that is now."""
        found = self._purses.get(address)
        if found is not None and found.until > self._clock():
            self._purses.move_to_end(address)
            return found
        found = self._purses[address] = Purse(self._clock() + self._seconds, rest=self._limit)
        self._purses.move_to_end(address)
        if len(self._purses) > self._most:
            self._purses.popitem(last=False)
        return found

    def spend(self, address: str, amount: int) -> bool:
        """Spend *amount* for *address* of what was taken before; False where that is too little: ``pay`` takes more."""
        purse = self.of(address)
        if purse.left < amount or amount > self._limit:
            return False
        purse.left -= amount
        return True

    async def pay(self, address: str, amount: int) -> None:
        """Spend *amount* for *address*, at most all that it may spend in one window; Spent where that is not left."""
        purse, due = self.of(address), min(amount, self._limit)
        if purse.left < due:
            async with purse.turn:
                if purse.left < due and purse.rest:
                    await self._fill(purse, address, due - purse.left)
            if purse.left < due:
                raise Spent(purse.until - self._clock())
        purse.left -= due

    def owe(self, address: str, amount: int) -> None:
        """Spend *amount* for *address* whether it is there or not: the next payment takes it as well."""
        self.of(address).left -= amount

    def remaining(self, address: str) -> tuple[int, float]:
        """Return what *address* may still spend, as far as this process has heard, and for how many seconds."""
        purse = self.of(address)
        return max(0, purse.left + purse.rest), purse.until - self._clock()

    async def _fill(self, purse: Purse, address: str, missing: int) -> None:
        """Take what is *missing*, and a chunk at least, as far as all processes together have not spent it."""
        wanted = max(missing, self._limit // CHUNKS)
        taken = await self._taken(purse, address, wanted)
        if taken.began_at != purse.began_at:  # a new window: what an older one left is worth nothing
            purse.left, purse.taken, purse.began_at = min(purse.left, 0), 0, taken.began_at
        rest = max(0, self._limit - taken.before)
        granted = min(wanted, rest)
        purse.left += granted
        purse.taken += granted
        purse.rest = rest - granted
        purse.until = self._clock() + taken.seconds_left

    async def _taken(self, purse: Purse, address: str, wanted: int) -> Taken:
        if self._clock() >= self._alone_until:
            try:
                taken = await self._take(address, wanted)
            except DatabaseUnavailable as error:
                self._part(error)
            else:
                self._meet()
                return taken
        return Taken(purse.began_at, purse.taken, purse.until - self._clock())

    def _part(self, error: DatabaseUnavailable) -> None:
        """Ask nobody for a while."""
        self._alone_until = self._clock() + ALONE_SECONDS
        if not self._alone:
            _log.warning("callers are limited by each process alone: %s", error)
        self._alone = True

    def _meet(self) -> None:
        """Reckon with the others."""
        if self._alone:
            _log.warning("callers are limited over all processes again")
        self._alone = False
