"""Who may write: a lease with a token that only grows, checked in every transaction that writes."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import timedelta

from gateway.errors import DatabaseUnavailable, LeaseLost
from gateway.store.staging import Connection

TERM = timedelta(seconds=240)
"""How long a lease lasts without being extended, by Postgres' clock: longer than any one answer may take."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one unit of work of one portal."""

    portal: int
    unit: str
    holder: str
    token: int


def this_process() -> str:
    """Return the name under which this process holds leases: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _is_dead(holder: str | None) -> bool:
    """Whether *holder* was a process of this host that is no more, so that nobody need wait for its lease."""
    host, _, pid = (holder or "").rpartition(":")
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


async def take(connection: Connection, portal: int, unit: str, holder: str) -> Lease:
    """Take the lease, or raise DatabaseUnavailable naming who holds it."""
    former = await connection.fetchval(
        "SELECT holder FROM lease WHERE portal = $1 AND unit = $2", portal, unit
    )
    token = await connection.fetchval(
        """
        INSERT INTO lease AS l (portal, unit, holder, token, until) VALUES ($1, $2, $3, 1, now() + $4)
        ON CONFLICT (portal, unit) DO UPDATE SET holder = $3, token = l.token + 1, until = now() + $4
        WHERE l.holder IS NULL OR l.until < now() OR l.holder = $3 OR l.holder = $5
        RETURNING token
        """,
        portal,
        unit,
        holder,
        TERM,
        former if _is_dead(former) else None,
    )
    if token is None:
        row = await connection.fetchrow(
            "SELECT holder, until FROM lease WHERE portal = $1 AND unit = $2", portal, unit
        )
        who = f"{row['holder']} until {row['until']:%H:%M:%S} UTC" if row else "somebody"
        raise DatabaseUnavailable(
            f"Another worker syncs this portal: {who}.",
            hint="Wait for it, or stop it; a dead worker's lease ends by itself.",
        )
    return Lease(portal, unit, holder, token)


async def hold(connection: Connection, lease: Lease) -> None:
    """Check inside a transaction that the lease is still ours, and keep it until the commit; LeaseLost otherwise."""
    held = await connection.fetchval(
        "SELECT true FROM lease WHERE portal = $1 AND unit = $2 AND token = $3 AND holder = $4 FOR UPDATE",
        lease.portal,
        lease.unit,
        lease.token,
        lease.holder,
    )
    if not held:
        raise LeaseLost(f"The lease on {lease.unit} was taken over by another worker.")


async def extend(connection: Connection, lease: Lease) -> None:
    """Make the lease last another term; LeaseLost when it is no longer ours."""
    status = await connection.execute(
        "UPDATE lease SET until = now() + $5 WHERE portal = $1 AND unit = $2 AND token = $3 AND holder = $4",
        lease.portal,
        lease.unit,
        lease.token,
        lease.holder,
        TERM,
    )
    if status.endswith(" 0"):
        raise LeaseLost(f"The lease on {lease.unit} was taken over by another worker.")


async def give_back(connection: Connection, lease: Lease) -> None:
    """Let the lease go, so that the next worker need not wait."""
    await connection.execute(
        "UPDATE lease SET holder = NULL, until = NULL WHERE portal = $1 AND unit = $2 AND token = $3",
        lease.portal,
        lease.unit,
        lease.token,
    )
