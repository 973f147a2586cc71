"""An adapter before its running sandbox: passes and refreshes into memory, at the sandbox's time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import PortalError
from gateway.ports import Adapter, Fresh, Pass, Refreshing, Wanted
from gateway.sandbox.control import Running
from gateway.sandbox.faults import Fault
from gateway.sandbox.portal import Step
from gateway.testing.harvest import MemoryPass, client_for, harvest, portal_for
from gateway.testing.memory import MemoryKnown


@dataclass(frozen=True, slots=True)
class Bench:
    """An adapter before its running sandbox."""

    adapter: Adapter
    server: Running
    settings: Mapping[str, Any]

    def known(self) -> MemoryKnown:
        """Return an empty store at the sandbox's time."""
        return MemoryKnown(self.adapter, self.server.clock())

    async def run(self, known: MemoryKnown, kind: Pass = Pass.RECONCILE, **options: Any) -> MemoryPass:
        """Make one pass at the sandbox's time."""
        known.now = self.server.clock()
        portal = portal_for(self.adapter, self.server.base_url, **self.settings)
        self.server.requests.clear()
        async with client_for(portal, known.now) as client:
            made = await harvest(self.adapter, portal, client, known, kind, **options)
            assert client.requests == len(self.server.requests)
        return made

    async def refresh(self, known: MemoryKnown, wanted: Wanted) -> list[Fresh]:
        """Read one thing anew at the sandbox's time, and return what came."""
        assert isinstance(self.adapter, Refreshing)
        known.now = self.server.clock()
        portal = portal_for(self.adapter, self.server.base_url, **self.settings)
        self.server.requests.clear()
        async with client_for(portal, known.now) as client:
            found = [fresh async for fresh in self.adapter.refresh(portal, client, known, wanted, known.now)]
        for fresh in found:
            known.take(known.begin(fresh.scope), fresh.elements, None)
        return found

    async def failure(self, known: MemoryKnown, **options: Any) -> PortalError | None:
        """Return the error that a pass ends with, None where it ends well."""
        try:
            await self.run(known, **options)
        except PortalError as error:
            return error
        return None

    async def loaded(self, **options: Any) -> MemoryKnown:
        """Return a store after a first load."""
        known = self.known()
        await self.run(known, **options)
        return known

    def order(self, kind: str, endpoint: str, times: int | None = 1) -> None:
        """Let answers break whose path and query contain *endpoint*."""
        fault = Fault(kind=kind, path=re.escape(endpoint), times=times, seconds=0.0)
        self.server.faults.orders.append(fault)

    def minimum(self, *passes: Step) -> dict[str, int]:
        """Return the requests that the last of *passes* needs, by stream."""
        found = self.server.world.minimum(passes)
        return {stream: count for stream, count in found.items() if count}
