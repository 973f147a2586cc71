"""The append-only log of the Data.gov-style world: what every run wrote, in compact arrays."""

from __future__ import annotations

from array import array
from enum import IntEnum


class Action(IntEnum):
    """What a row says was done."""

    NONE = 0
    CREATE = 1
    UPDATE = 2
    DELETE = 3


class Fate(IntEnum):
    """What became of a row once its run went on."""

    SUCCESS = 0
    ERROR = 1
    PENDING = 2
    UNFINISHED = 3


class Special(IntEnum):
    """Rows that are about no dataset."""

    NO = 0
    DOUBLE = 1
    NAMELESS = 2


class Trouble(IntEnum):
    """What an error row is about."""

    FAULT = 0
    WARNING = 1
    UNREADABLE = 2
    VALIDATION = 3


class RecordLog:
    """The rows of the record table, numbered in the order of the runs; a run's rows are neighbours.

    By row: ``created`` and ``took`` (microseconds; the row is settled that long after it was created), ``job``,
    ``slot`` (the dataset's number within its source), ``rev`` (of its content), ``before`` (the row before it of
    the same slot; of a delete: the row that it supersedes; or -1), ``over`` (the row that superseded it, or -1).
    """

    def __init__(self) -> None:
        self.created = array("q")
        self.took = array("i")
        self.job = array("i")
        self.slot = array("i")
        self.rev = array("i")
        self.before = array("i")
        self.over = array("i")
        self._word = array("B")

    def __len__(self) -> int:
        return len(self.created)

    def add(
        self, job: int, slot: int, rev: int, before: int, action: Action, fate: Fate, special: Special
    ) -> int:
        """Append a row, its instants still open, and return its number."""
        row = len(self._word)
        self.created.append(0)
        self.took.append(0)
        self.job.append(job)
        self.slot.append(slot)
        self.rev.append(rev)
        self.before.append(before)
        self.over.append(-1)
        self._word.append(action | fate << 2 | special << 4)
        return row

    def action(self, row: int) -> int:
        """Return the row's Action."""
        return self._word[row] & 3

    def fate(self, row: int) -> int:
        """Return the row's Fate."""
        return self._word[row] >> 2 & 3

    def special(self, row: int) -> int:
        """Return the row's Special."""
        return self._word[row] >> 4

    def settled(self, row: int) -> int:
        """Return the instant at which the row has its last words."""
        return self.created[row] + self.took[row]

    def supersede(self, last: int, by: int) -> None:
        """Mark *last* and what came before it as superseded by the row *by*."""
        while last >= 0 and self.over[last] < 0:
            self.over[last] = by
            last = self.before[last]


class ErrorLog:
    """The rows of the record error table; ``row`` is -1 where the error is about no row."""

    def __init__(self) -> None:
        self.created = array("q")
        self.job = array("i")
        self.row = array("i")
        self.slot = array("i")
        self.rev = array("i")
        self.trouble = array("B")
        self.nth = array("B")

    def __len__(self) -> int:
        return len(self.created)

    def add(self, created: int, job: int, row: int, slot: int, rev: int, trouble: Trouble, nth: int) -> None:
        """Append an error."""
        self.created.append(created)
        self.job.append(job)
        self.row.append(row)
        self.slot.append(slot)
        self.rev.append(rev)
        self.trouble.append(trouble)
        self.nth.append(nth)
