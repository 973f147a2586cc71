"""What a mirror of the Data.gov-style world has of each row: when it read it, whether it is still there."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

PRESENT, GONE, EXPIRED = "PRESENT", "GONE", "EXPIRED"
OPEN = frozenset({"SCHEDULED", "PENDING", "RUNNING"})
"""Statuses of jobs that have not ended."""


@dataclass(slots=True)
class Seen:
    """A row as the mirror has it: read when, still there or not since which pass."""

    read: int
    presence: str = PRESENT
    turn: int = 0
    """Number of the pass in which it vanished."""
    documented: bool = False
    """Whether it was read as the documentation has it, which leaves out some columns."""


@dataclass(slots=True)
class SeenJob(Seen):
    """A job as the mirror has it, with the status that the mirror derives."""

    status: str = ""
    wire: str = ""
    created: int = 0
    ended: int | None = None
    counters: dict[str, int | None] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Return whether the job has ended, as far as the mirror knows."""
        return self.status not in OPEN


class SeenRows:
    """The rows of one log as the mirror has them: when read, and how and in which pass they vanished."""

    def __init__(self, size: int) -> None:
        self.read = array("q", bytes(8 * size))
        """Instant of the last reading; 0 where never read."""
        self._state = bytearray(size)
        self._turn = bytearray(size)
        self._documented = bytearray(size)

    def mark(self, number: int, at: int, *, documented: bool = False) -> None:
        """Note that a row was read, as the documentation has it or whole."""
        self.read[number] = at
        self._state[number] = 0
        self._documented[number] = documented

    def documented(self, number: int) -> bool:
        """Return whether a row was read as the documentation has it."""
        return bool(self._documented[number])

    def lose(self, number: int, presence: str, turn: int) -> None:
        """Note that a row has vanished."""
        if self.read[number] and not self._state[number]:
            self._state[number] = 1 if presence == GONE else 2
            self._turn[number] = turn

    def presence(self, number: int) -> str:
        """Return the presence of a row that was read."""
        return (PRESENT, GONE, EXPIRED)[self._state[number]]

    def turn(self, number: int) -> int:
        """Return the number of the pass in which a row vanished."""
        return self._turn[number]
