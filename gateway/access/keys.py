"""The keys of the endpoint's callers: made, listed, revoked, and recognised when they come with a request."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg

from gateway.access import making
from gateway.access.asking import asked
from gateway.access.remembering import Remembered, Valid
from gateway.access.revoking import chosen
from gateway.access.scopes import granted, parsed
from gateway.errors import UsageError
from gateway.store import api_keys
from gateway.store.api_keys import Issued

MOST_NAME = 100
"""Characters of the longest name."""


@dataclass(frozen=True, slots=True)
class Created:
    """A key that was just made."""

    key: str = field(repr=False)
    """The key itself: it is nowhere else, so who asked for it has to keep it."""
    issued: Issued


class Keys:
    """The keys in the database of *pool*.

    *clock* tells seconds and never goes back: by it, what was found out about a key is remembered for a few of
    them, so that a request costs no statement and a revocation reaches every process within five seconds. When
    a key is made, expires or is revoked is by the clock of Postgres, which all processes share.
    """

    def __init__(self, pool: asyncpg.Pool, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._remembered = Remembered(self._find, clock)

    async def valid(self, key: str) -> Valid | None:
        """Return what is known of *key*; None for one that is unknown, revoked or expired; DatabaseUnavailable."""
        if not making.has_form(key):
            return None
        return await self._remembered.valid(making.digest(key))

    async def create(self, name: str, scopes: Sequence[str], lifetime: timedelta | None = None) -> Created:
        """Make a key for *lifetime* (None: for ever). UsageError for an unusable name or an unknown scope."""
        named, words, key = checked_name(name), parsed(scopes), making.fresh()
        issued = await asked(
            self._pool,
            lambda connection: api_keys.add(
                connection,
                name=named,
                start=making.start(key),
                key_hash=making.digest(key),
                scopes=words,
                lifetime=lifetime,
            ),
        )
        return Created(key, issued)

    async def listed(self) -> list[Issued]:
        """Return all keys that were ever made, the oldest first."""
        return await asked(self._pool, api_keys.every, again=True)

    async def revoke(self, word: str) -> Issued:
        """Revoke the one key that *word* means: its start, its name, or all of it.

        UsageError where there is none, where several could be meant, or where it is revoked already.
        """
        return await asked(self._pool, lambda connection: chosen(connection, word))

    async def _find(self, digest: bytes) -> Valid | None:
        found = await asked(self._pool, lambda connection: api_keys.active(connection, digest), again=True)
        # Postgres compares hashes as an index does; that its word is taken for no other key is checked here.
        if found is None or not hmac.compare_digest(found.key_hash, digest):
            return None
        return Valid(found.name, granted(found.scopes), found.seconds_left)


def checked_name(name: str) -> str:
    """Return *name* without spaces around it; UsageError for one that lists could not show."""
    named = name.strip()
    if not named or len(named) > MOST_NAME or not named.isprintable():
        raise UsageError(
            "This cannot be the name of a key.",
            hint=f"Say in 1 to {MOST_NAME} printable characters whose key it is.",
        )
    if named.startswith(making.PREFIX):
        raise UsageError(
            f"A key's name cannot begin with {making.PREFIX}: keys do.", hint="Say whose key it is."
        )
    return named
