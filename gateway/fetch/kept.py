"""What is reckoned in memory and kept as JSON between processes."""

from __future__ import annotations

from typing import Any, Self

import msgspec


class Kept(msgspec.Struct):
    """Something that is written as JSON and read back."""

    @classmethod
    def from_json(cls, state: Any) -> Self:
        """Return what ``to_json`` has written, an empty one where it was not."""
        try:
            return msgspec.convert(state, cls)
        except msgspec.ValidationError:
            return cls()

    def to_json(self) -> dict[str, Any]:
        """Return all that is known, as JSON values."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return told
