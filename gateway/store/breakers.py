"""The breaker of a portal as its row holds it: read with every turn, changed by one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import asyncpg
import msgspec

from gateway.errors import ConfigurationError
from gateway.fetch.breaker import Breaker, BreakerState
from gateway.store import bookkeeping
from gateway.store.staging import Connection

Result = TypeVar("Result")
FIELDS = tuple(field.name for field in msgspec.structs.fields(Breaker))
COLUMNS = ", ".join(f"breaker_{name}" for name in FIELDS)

_READ = f"SELECT {COLUMNS} FROM portal WHERE number = $1 FOR UPDATE"
_WRITE = f"""
    UPDATE portal SET {", ".join(f"breaker_{name} = ${place}" for place, name in enumerate(FIELDS, 2))}
    WHERE number = $1
"""


def breaker_in(row: asyncpg.Record) -> Breaker:
    """Return the breaker in a row that has ``COLUMNS``."""
    known = {name: row[f"breaker_{name}"] for name in FIELDS}
    return Breaker(**{**known, "state": BreakerState(known["state"])})


async def change(
    connection: Connection, portal: int, how: Callable[[Breaker], Result]
) -> tuple[Result, Breaker]:
    """Do *how* to the portal's breaker, and nobody else meanwhile; return what it returns, and the breaker then.

    Raises ConfigurationError where the portal has been forgotten.
    """
    async with connection.transaction():
        row = await connection.fetchrow(_READ, portal)
        if row is None:
            raise forgotten()
        breaker = breaker_in(row)
        result = how(breaker)
        if breaker != breaker_in(row):
            await connection.execute(_WRITE, portal, *(getattr(breaker, name) for name in FIELDS))
            await bookkeeping.move_version(connection)
    return result, breaker


def forgotten() -> ConfigurationError:
    """Return the error of a process that still knows a portal which somebody has removed."""
    return ConfigurationError(
        "This portal has been forgotten while this process knew it.",
        hint="Start the process anew, or take the portal out of its settings.",
    )


def half_forgotten(key: str) -> ConfigurationError:
    """Return the error of whoever would ask a portal whose rows are only half removed."""
    return ConfigurationError(
        f"The portal {key!r} is being forgotten: what is left of it is not read on.",
        hint=f"Finish it: gateway portals forget {key} --yes",
    )
