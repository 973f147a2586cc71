"""How current the data is: read beside an answer, kept for a moment, said in ``extensions`` of every answer.

The SQL is a second column of a root field's statement, so that freshness costs no statement of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from harvest_graphql import hindsight
from harvest_graphql.hindsight import Known
from harvest_graphql.plan.computed import loading, polled
from harvest_graphql.plan.instants import Instant
from harvest_graphql.plan.leaves import instant


def _sql() -> str:
    last, reconciled = instant(polled("p.number")), instant("s.reconciled_at")
    since, pruned = instant("h.known_since"), instant("h.pruned_until")
    return (
        "(SELECT coalesce(json_agg(json_build_object('number', p.number, 'key', p.key, 'title', p.title,"
        " 'sandbox', p.sandbox, 'notice', p.notice, 'loading', s.loading,"
        f" 'knownSince', {since}::json, 'prunedUntil', {pruned}::json,"
        f" 'polledAt', {last}::json, 'reconciledAt', {reconciled}::json, 'complete', s.complete)"
        " ORDER BY p.key), '[]')::text FROM portal p LEFT JOIN portal_past h ON h.portal = p.number, LATERAL (SELECT"
        f" {loading('p.number')} AS loading,"
        " CASE WHEN bool_and(s.reconciled_at IS NOT NULL) THEN min(s.reconciled_at) END AS reconciled_at,"
        " coalesce(bool_and(s.complete), false) AS complete FROM sync_stream s WHERE s.portal = p.number) s)"
    )


SQL = _sql()
"""The SQL of the portals' state, as JSON text."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the portals at one moment."""

    portals: tuple[str | None, ...] = ()
    """Their keys by number, the first that of number 1."""
    freshness: bytes = b"{}"
    """The value of ``extensions.freshness``."""
    notices: tuple[dict[str, Any], ...] = ()
    """What every reader should know, by portal."""
    sandbox: bool = False
    """Whether any portal is a sandbox."""
    plain: bytes = b'{"freshness":{},"notices":[]'
    """The value of ``extensions`` of most answers, without the bracket at its end."""
    pasts: Mapping[str, Known] = field(default_factory=dict)
    """How far back they are known, by key."""
    heard: datetime | None = None
    """When the newest of the portals' passes began, by its portal's clock."""

    @classmethod
    def read(cls, text: str) -> Status:
        """Return the status in an answer's second column."""
        portals: list[dict[str, Any]] = json.loads(text)
        keys = {portal["number"]: portal["key"] for portal in portals}
        freshness = _bytes({portal["key"]: _fresh(portal) for portal in portals})
        notices = tuple(notice for portal in portals for notice in _notices(portal))
        return cls(
            tuple(keys.get(number) for number in range(1, max(keys, default=0) + 1)),
            freshness,
            notices,
            any(portal["sandbox"] for portal in portals),
            _extensions(freshness, notices),
            {portal["key"]: _known(portal) for portal in portals},
            max((at for portal in portals if (at := _instant(portal["polledAt"]))), default=None),
        )

    def extensions(self, private: Sequence[str], asked: Sequence[Instant] = ()) -> bytes:
        """Return the value of an answer's ``extensions``, without the bracket at its end.

        *private* are its fields that are withheld, *asked* the instants of the past that it is about.
        """
        if not private and not asked:
            return self.plain
        past = hindsight.notices(self.pasts, asked)
        notices = [*self.notices, *past, *(_withheld(field) for field in private)]
        return _extensions(self.freshness, notices)


def _extensions(freshness: bytes, notices: Iterable[dict[str, Any]]) -> bytes:
    return b'{"freshness":%b,"notices":%b' % (freshness, _bytes(list(notices)))


def _fresh(portal: dict[str, Any]) -> dict[str, Any]:
    state = "LOADING" if portal["loading"] else "READY"
    return {"state": state, **{key: portal[key] for key in ("polledAt", "reconciledAt", "complete")}}


def _notices(portal: dict[str, Any]) -> Iterable[dict[str, Any]]:
    key, title = portal["key"], portal["title"]
    if portal["sandbox"]:
        yield _notice("SANDBOX", key, f"{title} is a SANDBOX: its data are invented.")
    if portal["notice"]:
        yield _notice("PORTAL_FAILED", key, f"The last pass over {title} failed: {portal['notice']}")
    elif portal["loading"]:
        yield _notice("LOADING", key, f"The first load of {title} is not done: its lists are incomplete.")


def _known(portal: dict[str, Any]) -> Known:
    return Known(portal["title"], _instant(portal["knownSince"]), _instant(portal["prunedUntil"]))


def _instant(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)


def _notice(code: str, portal: str, message: str) -> dict[str, Any]:
    return {"code": code, "portal": portal, "message": message}


def _withheld(field: str) -> dict[str, Any]:
    return {
        "code": "PRIVATE",
        "field": field,
        "message": f"{field} is PRIVATE: null without a key that may read it.",
    }


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
