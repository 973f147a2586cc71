"""The passes over portals as a list: which there were, how they stand or ended."""

from __future__ import annotations

from datetime import datetime

import strawberry

from harvest_graphql.entity import Connection, look_up, paging
from harvest_graphql.marks import narrows
from harvest_graphql.plan import passes
from harvest_graphql.portal import SyncRun
from harvest_graphql.words import PassKind, PassState


@strawberry.input(description="Which passes; everything that is given must hold.")
class SyncRunFilter:
    """Filter of passes."""

    portal: list[str] | None = narrows("Keys of portals.", condition=passes.portals)
    kind: list[PassKind] | None = narrows("How much they read.", condition=passes.words("kind"))
    state: list[PassState] | None = narrows("How they stand or ended.", condition=passes.words("state"))
    baseline: bool | None = narrows("Whether they are of a first load.", condition=passes.baseline)
    started_at_gte: datetime | None = narrows(
        "They began then or later, by the portal's clock.", condition=passes.since
    )


sync_runs = look_up(
    Connection[SyncRun],
    "Passes over portals, the newest first, with one that is under way.",
    paging(SyncRunFilter),
    answer=passes.answer,
)
"""The field of the root that lists passes."""
