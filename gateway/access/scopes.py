"""The scopes that a key may carry, and what each of them implies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gateway.errors import UsageError

READ_PRIVATE = "read-private"
SYNC = "sync"
ADMIN = "admin"

SCOPES: Mapping[str, str] = {
    READ_PRIVATE: "read personal data and stored documents",
    SYNC: "start syncs, and have a source or run read anew",
    ADMIN: "everything that the others may, and what is the operators' alone",
}
"""Each scope, and what it lets a caller do, in words."""


def parsed(words: Sequence[str]) -> list[str]:
    """Return *words* without repetitions, in the order of ``SCOPES``; UsageError for none or an unknown one."""
    unknown = [word for word in words if word not in SCOPES]
    if unknown:
        raise UsageError(f"There is no scope {unknown[0]!r}.", hint=_listed())
    if not words:
        raise UsageError("A key needs a scope.", hint=_listed())
    return [scope for scope in SCOPES if scope in words]


def granted(scopes: Iterable[str]) -> frozenset[str]:
    """Return what a key with *scopes* may do: admin implies the others."""
    given = frozenset(scopes)
    return given | frozenset(SCOPES) if ADMIN in given else given


def _listed() -> str:
    return f"There are: {'; '.join(f'{scope} ({words})' for scope, words in SCOPES.items())}."
