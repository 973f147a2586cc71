"""Where the gateway read a thing: the bytes of its document, and how each field came out of them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from harvest_graphql.marks import field
from harvest_graphql.plan import origins
from harvest_graphql.scalars import JSON
from harvest_graphql.words import InstantClock, ProvenanceBasis


@strawberry.type(
    description="One element of a portal's answer, byte for byte, and which answer it came with."
)
class Document:
    """A document."""

    hash: str = field("Fingerprint of its bytes and of `counted`: BLAKE2b of 16 bytes, in hexadecimal.")
    bytes: int = field("How many bytes it has.")
    endpoint: str | None = field("What was asked: path and query below the portal's `baseUrl`.")
    mask: str | None = field("The field mask that was sent, where one was.")
    fetched_at: datetime | None = field("When the answer arrived, by the portal's clock.")
    page_hash: str | None = field("Fingerprint of the whole answer, in hexadecimal.")
    parent: str | None = field(
        "Native id of the thing whose list held it, where the element does not say that itself."
    )
    position: int | None = field("Its place in that list, from 0, where the place is part of its identity.")
    counted: JSON | None = field(
        "Counts of what the portal's element held and the document leaves out: a run's items by their status."
    )
    text: str | None = field(
        "Its bytes as text, null where they are no UTF-8; NUL is replaced by U+FFFD."
        " PRIVATE: null without a key that may read it.",
        private=True,
    )
    json: JSON | None = field(
        "The same as JSON, null where it is none. PRIVATE: null without a key that may read it.",
        sql=origins.document_json,
        private=True,
    )


@strawberry.type(description="One step on the way from a document to a field.")
class ProvenanceRule:
    """A rule of a normaliser, or what the gateway derives after it."""

    pointer: str | None = field(
        "Where it reads: a JSON pointer (RFC 6901) into the document, empty for the whole of it;"
        " null where the value is not read there."
    )
    rule: str | None = field("What it does, in words.")
    basis: ProvenanceBasis = field("How sure the value is.")
    clock: InstantClock | None = field("Of an instant: whose clock it is.")


@strawberry.type(description="How a field of one thing came to its value.")
class Provenance:
    """What is known of a field."""

    rules: list[ProvenanceRule] = field(
        "The rules in the order in which they apply: a later one completes or replaces what the earlier found.",
        place=origins.rules,
    )
    adapter_version: int | None = field(
        "Version of the adapter's rules; `gateway renormalise` applies a newer one to what is stored."
    )
    document: Document | None = field("The document that the rules read.", place=origins.document)
    field: str = field("The field, as it was asked for.")
