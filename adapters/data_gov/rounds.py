"""Which sources are asked for their jobs, in which order: so that passes too small for all of them get around."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from gateway.model.entities import JSON

NOTE = "jobsReadTo"


class Round:
    """One turn over all sources, in as many passes as it takes; *noted* is what the pass before left."""

    def __init__(self, noted: Mapping[str, JSON]) -> None:
        reached = noted.get(NOTE)
        self._reached = reached if isinstance(reached, str) else None

    @property
    def noted(self) -> dict[str, JSON]:
        """Return where an unfinished turn goes on, nothing after a finished one."""
        return {} if self._reached is None else {NOTE: self._reached}

    def order(
        self, sources: Iterable[str], read: AbstractSet[str], *, loading: bool, full: bool
    ) -> list[str]:
        """Return the sources to ask: first those that have never been *read*.

        *loading*: no others, as errors and records have never been read either; *full*: all of them.
        """
        listed = sorted(sources)
        fresh = [source for source in listed if source not in read]
        if loading:
            return fresh
        begun = "" if self._reached is None or full else self._reached
        return fresh + [source for source in listed if source in read and source > begun]

    def passed(self, source: str, read: AbstractSet[str]) -> None:
        """Note that *source* has been asked."""
        if source in read:
            self._reached = source

    def finish(self) -> None:
        """Note that all have been asked."""
        self._reached = None
