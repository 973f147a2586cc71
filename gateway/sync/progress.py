"""What a pass tells while it runs, and what it says at its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StreamTally:
    """What one stream brought: elements fetched, rows new, changed and gone, elements quarantined."""

    fetched: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    quarantined: int = 0
    requests: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One pass over one portal."""

    portal: str
    kind: str
    """POLL or RECONCILE."""
    state: str
    """DONE; INCOMPLETE (the budget ended, or something could not be proved); FAILED; INTERRUPTED."""
    baseline: bool
    """Whether this was (part of) the first load."""
    requests: int
    seconds: float
    streams: dict[str, StreamTally]
    notice: str | None = None
    """Why it failed, or why it stopped and when it may go on, in words."""
    resumes_at: datetime | None = None
    """Where the portal has limits or asked to be left alone: until when, by the portal's clock."""

    @property
    def rationed(self) -> bool:
        """Return whether this was a slice of a first load that may go on at once."""
        return self.baseline and self.state == "INCOMPLETE" and self.resumes_at is None


class Progress(Protocol):
    """Listens to passes."""

    def started(self, portal: str, kind: str, baseline: bool) -> None:
        """Hear that a pass begins."""

    def advanced(self, portal: str, stream: str, done: int, expected: int | None) -> None:
        """Hear how many elements of a stream have been committed, of how many if that is known."""

    def ended(self, summary: RunSummary) -> None:
        """Hear how a pass ended."""

    def waits(self, portal: str, reason: str, seconds: float) -> None:
        """Hear that somebody else is at work on a portal, and how long that is waited for; 0: it is left to him."""


class Silent:
    """Listens and says nothing."""

    def started(self, portal: str, kind: str, baseline: bool) -> None:
        """Hear that a pass begins."""

    def advanced(self, portal: str, stream: str, done: int, expected: int | None) -> None:
        """Hear how far a stream is."""

    def ended(self, summary: RunSummary) -> None:
        """Hear how a pass ended."""

    def waits(self, portal: str, reason: str, seconds: float) -> None:
        """Hear that somebody else is at work on a portal."""
