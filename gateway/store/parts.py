"""What a commit unit is made of, and what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.model.document import Document, Rejection
from gateway.model.entities import JSON
from gateway.ports import End, Scope
from gateway.store.absence import Seen
from gateway.store.layout import Reading


@dataclass(slots=True)
class Tally:
    """What was brought: elements fetched, rows new, changed and gone, elements quarantined."""

    fetched: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    quarantined: int = 0

    def add(self, other: Tally) -> None:
        """Add what *other* counted."""
        self.fetched += other.fetched
        self.new += other.new
        self.changed += other.changed
        self.gone += other.gone
        self.quarantined += other.quarantined


@dataclass(slots=True)
class Part:
    """What a unit holds of one scope."""

    scope: Scope
    elements: Sequence[Document | Rejection] = ()
    seen: Seen | None = None
    """What the scope named so far in this pass, where that may prove absence."""
    cursor: JSON = None
    """Where reading goes on after these elements."""
    end: End | None = None
    """The scope's end, where these elements are its last."""
    loaded: int | None = None
    """On a first load: how many elements the scope brought in all."""
    mark: bytes | None = None
    """Fingerprint of the answer that brought these elements, and nothing else; see ``gateway.ports.Page``."""
    readings: dict[int, Reading] = field(default_factory=dict)
    """What documents among the elements say, where they were read ahead; by ``id`` of the document."""
