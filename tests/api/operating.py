"""Who operates: asks an endpoint with keys of several kinds, of things that wait for somebody's word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import ClientSession
from api.world import GOV, NOW, World, hours_ago

from gateway.compose import Gateway
from gateway.model.document import digest
from gateway.model.identity import global_id
from gateway.store import ledger

QUARANTINE = """query($filter: QuarantineFilter) { quarantine(filter: $filter) { totalCount nodes {
  id entityType nativeId reason bytes hash sightings retriable text base64 endpoint releasedAt } } }"""
SECRETS = {"admin": ("admin",), "syncer": ("sync",), "reader": ("read-private",)}
"""The keys by name, with their scopes."""


class Asking:
    """Asks an endpoint, with keys of its own."""

    def __init__(
        self, gateway: Gateway, session: ClientSession, world: World, keys: Mapping[str, str]
    ) -> None:
        self.gateway = gateway
        self.session = session
        self.world = world
        self.keys = keys

    async def __call__(self, document: str, key: str = "admin", *, least: int = 0, **variables: Any) -> Any:
        headers = {"X-Api-Key": self.keys[key]} if key else {}
        extensions = {"minVersion": least} if least else {}
        body = {"query": document, "variables": variables, "extensions": extensions}
        async with self.session.post("/graphql", json=body, headers=headers) as answer:
            return await answer.json()

    async def held(self, *names: str) -> tuple[int, str]:
        """Hold the deletion of sources; return its key and its id."""
        keys = [self.world.keys["harvest_source", name] for name in names]
        key = await self.world.add(
            ledger.HeldDeletion, portal=GOV, stream="sources", scope="", entity_type="HarvestSource",
            entity_ids=keys, members=4, held_at=hours_ago(2), run_id=1,
        )  # fmt: skip
        assert key is not None
        return key, global_id("HeldDeletion", "data-gov", str(key))

    async def kept(self, native_id: str | None, body: bytes, **more: Any) -> str:
        """Put an element in quarantine; return its id."""
        key = await self.world.add(
            ledger.Quarantine, portal=GOV, stream="sources", scope="", entity_type="HarvestSource",
            native_id=native_id, reason="a rule of yesterday", hash=digest(body), body=body, fetch_id=GOV,
            first_seen_at=hours_ago(9), last_seen_at=NOW, **more,
        )  # fmt: skip
        return global_id("QuarantineEntry", "data-gov", str(key))


def code(told: Any) -> str:
    """Return the code of the first error."""
    found: str = told["errors"][0]["extensions"]["code"]
    return found
