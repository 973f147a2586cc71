"""The root of subscriptions: what a client can watch."""

from __future__ import annotations

from collections.abc import AsyncIterator

import strawberry

from harvest_graphql.arguments import unread
from harvest_graphql.changes import FILTER, MANY, HarvestEventFilter, HarvestEventPage
from harvest_graphql.marks import field
from harvest_graphql.plan import changes, computed, progress
from harvest_graphql.portal import Portal, SyncRun
from harvest_graphql.scalars import Cursor


@strawberry.type(
    description="What the last pass over a portal, or the one under way, did to one of its streams."
)
class StreamProgress:
    """A stream in a pass."""

    stream: str = field(
        "The stream's name: sources, jobs, records, ...; a type's name where a pass reads what is stored."
    )
    done: int = field("How many elements the pass has read.")
    total: int | None = field("How many it expects to read, where that is known.")
    new: int = field("How many rows were new.")
    changed: int = field("How many rows had changed.")
    gone: int = field("How many rows are gone.")
    quarantined: int = field("How many elements could not be read and are kept aside.")
    requests: int = field("How many requests it took.")
    ended: bool = field("Whether the pass has read it to its end.")


@strawberry.type(description="How the last pass over a portal went, or how the one under way gets on.")
class PortalProgress:
    """A portal in an event."""

    portal: Portal = field("The portal.", place=progress.portal)
    run: SyncRun | None = field(
        "The pass: its kind, its state, since when it runs; null where there was none.",
        place=computed.last_run,
    )
    streams: list[StreamProgress] = field(
        "What it did to each stream, in the order in which a pass reads them.", place=progress.streams
    )
    last_failure: SyncRun | None = field(
        "The last pass that failed, however long ago: its `notice` says why.", place=progress.last_failure
    )


@strawberry.type(description="Where the passes over the portals stand at one moment.")
class SyncProgress:
    """An event."""

    portals: list[PortalProgress] = field("The portals, by key.", place=progress.portals)


@strawberry.type(
    description="Everything that can be watched: over a websocket at the same address, by the protocol"
    " `graphql-transport-ws`."
)
class Subscription:
    """The subscription root."""

    sync_progress = strawberry.subscription(
        unread({"portal": (str | None, "The key of the one portal to watch.")}, AsyncIterator[SyncProgress]),
        description="The passes over the portals: where they stand now, then again whenever that has changed, twice"
        " a second at most. What is told is always the newest, and never the same twice in a row. It has no end.",
        metadata={"answer": progress.answer, "volatile": True},
    )
    harvest_events = strawberry.subscription(
        unread(
            {
                "after": (
                    Cursor | None,
                    "Only events after this cursor, which a page or an event has told; without it from now on.",
                ),
                "first": (int | None, MANY),
                "filter": (HarvestEventFilter | None, FILTER),
            },
            AsyncIterator[HarvestEventPage],
        ),
        description="What changes, as it is committed: a page at once (without events where there are none yet), then"
        " the next ones as soon as they are taken. None is skipped, however slowly they are read. Keep `endCursor`: who"
        " comes back with it misses nothing, whatever was restarted meanwhile; where that cannot be, `gap` says so."
        " Where a filter leaves all out, a page without events tells a new `endCursor` now and then. It has no end.",
        metadata={"answer": changes.follow, "marked": True},
    )
