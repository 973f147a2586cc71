"""Events for the tests of their reading, written as units write them."""

from __future__ import annotations

import json
from typing import Any

from api.world import GOV, NOW, World

from gateway.store.following import settle

NAMES = {
    "HarvestSource": "harvest_source",
    "HarvestJob": "harvest_job",
    "Dataset": "dataset",
    "Person": "person",
}


async def happen(world: World, native_id: str | None = "air", *, shown: bool = True, **said: Any) -> int:
    """Write an event of a thing, of the source *native_id* unless said; let readers see it where it is *shown*."""
    values = {
        "at": NOW, "portal": GOV, "cause": "UPSTREAM", "kind": "CHANGED", "entity_type": "HarvestSource",
        "native_id": native_id, **said,
    }  # fmt: skip
    if "entity_id" not in values:
        values["entity_id"] = world.keys.get((NAMES[values["entity_type"]], str(native_id)))
    for side in ("before", "after"):
        if values.get(side) is not None:
            values[side] = json.dumps(values[side])
    names = ", ".join(values)
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    key = await world.connection.fetchval(
        f"INSERT INTO event ({names}) VALUES ({places}) RETURNING id", *values.values()
    )
    if shown:
        await settle(world.connection)
    return int(key or 0)


async def arrive(world: World, job: str = "air-00", count: int = 3) -> int:
    """Write that a run has brought records."""
    return await happen(
        world, None, kind="ARRIVED", entity_type="HarvestRecord", entity_id=world.keys["harvest_job", job],
        after={"of": "HarvestJob"}, count=count,
    )  # fmt: skip
