"""Which key somebody means who wants one revoked, and that it is."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.access import making
from gateway.errors import UsageError
from gateway.store import api_keys
from gateway.store.api_keys import Issued
from gateway.store.staging import Connection


async def chosen(connection: Connection, word: str) -> Issued:
    """Revoke the one key that *word* means and return it; UsageError where that is not one."""
    meant = word.strip()
    # What is not printable is no name; Postgres would not even take it.
    fits = await api_keys.fitting(connection, meant, making.digest(meant)) if meant.isprintable() else []
    one = the_one(meant, fits)
    revoked = await api_keys.revoke(connection, one.id)
    if revoked is None:  # somebody else was faster
        raise UsageError(f"The key {told(one)} is revoked already.", hint=_LIST)
    return revoked


def the_one(word: str, fits: Sequence[Issued]) -> Issued:
    """Return the one of *fits* that is still to be revoked; UsageError for none or several.

    A name may be given again, as when a key is replaced: the ones that are revoked do not stand in the way.
    """
    if not fits:
        # The word is not repeated where it may be a secret.
        shown = making.start(word) + "..." if word.startswith(making.PREFIX) else repr(word)
        raise UsageError(f"There is no key {shown}.", hint=_LIST)
    left = [each for each in fits if each.revoked_at is None]
    if not left:
        last = fits[-1]
        raise UsageError(
            f"The key {told(last)} is revoked already, since {last.revoked_at:%Y-%m-%d %H:%M:%S} UTC.",
            hint=_LIST,
        )
    if len(left) > 1:
        starts = ", ".join(each.start for each in left)
        raise UsageError(
            f"{len(left)} keys are called {word!r}.", hint=f"Say which one by its start: {starts}."
        )
    return left[0]


def told(key: Issued) -> str:
    """Return how people are told which key is meant."""
    return f"{key.start} ({key.name})"


_LIST = "`gateway keys list` shows all of them."
