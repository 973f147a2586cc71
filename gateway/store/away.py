"""What asyncpg says when Postgres is away, full or overwhelmed, in the words of the error tree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from gateway.errors import DatabaseUnavailable

_PASSING = frozenset({"08", "40", "53", "55", "57", "58"})
"""Classes of SQLSTATE that another try may not meet: connections, conflicts, resources, locks, operators, system."""
READ_ONLY = "25006"
LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a connection raises that is no more; a TimeoutError is an OSError."""


def passes(error: BaseException) -> bool:
    """Return whether *error* says that Postgres cannot do this now, rather than that it is wrong."""
    if isinstance(error, asyncpg.PostgresError):
        state = str(getattr(error, "sqlstate", None) or "")
        return state[:2] in _PASSING or state == READ_ONLY
    return isinstance(error, LOST)


@contextmanager
def spoken() -> Iterator[None]:
    """Raise DatabaseUnavailable for what asyncpg raises in the block while Postgres cannot do its work."""
    try:
        yield
    except (asyncpg.PostgresError, *LOST) as error:
        if not passes(error):
            raise
        raise DatabaseUnavailable(
            f"Postgres could not finish this ({type(error).__name__}).",
            hint="What was committed stays; the next pass goes on.",
        ) from error
