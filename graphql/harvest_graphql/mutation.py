"""The root of mutations: what a caller with the scope for it can do.

A mutation takes one input and answers with a payload: what it did, the things that it concerned as they are now, and
the data version. ``harvest_graphql.doing`` has who does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry

from harvest_graphql.arguments import unread
from harvest_graphql.blanking import BlankedRows, ForgetPersonInput, blanked, whom
from harvest_graphql.desk import HeldDeletion, QuarantineEntry
from harvest_graphql.marks import field
from harvest_graphql.plan import changing, desk
from harvest_graphql.problems import Code, Problem
from harvest_graphql.visibility import ADMIN

MOST_IDS = 100
"""How many things one mutation takes."""


def mutation(payload: type, description: str, given: type, *, needs: str, prepare: changing.Prepare) -> Any:
    """Return a field that does something, and answers with *payload*.

    *given* is its input, of which *prepare* makes what its act takes; a caller needs the scope *needs*. It is null
    where it could not be done, so that the others of the same request are told all the same.
    """
    said = f"{description} It takes a key with the scope `{needs}`."
    return strawberry.mutation(
        unread({"input": (given, "What is to be done.")}, payload | None),
        description=said,
        metadata={"answer": changing.answer, "needs": needs, "prepare": prepare},
    )


def min_version() -> Any:
    """Return the field of a payload that lets a client read what it wrote."""
    return field(
        "The data version after it. Whoever sends it with a query, as `minVersion` in the request's `extensions`, is"
        " answered with what was done."
    )


@strawberry.input(description="A held deletion that is let go.")
class ApproveDeletionInput:
    """Input of a mutation."""

    id: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.input(description="A held deletion that is not let go.")
class RejectDeletionInput:
    """Input of a mutation."""

    id: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.input(description="What is read again: exactly one of these is given.")
class RetryQuarantineInput:
    """Input of a mutation."""

    ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description=f"Ids of elements in quarantine, at most {MOST_IDS}."
    )
    portal: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Keys of portals: all that lies there of theirs."
    )
    all: bool | None = strawberry.field(
        default=strawberry.UNSET, description="True: all that lies there, of every portal."
    )


@strawberry.type(description="What came of approving a held deletion.")
class ApproveDeletionPayload:
    """Payload of a mutation."""

    deletion: HeldDeletion = field("The deletion, as it stands now.", place=desk.deletions)
    gone: int = field("How many rows are gone for it, with what fell with them.")
    min_version: int = min_version()


@strawberry.type(description="What came of rejecting a held deletion.")
class RejectDeletionPayload:
    """Payload of a mutation."""

    deletion: HeldDeletion = field("The deletion, as it stands now.", place=desk.deletions)
    min_version: int = min_version()


@strawberry.type(description="What came of reading elements again.")
class RetryQuarantinePayload:
    """Payload of a mutation."""

    entries: list[QuarantineEntry] = field(
        f"The elements, as they stand now: {MOST_IDS} at most, first those that still cannot be read.",
        place=desk.entries,
    )
    read: int = field("How many were read well and stored.")
    refused: int = field("How many still cannot be read.")
    unreadable: int = field("How many are not `retriable`: the next pass reads their lists anew.")
    min_version: int = min_version()


@strawberry.type(description="What came of forgetting somebody.")
class ForgetPersonPayload:
    """Payload of a mutation."""

    blanked: list[BlankedRows] = field(
        "How many rows spoke of them and are blanked, by portal.", place=blanked
    )
    min_version: int = min_version()


def _deletion(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"id": desk.key_of(given["input"]["id"], "HeldDeletion")}


def _entries(given: Mapping[str, Any]) -> Mapping[str, Any]:
    chosen = {
        name: value for name, value in given["input"].items() if value is not None and value is not False
    }
    if len(chosen) != 1:
        raise Problem(
            Code.BAD_USER_INPUT, "Say what is to be read again: give `ids`, `portal` or `all`, and one alone."
        )
    if "ids" not in chosen:
        return {"portals": chosen.get("portal")}
    ids = chosen["ids"]
    if not 0 < len(ids) <= MOST_IDS:
        raise Problem(Code.BAD_USER_INPUT, f"`ids` takes 1 to {MOST_IDS} ids, not {len(ids)}.")
    return {"ids": list(dict.fromkeys(desk.key_of(each, "QuarantineEntry") for each in ids))}


@strawberry.type(
    description="Everything that can be done, one after the other: over POST or a websocket, never over GET. What could"
    " not be done is null, and an error says why."
)
class Mutation:
    """The mutation root."""

    approve_deletion = mutation(
        ApproveDeletionPayload,
        "Let the rows of a held deletion go: they are GONE, with what falls with them. Rows that came back are"
        " left alone.",
        ApproveDeletionInput,
        needs=ADMIN,
        prepare=_deletion,
    )
    reject_deletion = mutation(
        RejectDeletionPayload,
        "Keep the rows of a held deletion. They are not held again as long as passes find the very same rows missing.",
        RejectDeletionInput,
        needs=ADMIN,
        prepare=_deletion,
    )
    retry_quarantine = mutation(
        RetryQuarantinePayload,
        "Read elements in quarantine again with today's rules: what reads now is stored as if it had just arrived.",
        RetryQuarantineInput,
        needs=ADMIN,
        prepare=_entries,
    )
    forget_person = mutation(
        ForgetPersonPayload,
        "Blank what is stored of somebody: documents, quarantine, payloads, the person's row, history and events."
        " It cannot be undone, and what arrives of them from now on is blanked before it is read. Fingerprints, native"
        " ids and names in free texts stay. It is done portal by portal in small commits: where it could not be done"
        " to its end, do it again.",
        ForgetPersonInput,
        needs=ADMIN,
        prepare=whom,
    )
