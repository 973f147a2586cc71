"""Who may write: a lease with a token that only grows, checked in every transaction that writes.

Who writes locks the lease's key until its commit, which lets a heartbeat extend the lease meanwhile; who takes a lease
over locks all of it, and so waits for what is being committed. A holder that was stopped in the middle of a transaction
would be waited for without end: its connection is ended instead. So is that of somebody who was stopped while it took
the lease: by Postgres itself, after a term.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from gateway.errors import LeaseHeld, LeaseLost
from gateway.store.staging import Connection

TERM = timedelta(seconds=60)
"""How long a lease lasts, by Postgres' clock, that nobody keeps with a heartbeat."""
BEATS = 1.75
"""Heartbeats that a lease outlasts: with the time to notice, another worker takes over within two."""
_WAIT_MS = 500
"""How long the transaction of a holder whose time is over may take to commit."""
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one unit of work of one portal."""

    portal: int
    unit: str
    holder: str
    token: int
    term: timedelta = TERM


@dataclass(frozen=True, slots=True)
class _Found:
    """What a lease's row says."""

    holder: str | None
    token: int
    taken_at: datetime | None
    backend: int | None
    lasts: bool


def term(heartbeat: float) -> timedelta:
    """Return how long a lease lasts that is extended every *heartbeat* seconds."""
    return timedelta(seconds=BEATS * heartbeat)


def this_process() -> str:
    """Return the name under which this process holds leases: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _is_dead(holder: str) -> bool:
    """Whether *holder* was a process of this host that is no more, so that nobody need wait for its lease."""
    host, _, pid = holder.rpartition(":")
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


async def take(
    connection: Connection, portal: int, unit: str, holder: str, *, term: timedelta = TERM
) -> Lease:
    """Take the lease for what *connection* will write, or raise LeaseHeld naming who has it."""
    await connection.execute(
        "INSERT INTO lease (portal, unit, token) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING", portal, unit
    )
    found = await _look(connection, portal, unit)
    for _ in range(_TRIES):
        if found.holder is not None and found.lasts and not _is_dead(found.holder):
            break
        token = await _take_over(connection, Lease(portal, unit, holder, found.token, term), found)
        if token is not None:
            return Lease(portal, unit, holder, token, term)
        found = await _look(connection, portal, unit)
    who = found.holder or "another"
    since = f" since {found.taken_at:%H:%M:%S} UTC" if found.taken_at else ""
    raise LeaseHeld(
        f"Another worker syncs this portal: {who}{since}.",
        hint="Wait for it, or stop it; a dead worker's lease ends by itself.",
    )


async def _look(connection: Connection, portal: int, unit: str) -> _Found:
    row = await connection.fetchrow(
        "SELECT holder, token, taken_at, backend, coalesce(until >= clock_timestamp(), false) AS lasts FROM lease "
        "WHERE portal = $1 AND unit = $2",
        portal,
        unit,
    )
    assert row is not None, "leases are never deleted"
    return _Found(**dict(row))


async def _take_over(connection: Connection, wanted: Lease, found: _Found) -> int | None:
    """Return the new token; None where the lease is another one by now, or still being written under."""
    try:
        async with connection.transaction():
            still = round(wanted.term / timedelta(milliseconds=1))
            await connection.execute(
                f"SET LOCAL lock_timeout = {_WAIT_MS}; SET LOCAL synchronous_commit = on; "
                f"SET LOCAL idle_in_transaction_session_timeout = {still}"
            )
            await connection.execute(
                "SELECT FROM lease WHERE portal = $1 AND unit = $2 FOR UPDATE", wanted.portal, wanted.unit
            )
            token: int | None = await connection.fetchval(
                _TAKE,
                wanted.portal,
                wanted.unit,
                found.token,
                wanted.holder,
                wanted.term,
                found.holder is not None and _is_dead(found.holder),
            )
            return token
    except asyncpg.LockNotAvailableError:
        # The same process of Postgres, or a later one with the same number?
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start <= $2",
            found.backend,
            found.taken_at,
        )
        return None


_TAKE = """
    UPDATE lease SET holder = $4, token = token + 1, until = clock_timestamp() + $5, taken_at = clock_timestamp(),
        backend = pg_backend_pid()
    WHERE portal = $1 AND unit = $2 AND token = $3 AND (holder IS NULL OR until < clock_timestamp() OR $6)
    RETURNING token
"""


@asynccontextmanager
async def writing(connection: Connection, lease: Lease) -> AsyncIterator[None]:
    """Write in one transaction under the lease; LeaseLost, with nothing written, when another worker has it."""
    async with connection.transaction():
        await hold(connection, lease)
        yield


async def hold(connection: Connection, lease: Lease) -> None:
    """Check inside a transaction that the lease is still ours, and keep it until the commit; LeaseLost otherwise."""
    held = await connection.fetchval(
        "SELECT true FROM lease WHERE portal = $1 AND unit = $2 AND token = $3 AND holder = $4 FOR KEY SHARE",
        lease.portal,
        lease.unit,
        lease.token,
        lease.holder,
    )
    if not held:
        raise lost(lease)


async def extend(connection: Connection, lease: Lease) -> None:
    """Make the lease last another term; LeaseLost when it is no longer ours."""
    status = await connection.execute(
        "UPDATE lease SET until = clock_timestamp() + $5 "
        "WHERE portal = $1 AND unit = $2 AND token = $3 AND holder = $4",
        lease.portal,
        lease.unit,
        lease.token,
        lease.holder,
        lease.term,
    )
    if status.endswith(" 0"):
        raise lost(lease)


def lost(lease: Lease) -> LeaseLost:
    """Return the error of somebody whose lease another worker has."""
    return LeaseLost(f"The lease on {lease.unit} was taken over by another worker.")


async def give_back(connection: Connection, lease: Lease) -> None:
    """Let the lease go, so that the next worker need not wait; one that is another's is left alone."""
    await connection.execute(
        "UPDATE lease SET holder = NULL, until = NULL, taken_at = NULL, backend = NULL "
        "WHERE portal = $1 AND unit = $2 AND token = $3 AND holder = $4",
        lease.portal,
        lease.unit,
        lease.token,
        lease.holder,
    )
