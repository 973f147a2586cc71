"""What a sandbox portal is: a world that is a function of its seed, epoch and clock, and its HTTP surface."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from aiohttp import web

Passes: TypeAlias = Sequence[tuple[datetime, str]]
"""The passes of a mirror, oldest first: the portal's clock, then "POLL" or "RECONCILE"."""

Now: TypeAlias = Callable[[], datetime]
"""The portal's clock (aware, UTC)."""


class World(Protocol):
    """An invented portal; its state depends on nothing but seed, scale, epoch and the instant asked for."""

    def truth(self, passes: Passes) -> Iterator[dict[str, Any]]:
        """Yield what a perfect mirror holds after the last of *passes*, a row each.

        ``{"type", "nativeId", "presence", "fields": {column: value}}`` in the words of the common model.
        """
        ...

    def minimum(self, passes: Passes) -> dict[str, int]:
        """Return how many requests the last of *passes* needs, by stream."""
        ...

    def labels(self, at: datetime) -> Iterator[dict[str, Any]]:
        """Yield ``{"type", "nativeId", "sameAs"}``: rows with one ``sameAs`` are one thing, on any portal."""
        ...


@dataclass(frozen=True, slots=True)
class SandboxPortal:
    """A kind of portal that can be invented, as an adapter ships it."""

    name: str
    """The adapter's name."""
    title: str
    api_path: str
    """Path of the portal's interface; the base URL is the origin and this."""
    build: Callable[[int, int, datetime], World]
    """Makes the world of (seed, scale, epoch)."""
    routes: Callable[[Any, Now], list[web.RouteDef] | web.Application]
    """Makes the portal's own surface over a world that *build* made, showing its state at the clock."""
