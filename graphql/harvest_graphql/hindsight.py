"""What readers of the past should know of their answer: since when a portal is known, and what was never kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from harvest_graphql.plan.instants import Instant


class Known(NamedTuple):
    """How far back a portal is known."""

    title: str
    since: datetime | None
    """When its first load ended; None while it has not."""
    pruned_until: datetime | None
    """Before this, history is no longer whole; None: it is."""


def notices(portals: Mapping[str, Known], asked: Sequence[Instant]) -> list[dict[str, Any]]:
    """Return what an answer says of the past that was *asked* about; *portals* are those that there are, by key."""
    return [notice for each in asked for notice in _of(portals, each)]


def _of(portals: Mapping[str, Known], asked: Instant) -> Iterable[dict[str, Any]]:
    told = _text(asked.at)
    for key, known in portals.items():
        if asked.portals is not None and key not in asked.portals:
            continue
        if known.since is None or asked.at < known.since:
            yield _notice("NOT_KNOWN_YET", key, told, known.since, _not_yet(known, told))
        elif known.pruned_until is not None and asked.at < known.pruned_until:
            began = _text(known.pruned_until)
            words = f"History of {known.title} before {began} was pruned: nothing is told of {told}."
            yield _notice("PRUNED", key, told, known.pruned_until, words)
    if asked.partly:
        words = (
            "Of records and errors no versions are kept: those that have changed since"
            f" {told} are UNKNOWN, but for what names them."
        )
        yield {"code": "PARTLY_KNOWN", "asOf": told, "message": words}


def _not_yet(known: Known, told: str) -> str:
    if known.since is None:
        return f"The first load of {known.title} is not done: nothing is known of its past."
    return f"The first load of {known.title} ended at {_text(known.since)}: nothing is known of {told}."


def _notice(code: str, portal: str, told: str, since: datetime | None, message: str) -> dict[str, Any]:
    return {
        "code": code,
        "portal": portal,
        "asOf": told,
        "since": None if since is None else _text(since),
        "message": message,
    }


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
