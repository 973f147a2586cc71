"""Who has lost the lease while it was stopped writes nothing any more: neither rows nor notes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Thread

import asyncpg
import pytest
from acceptance.syncing import rehearsal

from gateway.errors import LeaseLost
from gateway.ports import Pass
from gateway.postgres import connect
from gateway.store import lease
from gateway.sync.progress import Silent

ASKING = frozenset({"budget", "breaker", "turn", "turnstile"})
"""Tables about what was asked of a portal: requests count, whoever sent them."""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


async def _content(connection: asyncpg.Connection) -> dict[str, str]:
    names = [row[0] for row in await connection.fetch(TABLES)]
    found = {}
    for name in (name for name in names if not name.startswith(tuple(ASKING))):
        found[name] = await connection.fetchval(
            f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{name}\" t"
        )
    return found


class _Stopped(Silent):
    """A process that is stopped after so many units, while others go on."""

    def __init__(self, units: int, meanwhile: Callable[[], None]) -> None:
        self._left = units
        self._meanwhile = meanwhile

    def advanced(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            self._meanwhile()


@pytest.mark.parametrize("units", [1, 4])
@pytest.mark.parametrize("portal", ["data-gouv-fr", "data-gov"])
async def test_who_was_stopped_for_too_long_writes_nothing(
    portal: str, units: int, database_url: str
) -> None:
    before: dict[str, str] = {}

    async def take_over() -> None:
        connection = await connect(database_url)
        try:
            await connection.execute("UPDATE lease SET until = now() - interval '1 second'")
            await lease.take(connection, 1, "portal", "another:1")
            await connection.execute("UPDATE sync_run SET state = 'INTERRUPTED'")
            before.update(await _content(connection))
        finally:
            await connection.close()

    def meanwhile() -> None:
        thread = Thread(target=lambda: asyncio.run(take_over()))
        thread.start()
        thread.join()

    async with rehearsal(portal, database_url, seed=5) as mirror:
        with pytest.raises(LeaseLost):
            await mirror.run(Pass.RECONCILE, progress=_Stopped(units, meanwhile))
        assert before
        assert await _content(mirror.connection) == before
