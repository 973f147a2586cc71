"""Retention carried out: what the settings say is too old goes, or is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from gateway import postgres
from gateway.compose.parts import Parts
from gateway.compose.passes import real_time
from gateway.store import pruning

Told = Callable[[str, int], None]
"""Hears of each unit that is done: the setting, and how many of its rows have gone by now."""


async def prune(
    parts: Parts, told: Told, *, dry_run: bool = False, now: Callable[[], datetime] = real_time
) -> dict[str, int]:
    """Remove what is older than the retentions say; return how many rows went, by setting.

    *dry_run*: how many would. Those that are kept for ever are not among them.
    """
    before = parts.settings.retention.before(now())
    connection = await postgres.connect(parts.url)
    try:
        if dry_run:
            return await pruning.expired(connection, before)
        gone = Counter(dict.fromkeys((name for name in pruning.SETTINGS if name in before), 0))
        async for name, rows in pruning.prune(connection, before):
            gone[name] += rows
            told(name, gone[name])
        return dict(gone)
    finally:
        await connection.close()
