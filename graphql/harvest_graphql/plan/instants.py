"""The instant that a root field asks about, and what its readers should know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from gateway.model.enums import EntityType
from harvest_graphql.plan.draft import Call, Draft, Read
from harvest_graphql.plan.operands import Operand, Values
from harvest_graphql.plan.past import Past
from harvest_graphql.problems import NotYet

ARGUMENT = "asOf"
_PARTLY = {EntityType.HARVEST_RECORD, EntityType.HARVEST_ERROR}


class Instant(NamedTuple):
    """What one call asks of the past."""

    at: datetime
    portals: tuple[str, ...] | None
    """The keys of the portals that it names; None: it may be of any."""
    partly: bool
    """Whether it reads rows of which no versions are kept."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a root field asks of the past in any call of its plan."""

    at: Operand
    portals: Operand | None
    partly: bool

    def read(self, values: Values) -> Instant:
        """Return what it asks in the call with these variables."""
        named = None if self.portals is None else self.portals.read(values)
        keys = named if named is None else tuple([named] if isinstance(named, str) else named)
        return Instant(self.at.read(values), keys, self.partly)


def past_of(draft: Draft, arguments: Mapping[str, Operand]) -> Past | None:
    """Return what is read of the past by a root field with *arguments*; None where it asks about now."""
    given = arguments.get(ARGUMENT)
    return None if given is None else Past(draft.bind(_not_to_come(given), "timestamptz"))


def asked_of(draft: Draft, arguments: Mapping[str, Operand]) -> Asked | None:
    """Return what the root field with *arguments*, whose statement *draft* is, asks of the past."""
    if draft.past is None:
        return None
    filter_ = arguments["filter"].members() if "filter" in arguments else {}
    portals = arguments.get("portal") or filter_.get("portal")
    return Asked(arguments[ARGUMENT], portals, bool(draft.past.read & _PARTLY))


def instants(asked: Sequence[Asked | None], values: Values) -> tuple[Instant, ...]:
    """Return what the root fields of a plan ask of the past in the call with these variables, each once."""
    return tuple(dict.fromkeys(each.read(values) for each in asked if each is not None))


def _not_to_come(given: Operand) -> Read:
    """Return how to read an instant; BAD_USER_INPUT where nobody can know of it yet."""

    def read(call: Call) -> datetime:
        at: datetime = given.read(call.values)
        if call.latest is not None and at > (latest := call.latest()):
            raise NotYet(latest)
        return at

    return read
