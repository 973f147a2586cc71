"""What changed, as events: one by one, in pages, and which of them a reader wants."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import partial

import strawberry

from gateway.model.enums import Cause, EntityType
from harvest_graphql.entity import Entity, look_up
from harvest_graphql.filters import DateTimeRange
from harvest_graphql.marks import field, narrows
from harvest_graphql.plan import changes as plan
from harvest_graphql.plan import happened, picking
from harvest_graphql.portal import Portal, SyncRun
from harvest_graphql.scalars import JSON, Cursor
from harvest_graphql.words import register


class EventKind(StrEnum):
    """What happened to a thing."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    DELETED = "DELETED"
    GONE = "GONE"
    EXPIRED = "EXPIRED"
    RESTORED = "RESTORED"
    LOADED = "LOADED"
    ARRIVED = "ARRIVED"
    DRIFTED = "DRIFTED"


class GapReason(StrEnum):
    """Why events are missing between a cursor and the page after it."""

    RETENTION = "RETENTION"
    UNKNOWN_CURSOR = "UNKNOWN_CURSOR"


register(
    EventKind,
    {
        "CREATED": "The gateway saw it for the first time.",
        "CHANGED": "Something that is told of it changed: `before` and `after` say what.",
        "DELETED": "Its portal says that it was deleted.",
        "GONE": "It is proved absent from its portal.",
        "EXPIRED": "It fell out of what its portal keeps.",
        "RESTORED": "It is there again.",
        "LOADED": "A first load has read a list of its portal: `count` things, which have no events of their own.",
        "ARRIVED": "A run brought `count` new records, errors or datasets: `entity` is the run.",
        "DRIFTED": "Its portal sent what the gateway does not know: a field, a type, a word.",
    },
)
register(
    Cause,
    {
        "UPSTREAM": "It changed at its portal.",
        "BASELINE": "The gateway loaded the portal for the first time.",
        "CLOCK": "Time passed: nothing was sent, and that means something.",
        "RENORMALISE": "The gateway reads what it has stored by other rules.",
        "ACTION": "Somebody decided it at the gateway.",
    },
    name="EventCause",
)
register(
    EntityType,
    {
        "ORGANIZATION": "An organization.",
        "PERSON": "A person.",
        "HARVEST_BACKEND": "A backend.",
        "HARVEST_SOURCE": "A source.",
        "HARVEST_JOB": "A run of a source.",
        "HARVEST_RECORD": "A record of a run.",
        "HARVEST_ERROR": "An error of a run.",
        "DATASET": "A dataset.",
    },
)
register(
    GapReason,
    {
        "RETENTION": "They happened so long ago that the gateway has removed them.",
        "UNKNOWN_CURSOR": "The cursor is not of this database, which was made anew or restored from an older copy.",
    },
)


@strawberry.input(description="Which events; everything that is given must hold.")
class HarvestEventFilter:
    """Filter of events."""

    portal: list[str] | None = narrows("Keys of portals.", condition=picking.portals)
    entity_type: list[EntityType] | None = narrows(
        "Types of the things that changed.", condition=picking.words("entity_type")
    )
    kind: list[EventKind] | None = narrows("What happened to them.", condition=picking.words("kind"))
    cause: list[Cause] | None = narrows("Why.", condition=picking.words("cause"))
    entity: list[strawberry.ID] | None = narrows(
        "Ids of things: what happened to them, and what arrived with them where they are runs.",
        condition=picking.things,
    )
    native_id: list[str] | None = narrows(
        "The portals' own ids of the things that changed.", condition=picking.native_ids
    )
    source: list[strawberry.ID] | None = narrows(
        "Ids of sources: what happened to them, to their runs, and to the datasets that they brought, and which lists"
        " of theirs a first load has read.",
        condition=picking.sources,
    )
    at: DateTimeRange | None = narrows(
        "When it happened, by the portal's clock: with it a reader without a cursor begins in the midst.",
        condition=picking.at,
    )


@strawberry.type(description="Something that changed.")
class HarvestEvent:
    """An event."""

    id: strawberry.ID = field(
        "The event's own id: the same whenever and however it is told. It is no id for `node`.",
        sql=happened.name,
    )
    cursor: Cursor = field("Its place: what comes after it is read with this.", sql=happened.cursor)
    at: datetime = field("When the gateway noted it, by the portal's clock.")
    portal: Portal = field("The portal.")
    kind: EventKind = field("What happened.")
    cause: Cause = field("Why.")
    entity_type: EntityType = field(
        "The type of the thing, or things, that it happened to.", sql=happened.entity_word
    )
    entity: Entity | None = field(
        "The thing as it is now; of ARRIVED the run that brought the things. Null for LOADED and DRIFTED, and where the"
        " gateway holds it no more.",
        write=happened.entity,
    )
    native_id: str | None = field(
        "The portal's own id of the thing; of DRIFTED that of the first that showed it. Null for LOADED and ARRIVED.",
        sql=happened.native_id,
    )
    before: JSON | None = field(
        "The fields that changed as they were, by their names in the schema: a part of an object is named with it"
        " (`scheduleRaw` is `schedule { raw }`), and another thing by its id. Without a key that may read personal data"
        " these are left out. Null where nothing was before.",
        sql=happened.before,
    )
    after: JSON | None = field(
        "The same as they became; of CREATED all that is known of the thing.", sql=happened.after
    )
    count: int | None = field("For how many things LOADED, ARRIVED or DRIFTED stands; null for others.")
    run: SyncRun | None = field(
        "The gateway's pass that noted it; null where none did, or it is kept no more.",
        place=happened.run,
        volatile=True,
    )


@strawberry.type(description="What is missing before a page of events.")
class EventGap:
    """A gap."""

    reason: GapReason = field("Why.", sql=lambda row: f"""'"' || {row.column("gap")} || '"'""")
    until: Cursor = field(
        "The page begins here: with the oldest event that is kept.",
        sql=partial(happened.cursor, id_="forgotten"),
    )
    until_at: datetime | None = field(
        "When the last of those that are missing happened; null where no event was ever removed.",
        sql=lambda row: plan.moment(row, "forgotten_at"),
    )


@strawberry.type(
    description="Events in the one order in which they were committed: what is read page after page misses none, and"
    " no crash takes back what was told."
)
class HarvestEventPage:
    """A page of events."""

    nodes: list[HarvestEvent] = field("The events, the oldest first.", place=plan.events)
    end_cursor: Cursor = field(
        "Where the next page begins: after the last event of this one; where there are no more, after all that the"
        " filter left out, too. Keep it.",
        sql=partial(happened.cursor, id_="reached"),
    )
    has_more: bool = field("Whether there are events after this page.", sql=plan.more)
    newest: Cursor = field(
        "The place after the newest event of all, whatever the filter.",
        sql=partial(happened.cursor, id_="settled"),
    )
    gap: EventGap | None = field(
        "Said where events are missing between the cursor that was given and this page; else null.",
        place=plan.gap,
    )


MANY = "How many events at most: 0 to 100, 20 unless it is given."
FILTER = "Which events; without it all of them."

changes = look_up(
    HarvestEventPage,
    "What changed, event by event, in the order in which it was committed. Ask again with `endCursor` for what has"
    " happened since: an event is never skipped and never moves. `harvestEvents` tells the same as it happens.",
    {
        "since": (Cursor | None, "Only events after this cursor; without it from the oldest that is kept."),
        "first": (int | None, MANY),
        "filter": (HarvestEventFilter | None, FILTER),
    },
    answer=plan.answer,
)
"""The field of the root."""
