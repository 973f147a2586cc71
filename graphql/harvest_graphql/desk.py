"""What waits for operators: deletions above the cap, and elements that could not be read."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry

from gateway.model.enums import EntityType
from harvest_graphql.entity import Connection, Entity, look_up, paging
from harvest_graphql.marks import field, narrows
from harvest_graphql.plan import desk
from harvest_graphql.portal import Portal, SyncRun
from harvest_graphql.words import register

DECIDER = (
    "the name of their key, or `command line`; null where it was not noted."
    " PRIVATE: null without a key that may read it."
)


class HeldDeletionState(StrEnum):
    """How a held deletion stands."""

    WAITING = "WAITING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"


register(
    HeldDeletionState,
    {
        "WAITING": "It waits for somebody's word.",
        "APPROVED": "Somebody let its rows go.",
        "REJECTED": "Somebody kept its rows: they are not held again until a pass finds others missing.",
        "SUPERSEDED": "A later pass found other rows missing, or all of them back.",
    },
)


@strawberry.type(
    description="Rows that a list no longer names, too many to believe it: they stay as they are until somebody"
    " approves or rejects their deletion."
)
class HeldDeletion:
    """A deletion above the cap."""

    id: strawberry.ID = field(
        "The id by which `approveDeletion` and `rejectDeletion` know it. It is no id for `node`.",
        sql=desk.id_of,
    )
    portal: Portal = field("The portal.")
    entity_type: EntityType = field("The type of its rows.", sql=desk.entity_word)
    stream: str = field("The portal's stream of lists: sources, jobs, records, ...")
    scope: str | None = field(
        "The native id of the thing whose list it is, as the source of a list of runs; null where the portal has but"
        " one such list.",
        sql=desk.scope,
    )
    rows: int = field("How many rows would go; what falls with them is not counted.", sql=desk.rows)
    members: int = field("How many rows the list had.")
    held_at: datetime = field("Since when it waits, by the portal's clock.")
    run: SyncRun | None = field(
        "The pass that found the rows missing; null where it is kept no more.", place=desk.run
    )
    state: HeldDeletionState = field("How it stands.", sql=desk.state)
    decided_at: datetime | None = field("When it was decided, by the portal's clock; null while it waits.")
    decided_by: str | None = field(f"Who approved or rejected it: {DECIDER}", private=True)
    lapsed_at: datetime | None = field(
        "When a pass found other rows missing than those that were rejected, so that the rejection ended."
    )
    examples: list[Entity] = field(f"The first {desk.EXAMPLES} of its rows.", write=desk.examples)


@strawberry.input(description="Which held deletions; everything that is given must hold.")
class HeldDeletionFilter:
    """Filter of held deletions."""

    portal: list[str] | None = narrows("Keys of portals.", condition=desk.portals)
    entity_type: list[EntityType] | None = narrows(
        "Types of their rows.", condition=desk.words("entity_type")
    )
    state: list[HeldDeletionState] | None = narrows(
        "How they stand; those that wait, unless it is given.", condition=desk.states
    )


@strawberry.type(
    description="An element of a portal's answer, or a page, that could not be read: it is kept whole, and its"
    " neighbours are unharmed."
)
class QuarantineEntry:
    """An element in quarantine."""

    id: strawberry.ID = field(
        "The id by which `retryQuarantine` knows it. It is no id for `node`.", sql=desk.id_of
    )
    portal: Portal = field("The portal.")
    entity_type: EntityType = field("What it is, or holds.", sql=desk.entity_word)
    stream: str = field("The portal's stream of lists: sources, jobs, records, ...")
    scope: str | None = field(
        "The native id of the thing whose list held it; null where the portal has but one such list.",
        sql=desk.scope,
    )
    native_id: str | None = field("The portal's own id, where one could be read.")
    parent: str | None = field(
        "Native id of the thing whose list held it, where the element does not say that itself."
    )
    position: int | None = field("Its place in that list, from 0, where that is known.")
    reason: str = field("Why it could not be read.")
    retriable: bool = field(
        "Whether it can be read again by itself. Else its list could not be taken apart there, and the next pass reads"
        " that anew."
    )
    bytes: int = field("How many bytes it has.", sql=desk.size)
    hash: str = field("Fingerprint of its bytes: BLAKE2b of 16 bytes, in hexadecimal.", sql=desk.fingerprint)
    endpoint: str | None = field(
        "What was asked: path and query below the portal's `baseUrl`.", sql=desk.endpoint
    )
    first_seen_at: datetime = field("When the portal first showed it.")
    last_seen_at: datetime = field("When the portal last showed it.")
    sightings: int = field("How often it did: each pass that meets it is one.")
    released_at: datetime | None = field(
        "When it was released, having been read well or being there no more."
    )
    retried_at: datetime | None = field(
        "When somebody last had it read again, by the portal's clock; null where nobody did."
    )
    retried_by: str | None = field(f"Who that was: {DECIDER}", private=True)
    text: str | None = field(
        f"Its bytes as text, null where they are no UTF-8 or more than {desk.MOST_BYTES:,}; NUL is replaced by U+FFFD."
        " PRIVATE: null without a key that may read it.",
        sql=desk.text,
        private=True,
    )
    base64: str | None = field(
        f"Its bytes in base64, null where they are more than {desk.MOST_BYTES:,}."
        " PRIVATE: null without a key that may read it.",
        sql=desk.octets,
        private=True,
    )


@strawberry.input(description="Which elements in quarantine; everything that is given must hold.")
class QuarantineFilter:
    """Filter of what lies in quarantine."""

    portal: list[str] | None = narrows("Keys of portals.", condition=desk.portals)
    stream: list[str] | None = narrows("Streams of lists.", condition=desk.words("stream"))
    entity_type: list[EntityType] | None = narrows("What they are.", condition=desk.words("entity_type"))
    native_id: list[str] | None = narrows("The portals' own ids.", condition=desk.words("native_id"))
    reason_contains: str | None = narrows(
        "A text that the reason contains, whatever its capitals.", condition=desk.reason_contains
    )
    released: bool | None = narrows(
        "Whether they were released; those that were not, unless it is given.", condition=desk.released
    )


held_deletions = look_up(
    Connection[HeldDeletion],
    "Deletions above the cap that wait for somebody's word, the newest first.",
    paging(HeldDeletionFilter),
    answer=desk.answer,
)
"""The field of the root that lists held deletions."""
quarantine = look_up(
    Connection[QuarantineEntry],
    "Elements that could not be read and are kept whole, those that were seen last first.",
    paging(QuarantineFilter),
    answer=desk.answer,
)
"""The field of the root that lists what lies in quarantine."""
