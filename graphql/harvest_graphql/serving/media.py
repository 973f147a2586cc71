"""What a client accepts: the media type of its answer, the coding of its bytes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from harvest_graphql.serving.refusals import JSON, Unusable

GRAPHQL = "application/graphql-response+json"
HTML = "text/html"
EVENTS = "text/event-stream"
_WEIGHT = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)


@lru_cache(maxsize=256)
def media_type(accept: str) -> str:
    """Return the media type of the answer: the one of more weight, else the one that is named first.

    Where neither is named it is JSON. Unusable (406) where none is accepted.
    """
    if not accept.strip():
        return JSON
    weights = weighed(accept)
    fallback = weights.get("application/*", weights.get("*/*", 0.0))
    found = {name: weights.get(name, fallback) for name in (JSON, GRAPHQL)}
    named = [name for name in weights if name in found]
    best = max([*named, *found], key=lambda name: found[name])
    if not found[best]:
        raise Unusable(406, f"The answer is {GRAPHQL} or {JSON}: accept one of them.")
    return best


@lru_cache(maxsize=256)
def takes_events(accept: str) -> bool:
    """Return whether an answer may be a stream of events: only where that is said."""
    return EVENTS in accept.lower() and weighed(accept).get(EVENTS, 0.0) > 0


def takes_json(accept: str) -> bool:
    """Return whether an answer may be JSON, of the one name or the other."""
    weights = weighed(accept)
    return not weights or any(weights.get(name, 0.0) > 0 for name in (JSON, GRAPHQL, "application/*", "*/*"))


def coding(accept_encoding: str, known: Collection[str]) -> str | None:
    """Return the coding of *known* that the client likes best, None where its answer stays as it is.

    Among those that it likes as much as each other, the first of *known* is taken.
    """
    weights = weighed(accept_encoding)
    found = {name: weights.get(name, weights.get("*", 0.0)) for name in known}
    best = max(found, key=lambda name: found[name])
    return best if found[best] > 0 and found[best] >= weights.get("identity", 0.0) else None


@lru_cache(maxsize=256)
def weighed(header: str) -> Mapping[str, float]:
    """Return what a header such as Accept lists, in its order and in lower case, with the weight of each (0 to 1)."""
    found: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = part.split(";")
        if name.strip():
            weights = [float(match[1]) for each in parameters if (match := _WEIGHT.fullmatch(each))]
            found.setdefault(name.strip().lower(), weights[0] if weights else 1.0)
    return found
