"""The row in which all who ask one portal with one key meet: read whole, and changed by whoever has read it last.

A change says which version it rests on, so that what is reckoned in Python holds in Postgres at the price of one
statement. Whoever waits is told by NOTIFY.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from gateway.fetch.breaker import Breaker
from gateway.fetch.budget import Budget
from gateway.fetch.line import Line
from gateway.store import bookkeeping
from gateway.store.breakers import COLUMNS, breaker_in, forgotten, half_forgotten
from gateway.store.staging import Connection

Known = TypeVar("Known")
CALLS = "gateway_turns"
"""Postgres channel on which those in a line tell each other that it moved: ``PORTAL/KEY_HASH``."""

_MAKE = """
    INSERT INTO budget (portal, key_hash, updated_at) SELECT number, $2, clock_timestamp() FROM portal
    WHERE number = $1 ON CONFLICT DO NOTHING
"""
_READ = f"""
    SELECT b.version, b.line, b.state, clock_timestamp() AS now, p.key, p.forgetting_since, {COLUMNS},
        ARRAY(SELECT a.pid || '/' || coalesce(extract(epoch FROM a.backend_start)::text, '')
            FROM pg_stat_activity a WHERE a.datname = current_database()) AS living
    FROM budget b JOIN portal p ON p.number = b.portal WHERE b.portal = $1 AND b.key_hash = $2
"""
_SWAP = f"""
    WITH swapped AS (
        UPDATE budget SET line = $4, state = $5, "limit" = $6, remaining = $7, blocked_until = $8,
            updated_at = clock_timestamp(), version = version + 1
        WHERE portal = $1 AND key_hash = $2 AND version = $3 RETURNING version
    )
    SELECT s.version, clock_timestamp() AS now, {COLUMNS},
        CASE WHEN $9 THEN pg_notify('{CALLS}', $1::int || '/' || $2::text) END
    FROM swapped s JOIN portal p ON p.number = $1
"""


@dataclass(slots=True)
class Turns:
    """The row as it was read, to be changed and written."""

    portal: int
    key_hash: str
    version: int
    line: Line
    budget: Budget
    breaker: Breaker
    now: datetime
    """By Postgres' clock, when it was read or written."""
    living: frozenset[str] | None = None
    """The connections that lived when it was read, as ``speaking`` names them; None once it was written."""

    def is_dead(self, ticket: str) -> bool:
        """Return whether the connection that the ticket was taken over is no more."""
        owner = ticket.rpartition("/")[0]
        unnamed = f"{owner.partition('/')[0]}/"  # of another user's connection only the number may be told
        return self.living is not None and owner not in self.living and unnamed not in self.living


async def read(connection: Connection, portal: int, key_hash: str) -> Turns:
    """Return the row, made where there was none; ConfigurationError where the portal has been forgotten, or half."""
    row = await connection.fetchrow(_READ, portal, key_hash)
    if row is None:
        await connection.execute(_MAKE, portal, key_hash)
        row = await connection.fetchrow(_READ, portal, key_hash)
    if row is None:
        raise forgotten()
    if row["forgetting_since"] is not None:
        raise half_forgotten(row["key"])
    return Turns(
        portal,
        key_hash,
        row["version"],
        _known(row["line"], Line.from_json) or Line(),
        _known(row["state"], Budget.from_json) or Budget(),
        breaker_in(row),
        row["now"],
        frozenset(row["living"]),
    )


async def swap(connection: Connection, turns: Turns, *, call: bool) -> bool:
    """Write *turns*, and *call* those who wait; False where somebody was faster: read again."""
    budget = turns.budget
    row = await connection.fetchrow(
        _SWAP,
        turns.portal,
        turns.key_hash,
        turns.version,
        bookkeeping.encode(turns.line.to_json()),
        bookkeeping.encode(budget.to_json()),
        budget.limit,
        budget.remaining,
        budget.blocked_until,
        call,
    )
    if row is None:
        return False
    turns.version, turns.now, turns.breaker, turns.living = row["version"], row["now"], breaker_in(row), None
    return True


def _known(text: str | None, read_: Callable[[object], Known]) -> Known | None:
    return None if text is None else read_(msgspec.json.decode(text))
