"""Callers: whose request it is, by the key that it carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple

from aiohttp.hdrs import AUTHORIZATION, WWW_AUTHENTICATE
from multidict import MultiMapping, istr

from gateway.errors import DatabaseUnavailable
from harvest_graphql.held import LOST
from harvest_graphql.problems import Code
from harvest_graphql.serving.refusals import Unusable
from harvest_graphql.visibility import NOBODY, Scopes


class Admitted(NamedTuple):
    """Whose request it is."""

    scopes: Scopes
    """What they may do beyond what everybody may."""
    name: str | None
    """What their key is called; None without one."""


STRANGER = Admitted(NOBODY, None)
"""Who comes without a key."""
Admit = Callable[[str], Awaitable[Admitted | None]]
"""Tells whose a key is; None for one that opens nothing (unknown, revoked, expired)."""
API_KEY = istr("X-Api-Key")
MOST_CHARACTERS = 1000
"""No key is longer."""


async def nobody(_: str) -> Admitted | None:
    """Know no key at all."""
    return None


def carries_key(headers: MultiMapping[str]) -> bool:
    """Return whether *headers* hold a key, or what may be one."""
    return AUTHORIZATION in headers or API_KEY in headers


async def admitted(headers: MultiMapping[str], admit: Admit) -> Admitted | None:
    """Return who sent *headers*, None for one without a key.

    Unusable: 401 for a key that opens nothing, 400 for several, 503 where keys cannot be looked up.
    """
    sent = set(_sent(headers))
    if not sent:
        return None
    if len(sent) > 1:
        raise Unusable(400, "The request carries several keys: send one.")
    try:
        found = await admit(_plausible(sent.pop()))
    except (TimeoutError, *LOST, DatabaseUnavailable) as error:
        words = "The gateway's database cannot be reached now. Try again."
        raise Unusable(503, words, code=Code.UNAVAILABLE) from error
    if found is None:
        raise _unknown("The key is not known, or no longer: leave it out to read what is public.")
    return found


def _sent(headers: MultiMapping[str]) -> Iterator[str]:
    """Yield the keys in the headers; Unusable (401) where another scheme than Bearer is used."""
    for value in headers.getall(AUTHORIZATION, ()):
        scheme, _, key = value.strip().partition(" ")
        if scheme.lower() != "bearer":
            raise _unknown("Send a key as `Authorization: Bearer KEY` or `X-Api-Key: KEY`.")
        yield key.strip()
    for value in headers.getall(API_KEY, ()):
        yield value.strip()


def _plausible(key: str) -> str:
    """Return *key*; Unusable (401) where it cannot be one, so that it need not be looked up."""
    if not key or len(key) > MOST_CHARACTERS or not key.isascii() or not key.isprintable():
        raise _unknown("This is no key of the gateway.")
    return key


def _unknown(message: str) -> Unusable:
    return Unusable(401, message, code=Code.UNAUTHENTICATED, headers={WWW_AUTHENTICATE: "Bearer"})
