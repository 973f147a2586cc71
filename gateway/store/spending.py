"""The rows of what addresses have asked for: all processes add to them; windows are by the clock of Postgres."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.store.staging import Connection


@dataclass(frozen=True, slots=True)
class Taken:
    """What an address had in its window before a process took some for it."""

    began_at: datetime | None
    """Which window it is; None for one that this process reckons alone."""
    before: int
    """What had been taken, by all processes."""
    seconds_left: float
    """Until the window ends."""


_TAKE = """
INSERT INTO caller_spending AS s (address, began_at, spent)
VALUES ($1, to_timestamp(floor(extract(epoch FROM clock_timestamp()) / $3::int) * $3::int), $2::bigint)
ON CONFLICT (address) DO UPDATE SET
    spent = EXCLUDED.spent + CASE WHEN s.began_at < EXCLUDED.began_at THEN 0 ELSE s.spent END,
    began_at = greatest(s.began_at, EXCLUDED.began_at)
RETURNING began_at, spent - $2::bigint AS before,
    extract(epoch FROM began_at + make_interval(secs => $3::int) - clock_timestamp())::float8 AS seconds_left
"""


async def take(connection: Connection, address: str, amount: int, seconds: int) -> Taken:
    """Add *amount* to what *address* has taken in the window of *seconds* that is now."""
    row = await connection.fetchrow(_TAKE, address, amount, seconds)
    assert row is not None
    return Taken(**dict(row))


async def forget(connection: Connection, seconds: int) -> None:
    """Remove the rows of windows that have ended: who asked what for is nobody's business any longer."""
    await connection.execute(
        "DELETE FROM caller_spending WHERE began_at < clock_timestamp() - make_interval(secs => $1::int)",
        seconds,
    )
