"""What a sandbox portal is: a world that is a function of its seed, epoch and clock, and its HTTP surfaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeAlias

from aiohttp import web


class Step(NamedTuple):
    """A pass of a mirror."""

    at: datetime
    """The portal's clock."""
    kind: str
    """POLL or RECONCILE."""
    dialect: str = ""
    """What the portal spoke then, one of ``SandboxPortal.dialects``; "": the first of them."""


Passes: TypeAlias = Sequence[Step]
"""The passes of a mirror, oldest first."""

Dialect: TypeAlias = Callable[[], str]
"""What the portal speaks at the moment."""

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
    dialects: Mapping[str, str]
    """The wires that the portal can speak, the usual one first, and the path of each's interface: the base URL is
    the origin and this."""
    build: Callable[[int, int, datetime], World]
    """Makes the world of (seed, scale, epoch)."""
    routes: Callable[[Any, Now, Dialect], list[web.RouteDef] | web.Application]
    """Makes the portal's own surface over a world that *build* made, showing its state at the clock, in its dialect."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By dialect: a key without limits, where nothing is told without one."""

    @property
    def usual(self) -> str:
        """Return the dialect that is spoken unless another is asked for."""
        return next(iter(self.dialects))
