"""The passes over portals as a list: which there were, how they stand or ended."""

from __future__ import annotations

from datetime import datetime

import strawberry

from harvest_graphql.entity import PageInfo, look_up
from harvest_graphql.marks import field, narrows
from harvest_graphql.plan import passes
from harvest_graphql.portal import SyncRun
from harvest_graphql.scalars import Cursor
from harvest_graphql.words import PassKind, PassState


@strawberry.type(description="A pass with its place.")
class SyncRunEdge:
    """Relay's edge."""

    cursor: Cursor = field("Its place in the list, for `after` and `before`.")
    node: SyncRun = field("The pass.")


@strawberry.type(description="A page of passes.")
class SyncRunConnection:
    """Relay's connection, with the nodes at hand."""

    nodes: list[SyncRun] = field("The passes of the page.")
    edges: list[SyncRunEdge] = field("The same, each with its cursor.")
    page_info: PageInfo = field("Where the page lies in the list.")
    total_count: int = field("How many there are in all; counted only where it is selected.")


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
    SyncRunConnection,
    "Passes over portals, the newest first, with one that is under way.",
    {
        "filter": (SyncRunFilter | None, "Which passes; everything that is given must hold."),
        "first": (int | None, "How many from the start: 0 to 100, 20 unless `first` or `last` is given."),
        "after": (Cursor | None, "Only those after this cursor."),
        "last": (int | None, "How many from the end: 0 to 100."),
        "before": (Cursor | None, "Only those before this cursor."),
    },
    answer=passes.answer,
)
"""The field of the root that lists passes."""
