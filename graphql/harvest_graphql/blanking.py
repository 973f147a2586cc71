"""Forgetting somebody, as a mutation: who is meant, and how much was blanked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry

from gateway.store.forgotten import is_address
from harvest_graphql.desk import DECIDER
from harvest_graphql.marks import field
from harvest_graphql.plan import changing
from harvest_graphql.plan.conditions import parsed
from harvest_graphql.portal import Portal
from harvest_graphql.problems import Code, Problem

_PERSON = "Person"


@strawberry.input(description="Who is forgotten: a person, or an e-mail address.")
class ForgetPersonInput:
    """Input of a mutation."""

    person: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="The id of a person, at whose portal they are forgotten; or give `email`.",
    )
    email: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="An e-mail address, which is forgotten at every portal and remembered as a hash; or give `person`.",
    )


@strawberry.type(description="How many rows of a portal spoke of somebody, and were blanked.")
class BlankedRows:
    """What was blanked at one portal."""

    portal: Portal = field("The portal.", place=changing.portal)
    persons: int = field("Rows of persons.")
    documents: int = field("Documents, former ones too.")
    quarantine: int = field("Elements in quarantine.")
    payloads: int = field("Payloads that were asked for by themselves.")
    history: int = field("Versions of things.")
    events: int = field("Events.")
    forgotten_at: datetime = field("Since when they are forgotten there, by the portal's clock.")
    forgotten_by: str | None = field(f"Who said so first: {DECIDER}", private=True)


def whom(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return who is meant, as the command line says it: PORTAL/NATIVE_ID, or an address; Problem for anything else."""
    person, email = given["input"].get("person"), given["input"].get("email")
    if (person is None) == (email is None):
        raise Problem(Code.BAD_USER_INPUT, "Say whom: give `person` or `email`, and not both.")
    if person is None:
        return {"who": _address(email)}
    type_, portal, native = parsed(person)
    if type_ != _PERSON:
        words = f"{str(person)[:100]!r} is the id of a {type_}; an id of a {_PERSON} is needed."
        raise Problem(Code.BAD_ID, words)
    return {"who": f"{portal}/{native}"}


def _address(email: str) -> str:
    if not is_address(email):
        raise Problem(Code.BAD_USER_INPUT, "`email` is no e-mail address.")
    return email


blanked = changing.several("BlankedRows")
"""Where the counts of a payload are read, portal by portal."""
