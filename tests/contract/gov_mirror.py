"""A store in memory that follows a small Data.gov, pass after pass."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from aiohttp import web
from contract.gov_portal import NOW, GovPortal

from adapters.data_gov import ADAPTER
from gateway.model.entities import HarvestJob, HarvestRecord, HarvestSource, Organization
from gateway.ports import Pass
from gateway.testing import MemoryKnown, Reply, client_for, harvest, portal_for
from gateway.testing.harvest import MemoryPass

FULL, POLL = Pass.RECONCILE, Pass.POLL


class Mirror:
    """A store in memory and the portal that it follows."""

    def __init__(self, portal: GovPortal) -> None:
        self.portal = portal
        self.known = MemoryKnown(ADAPTER, NOW)

    async def follow(self, kind: Pass, *, hours: float = 0, **options: Any) -> MemoryPass:
        """Make one pass, *hours* after the last."""
        self.known.now += timedelta(hours=hours)
        client_options = {
            key: options.pop(key)
            for key in ("max_requests", "attempts", "timeout_seconds", "max_body_bytes")
            if key in options
        }
        portal = portal_for(ADAPTER, self.portal.fake.base_url, **options.pop("settings", {}))
        async with client_for(portal, self.known.now, **client_options) as client:
            return await harvest(ADAPTER, portal, client, self.known, kind, **options)

    def holds(self, *names: str) -> None:
        """Assert that the store holds exactly the rows of these lists."""
        types = {
            "jobs": HarvestJob,
            "records": HarvestRecord,
            "sources": HarvestSource,
            "organizations": Organization,
        }
        for name in names:
            assert set(self.known.of(types[name])) == self.portal.ids(name), name


@asynccontextmanager
async def mirrored() -> AsyncIterator[Mirror]:
    portal = GovPortal()
    async with portal.fake:
        yield Mirror(portal)


def once(matches: str, reply: Reply, times: int = 1) -> Callable[[web.Request], Reply | None]:
    """Return a fault that answers the first requests whose address holds *matches*."""
    left = [times]

    def answer(request: web.Request) -> Reply | None:
        if matches not in request.raw_path.replace("%20", " ") or not left[0]:
            return None
        left[0] -= 1
        return reply

    return answer
