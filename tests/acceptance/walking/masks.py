"""Whether the field masks that an adapter sends would hide a documented leaf: answers that are told know no mask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from acceptance.syncing import Rehearsal
from acceptance.walking.leaves import leaves
from acceptance.walking.wire import Told, Wire

from adapters.data_gouv_fr.sandbox_mask import apply, parse


async def hidden(wire: Wire, told: Sequence[Told], mirror: Rehearsal) -> AsyncIterator[str]:
    """Yield a sentence for each leaf of an answer that the mask it was asked with leaves out."""
    bodies = {one["path"]: one["body"] for one in told}
    asked = await mirror.connection.fetch(
        "SELECT DISTINCT endpoint, mask FROM fetch_log WHERE portal = $1 AND mask IS NOT NULL", mirror.number
    )
    for endpoint, mask in asked:
        path = endpoint.partition("?")[0]
        for pointer in sorted(_lost(bodies.get(path), mask)):
            if not wire.spares(pointer):
                yield f"the mask {mask} hides {pointer} of {path}"


def _lost(body: Any, mask: str) -> set[str]:
    kept = {leaf.address.pointer for leaf in leaves("", apply(parse(mask), body))}
    return {leaf.address.pointer for leaf in leaves("", body)} - kept
