"""The event of a subscription to passes: where each portal's pass stands, in one statement."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import FieldNode, GraphQLField

from harvest_graphql.plan.computed import as_read, newest_run
from harvest_graphql.plan.conditions import plain_text
from harvest_graphql.plan.draft import Below, Call, Read, Row
from harvest_graphql.plan.objects import Objects
from harvest_graphql.plan.operands import Operand
from harvest_graphql.plan.relations import PORTAL, object_type
from harvest_graphql.problems import UnknownPortal

_COUNTED = ("new", "changed", "gone", "quarantined", "requests")


def answer(
    objects: Objects, field: GraphQLField, nodes: list[FieldNode], given: Mapping[str, Operand]
) -> str:
    """Return the SQL of the event that *nodes* select: of all portals, or of the one of the argument ``portal``."""
    draft = objects.draft
    wanted = draft.bind(_key(given["portal"]), "text") if "portal" in given else "NULL::text"
    row = Row(draft, "SyncProgress", draft.alias(), None)
    text = objects.of(object_type(field), nodes, row)
    return f"(SELECT {text} FROM (SELECT {wanted} AS wanted) {row.alias})"


def _key(given: Operand) -> Read:
    """Return how to read a portal's key; UnknownPortal where there is none such."""

    def read(call: Call) -> str:
        key = plain_text(given.read(call.values))
        if key not in call.portals:
            raise UnknownPortal(key, [known for known in call.portals if known])
        return key

    return read


def portals(row: Row) -> Below:
    """Return where the portals of an event are read."""
    alias, wanted = row.draft.alias(), row.column("wanted")
    return Below(
        f"portal {alias} WHERE {wanted} IS NULL OR {alias}.key = {wanted}",
        Row(row.draft, "PortalProgress", alias, PORTAL),
        f"{alias}.key",
    )


def portal(row: Row) -> Row:
    """Return where the portal itself is read: the same row."""
    return Row(row.draft, "Portal", row.alias, PORTAL)


def last_failure(row: Row) -> Below:
    """Return where the last pass that failed is read."""
    alias = row.draft.alias()
    failed = newest_run(row, "r.state = 'FAILED'")
    return Below(f"{failed} {alias}", Row(row.draft, "SyncRun", alias, None))


def streams(row: Row) -> Below:
    """Return where is read what the last pass did to each stream: its notes, which it writes as it gets on."""
    alias, number = row.draft.alias(), row.column("number")
    done, expected = _tally("fetched"), _noted("expected")
    counted = ", ".join(f"{_tally(name)} AS {name}" for name in _COUNTED)
    source = (
        f"(SELECT n.stream, {done} AS done, CASE WHEN {expected} >= {done} THEN {expected} END AS total, {counted},"
        f" coalesce(s.polled_at >= r.started_at, false) AS ended FROM {newest_run(row)} r CROSS JOIN LATERAL"
        f" (SELECT w.stream FROM sync_stream w WHERE w.portal = {number}"
        " UNION SELECT w.stream FROM jsonb_object_keys(r.tallies) w(stream)) n"
        f" LEFT JOIN sync_stream s ON s.portal = {number} AND s.stream = n.stream) {alias}"
    )
    return Below(source, Row(row.draft, "StreamProgress", alias, None), as_read(alias))


def _noted(name: str) -> str:
    """Return the SQL of a number that a pass has noted of a stream."""
    return f"(r.tallies -> n.stream ->> '{name}')::bigint"


def _tally(name: str) -> str:
    return f"coalesce({_noted(name)}, 0)"
