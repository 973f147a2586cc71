"""Drift: what a portal sends that the gateway does not know, or knows otherwise."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from gateway.model.enums import EntityType
from gateway.model.expected import DriftKind
from harvest_graphql.arguments import unread
from harvest_graphql.marks import field
from harvest_graphql.plan import drift as plan
from harvest_graphql.words import register

register(
    DriftKind,
    {
        "UNKNOWN_FIELD": "A field that the gateway does not know. It is kept, in `native` or in the document.",
        "WRONG_TYPE": "A value of another JSON type than the field has.",
        "UNKNOWN_WORD": "A word that the field's vocabulary does not have: UNKNOWN here, with the word beside it.",
    },
)


@strawberry.type(
    description="Something that a portal's answers hold and that the gateway did not expect there:"
    " its interface has changed, or the gateway knows it wrongly."
)
class Drift:
    """One thing, at one place."""

    entity_type: EntityType = field("The type of the elements that show it; an error may lie in a record's.")
    pointer: str = field("Where it is, as a JSON pointer into the element; `*` is every place of an array.")
    kind: DriftKind = field("In what way it is unexpected.")
    word: str = field(
        "The unknown word; of a field or type the JSON type that was found. `…` stands for all that came after the"
        " first 100 of one place."
    )
    count: int = field("How many elements showed it when they were new or had changed.")
    first_seen_at: datetime = field("When the gateway saw it first.")
    last_seen_at: datetime = field("When a new or changed element last showed it.")
    native_id: str | None = field("The portal's own id of the first element that showed it.")


def drift_field() -> Any:
    """Return the field of what has been seen of a portal."""
    since = (datetime | None, "Only what was seen for the first time then or later.")
    return strawberry.field(
        unread({"since": since}, list[Drift]),
        description="What its answers hold that the gateway does not know: the newest first, at most 100."
        " `since` midnight tells whether its interface changed today.",
        metadata={"place": plan.of_portal},
    )
