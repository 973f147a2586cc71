"""How new an answer has to be: the words of the argument, and the seam to whoever reads a thing anew before it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gateway.model.enums import EntityType
from harvest_graphql.visibility import Scopes
from harvest_graphql.words import register

ARGUMENT, SECONDS = "consistency", "maxAgeSeconds"


class Consistency(StrEnum):
    """How new what is told of a source or run has to be."""

    CACHED = "CACHED"
    MAX_AGE = "MAX_AGE"
    LIVE = "LIVE"


register(
    Consistency,
    {
        "CACHED": "What is stored, as new as the last pass.",
        "MAX_AGE": "Read anew at its portal before, where it was verified longer ago than `maxAgeSeconds`.",
        "LIVE": "Read anew at its portal before.",
    },
)
ARGUMENTS: dict[str, tuple[Any, str]] = {
    ARGUMENT: (
        Consistency | None,
        (
            "How new it has to be; CACHED unless said. Otherwise it is read anew at its portal, written, and told: a"
            " source with its newest runs, a run with its counts and its own errors; records follow with the next"
            " pass. That takes a key with the scope sync, and seconds. Where it cannot be done what is stored is told,"
            " and `extensions.consistency` says why, and as of when."
        ),
    ),
    "max_age_seconds": (
        float | None,
        "With MAX_AGE: how many seconds ago it may have been verified, by a pass or by itself, by the portal's clock.",
    ),
}
"""What a look-up takes that can be asked for anew: type and description by name."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A source or run that is to be no older than so many seconds."""

    type: EntityType
    portal: str
    native_id: str | None
    slug: str | None
    """Of a source, where the native id is not given."""
    seconds: float | None
    """None: as it is now."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a wish came to."""

    live: bool = False
    """Whether the portal was asked for this answer."""
    at: datetime | None = None
    """As of when the thing was verified; None where that is not known."""
    reason: str | None = None
    """Why it is older than was wished, a word of a closed list; None where it is not."""
    message: str = ""
    retry_at: datetime | None = None

    def as_extension(self, key: str, wish: Wish) -> dict[str, Any]:
        """Return the entry of ``extensions.consistency`` for the field of the answer's *key*."""
        entry: dict[str, Any] = {
            "path": [key],
            "wanted": Consistency.LIVE if wish.seconds is None else Consistency.MAX_AGE,
            "served": Consistency.LIVE if self.live else Consistency.CACHED,
            "asOf": _text(self.at),
        }
        if self.reason is not None:
            entry |= {"reason": self.reason, "message": self.message}
        return entry if self.retry_at is None else {**entry, "retryAt": _text(self.retry_at)}


Refreshes = Callable[[Wish, Scopes], Awaitable[Told]]
"""Sees to it that a thing is as new as a caller with some scopes wishes, as far as that can be done; never raises."""
NOT_HERE = Told(reason="NOT_SUPPORTED", message="This endpoint tells what is stored and asks no portal.")


async def stored(_wish: Wish, _scopes: Scopes) -> Told:
    """Read nothing anew."""
    return NOT_HERE


async def granted(wishes: Mapping[str, Wish], refreshes: Refreshes, scopes: Scopes) -> list[dict[str, Any]]:
    """Return what *wishes*, by the keys of their fields, came to: the entries of ``extensions.consistency``."""
    told = await asyncio.gather(*(refreshes(wish, scopes) for wish in wishes.values()))
    return [each.as_extension(key, wish) for (key, wish), each in zip(wishes.items(), told, strict=True)]


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
