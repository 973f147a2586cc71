"""Where a portal's drift is read."""

from __future__ import annotations

from collections.abc import Mapping

from harvest_graphql.plan.draft import Below, Row
from harvest_graphql.plan.operands import Operand

MOST = 100
"""So many are told at most."""


def of_portal(row: Row, given: Mapping[str, Operand]) -> Below:
    """Return where the drift of the portal in *row* is read, the newest first; *given* may say since when."""
    alias = row.draft.alias()
    where = f"w.portal = {row.column('number')}"
    since = given.get("since")
    if since is not None and since.now is not None:
        where += (
            f" AND w.first_seen_at >= {row.draft.bind(lambda call: since.read(call.values), 'timestamptz')}"
        )
    order = "first_seen_at DESC, {0}entity_type, {0}pointer, {0}kind, {0}word"
    source = f"(SELECT * FROM drift w WHERE {where} ORDER BY w.{order.format('w.')} LIMIT {MOST}) {alias}"
    return Below(source, Row(row.draft, "Drift", alias, None), f"{alias}.{order.format(f'{alias}.')}")
