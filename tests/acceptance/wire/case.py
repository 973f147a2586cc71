"""A reviewed entry of a portal's table: how one capture is asked again in the sandbox's world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

W = TypeVar("W")


@dataclass(slots=True)
class Asked(Generic[W]):
    """What an entry may choose from: the world's lists, and the sandbox's answers to the captures before."""

    world: W
    answers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case(Generic[W]):
    """How a capture's request becomes one of the sandbox's world."""

    ids: Callable[[Asked[W]], Mapping[str, str]] = lambda _: {}
    """Captured id or slug -> one that fits."""
    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Request headers instead of the captured ones."""
    verbatim: bool = False
    """Whether a text body is sent as it is, not as a JSON string."""
    dialect: str = ""
    """What the sandbox speaks when it is asked; "": the usual."""
    before: tuple[str, str, str | None] | None = None
    """(method, path, key) of a request that brings about what the capture shows."""
