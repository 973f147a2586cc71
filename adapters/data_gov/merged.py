"""Rows of a list that are two: each of them is no JSON, and together they are, with an id of either.

They make a page shorter than it is, which would pass for the end of its list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gateway.model.document import Fetch, Rejection
from gateway.model.enums import EntityType

WHY = "it is two rows in one: it has two ids"
_ID = b'"id"'


def told_apart(
    bodies: Iterable[bytes | Rejection], member: EntityType, fetch: Fetch, position: int
) -> tuple[list[bytes | Rejection], int]:
    """Return the rows of a page with a rejection for each that is two, and how many those are."""
    found = [
        Rejection(member, WHY, body, fetch, position=place)
        if isinstance(body, bytes) and _two(body)
        else body
        for place, body in enumerate(bodies, start=position)
    ]
    return found, sum(isinstance(row, Rejection) and row.reason == WHY for row in found)


def _two(body: bytes) -> bool:
    """Whether an object says its own id twice; what lies in it may have ids, too."""
    if body.count(_ID) < 2:
        return False
    try:
        pairs: Any = json.loads(body, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return False
    return isinstance(pairs, tuple) and sum(key == "id" for key, _ in pairs) > 1
