"""A remote catalogue of the Data.gov-style world as its runs find it: what is listed, published, faulty, waiting."""

from __future__ import annotations

from array import array
from enum import IntEnum
from random import Random

from gateway.sandbox.changes_cast import Source


class Deed(IntEnum):
    """What a run is about to do with a slot."""

    DELETE = 0
    DELETE_AGAIN = 1
    """It is gone from the catalogue, and earlier deletes were never confirmed."""
    UPDATE = 2
    REPEAT = 3
    """The content is as faulty as it was."""
    MEND = 4
    AGAIN = 5
    """The same content, forced or because it got stuck."""
    CREATE = 6
    DOUBLE = 7
    NAMELESS = 8
    UNREADABLE = 9


Step = tuple[int, Deed]
"""A slot and what is to be done with it."""


class Catalogue:
    """The state of one source's catalogue between two runs.

    By slot: ``live`` (the row that published it, or -1), ``last`` (its last row, or -1), ``rev``. Sets of slots are
    dicts, so that their order is that of the runs.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.live = array("i")
        self.last = array("i")
        self.rev = array("i")
        self._listed = array("i")
        self._place = array("i")
        self.waiting: dict[int, None] = {}
        """Listed, but never published or cleared."""
        self.broken: dict[int, None] = {}
        self.retry: dict[int, None] = {}
        """Listed, published, and the last update got stuck."""
        self.leaving: dict[int, None] = {}
        """Not listed, published, and the deletes got stuck."""
        self.moved: dict[int, int] = {}
        """The slot that a moved one had before."""
        self.doubles = 0 if source.tidy else source.index % 3
        self.nameless = 0 if source.tidy else source.index // 3 % 2
        self.unreadable = 0 if source.tidy or not source.iso else source.index % 2
        self.begun = False

    def __len__(self) -> int:
        return len(self._listed)

    @property
    def total(self) -> int:
        """Return how many elements a run extracts."""
        return len(self) + self._doubles() + self.nameless + self.unreadable

    def listed(self, slot: int) -> bool:
        """Return whether the slot is in the catalogue."""
        return self._place[slot] >= 0

    def grow(self) -> int:
        """List a new slot and return its number."""
        slot = len(self.rev)
        self.live.append(-1)
        self.last.append(-1)
        self.rev.append(0)
        self._place.append(len(self._listed))
        self._listed.append(slot)
        self.waiting[slot] = None
        return slot

    def drop(self, slot: int) -> None:
        """Take a slot out of the catalogue."""
        place, other = self._place[slot], self._listed[-1]
        if place < 0:
            return
        self._listed[place] = other
        self._place[other] = place
        self._place[slot] = -1
        self._listed.pop()
        for state in (self.waiting, self.broken, self.retry):
            state.pop(slot, None)

    def harvest(self, chance: Random) -> list[Step]:
        """Return what a harvest finds to do; new datasets are listed by this."""
        if not self.begun:
            self.begun = True
            fresh = [self.grow() for _ in range(self.source.size)]
            return [(slot, Deed.CREATE) for slot in fresh] + self._strange()
        steps: list[Step] = [(slot, Deed.DELETE_AGAIN) for slot in self.leaving]
        retries = [(slot, Deed.AGAIN) for slot in self.retry]
        waiting = [(slot, Deed.CREATE) for slot in self.waiting if slot not in self.broken]
        repeats = [(slot, Deed.MEND if chance.random() < 0.1 else Deed.REPEAT) for slot in self.broken]
        if len(self) > 1 and chance.random() > 0.45:
            steps += self._changes(chance)
        return steps + retries + waiting + repeats + self._strange()

    def force(self) -> list[Step]:
        """Return what a forced harvest does: everything, changed or not."""
        again = [(slot, Deed.REPEAT if slot in self.broken else Deed.AGAIN) for slot in self._listed]
        return [(slot, Deed.DELETE_AGAIN) for slot in self.leaving] + again + self._strange()

    def clear(self, chance: Random) -> list[Step]:
        """Return what a clear does: a delete for everything that is published."""
        slots = [slot for slot, row in enumerate(self.live) if row >= 0]
        chance.shuffle(slots)
        return [(slot, Deed.DELETE) for slot in slots]

    def _changes(self, chance: Random) -> list[Step]:
        size = len(self)
        leaves = min(int(chance.expovariate(1 / (0.5 + size * 0.006))), size // 6)
        changes = min(1 + int(chance.expovariate(1 / (1 + size * 0.02))), size // 4)
        touched = [self._listed[place] for place in chance.sample(range(size), leaves + changes)]
        known = [slot for slot in touched if slot not in self.broken and slot not in self.waiting]
        moving = self._moving(known, chance)
        steps: list[Step] = [(slot, Deed.DELETE) for slot in [*known[:leaves], *moving]]
        steps += [(slot, Deed.UPDATE) for slot in known[leaves:] if slot not in moving]
        for origin in moving:
            slot = self.grow()
            self.moved[slot] = origin
            steps.append((slot, Deed.CREATE))
        arrivals = min(int(chance.expovariate(1 / (0.7 + size * 0.007))), size // 4 + 1)
        return steps + [(self.grow(), Deed.CREATE) for _ in range(arrivals)]

    def _moving(self, known: list[int], chance: Random) -> list[int]:
        """Return a dataset that becomes a data service, now and then."""
        if not self.source.three or not known or chance.random() > 0.15:
            return []
        slot = known[-1]
        movable = slot % 10 > 2 and slot % 20 != 13 and slot not in self.moved
        return [slot] if movable and self.live[slot] >= 0 else []

    def _doubles(self) -> int:
        return sum(1 for slot in range(min(self.doubles, len(self.rev))) if self.listed(slot))

    def _strange(self) -> list[Step]:
        doubles = [
            (slot, Deed.DOUBLE) for slot in range(min(self.doubles, len(self.rev))) if self.listed(slot)
        ]
        return [
            *doubles,
            *((place, Deed.NAMELESS) for place in range(self.nameless)),
            *((place, Deed.UNREADABLE) for place in range(self.unreadable)),
        ]
