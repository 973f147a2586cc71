"""The inventory world as the control serves it: the portal's state, with truth, minimum and labels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from gateway.sandbox.instants import millis
from gateway.sandbox.inventory import Inventory
from gateway.sandbox.inventory_mirror import minimum
from gateway.sandbox.inventory_remote import SHARED_FIRST
from gateway.sandbox.inventory_truth import truth
from gateway.sandbox.portal import Passes


class InventoryWorld(Inventory):
    """See ``gateway.sandbox.portal.World``."""

    def truth(self, passes: Passes) -> Iterator[dict[str, Any]]:
        """Yield what a perfect mirror holds after the last of *passes*."""
        return truth(self, passes)

    def minimum(self, passes: Passes) -> dict[str, int]:
        """Return how many requests the last of *passes* needs, by stream."""
        return minimum(self, passes)

    def labels(self, at: datetime) -> Iterator[dict[str, Any]]:
        """Yield the datasets that several catalogues offer."""
        remote, now = self.items.remote, millis(at)
        for source in self.existing(now):
            for number in remote.listed(source, now)[:SHARED_FIRST] if self.runs(source, now) else ():
                shared = remote.shared(source, number)
                if shared and remote.home(source, number) is source:
                    native_id = remote.reference(source, number, now).id
                    yield {"type": "Dataset", "nativeId": native_id, "sameAs": shared.identifier}
