"""Payloads that the documentation gives by themselves: asked for and stored as on a reader's demand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from acceptance.syncing import Rehearsal

from gateway.fetch.client import Client
from gateway.ports import Part
from gateway.store import payloads


async def ask_for_payloads(mirror: Rehearsal, record: str) -> AsyncIterator[str]:
    """Store each payload of a record; yield a sentence for each that cannot be had."""
    noted = await mirror.connection.fetchval(
        "SELECT capabilities FROM portal WHERE number = $1", mirror.number
    )
    async with Client(
        portal=mirror.portal.key,
        base_url=mirror.portal.settings.base_url,
        now=mirror.sandbox.clock,
        user_agent="harvest-gateway tests",
        requests_per_second=1e6,
    ) as client:
        for part in Part:
            found = await mirror.adapter.payload(
                mirror.portal, client, msgspec.json.decode(noted), record, part
            )
            if found is None or not await payloads.keep(
                mirror.connection, mirror.number, record, part, found
            ):
                yield f"the {part.value} payload of {record} cannot be had"
