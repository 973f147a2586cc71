"""Every wire that a portal may speak: which adapter reads it, which dialect of its sandbox speaks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.data_gov.sandbox_gateway import OPEN_KEY

OPEN = {"api_key": OPEN_KEY}
"""Settings of a portal whose gateway lets every request through."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A dialect of an adapter's sandbox, and what a portal that speaks it is set up with."""

    adapter: str
    dialect: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the name that tests show."""
        return f"{self.adapter}-{self.dialect}"


WIRES = (
    Wire("data-gouv-fr", "v17"),
    Wire("data-gouv-fr", "v16"),
    Wire("data-gouv-fr", "v9"),
    Wire("data-gov", "real"),
    Wire("data-gov", "documented", OPEN),
)
