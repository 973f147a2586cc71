"""How many items a job holds, by their status: counted where the portal has no counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.values import part
from gateway.fetch.decode import REPLACEMENT


def counted(items: Sequence[Any]) -> dict[str, Any]:
    """Return ``{"total", "by_status": {word: n}}`` of the items that a job holds; words that occur alone.

    A NUL in a word is U+FFFD, as in the items' own documents.
    """
    told = (word for item in items if isinstance(word := part(item, "status"), str))
    words = Counter(word.replace("\0", REPLACEMENT) for word in told)
    return {"total": len(items), "by_status": dict(sorted(words.items()))}


def as_counters(counts: Any) -> Mapping[str, Any] | None:
    """Return what ``counted`` made as udata 17 gives its counters: 0 for each word that does not occur.

    None where *counts* are none.
    """
    by_status = part(counts, "by_status")
    if not isinstance(by_status, Mapping):
        return None
    return {"total": part(counts, "total"), "by_status": {**dict.fromkeys(wire.ITEM_STATUS, 0), **by_status}}
