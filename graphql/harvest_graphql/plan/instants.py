"""The instant that a root field asks about, and what its readers should know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from gateway.model.enums import EntityType
from harvest_graphql.plan.conditions import parsed
from harvest_graphql.plan.draft import Call, Draft, Read
from harvest_graphql.plan.operands import Operand, Values
from harvest_graphql.plan.past import Past
from harvest_graphql.plan.relations import entity_type
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
    """The portals' keys that it names, one or several."""
    ids: Operand | None
    """The global ids that it names, one or several."""
    partly: bool

    def read(self, values: Values) -> Instant:
        """Return what it asks in the call with these variables."""
        at = self.at.read(values)
        if self.ids is not None:
            return self._of_ids(at, [parsed(each) for each in _several(self.ids.read(values))])
        named = None if self.portals is None else self.portals.read(values)
        return Instant(at, None if named is None else tuple(_several(named)), self.partly)

    def _of_ids(self, at: datetime, ids: Sequence[tuple[str, str, str]]) -> Instant:
        things = [(entity_type(name), portal) for name, portal, _ in ids]
        portals = tuple(dict.fromkeys(portal for type_, portal in things if type_ is not None))
        return Instant(at, portals, self.partly or any(type_ in _PARTLY for type_, _ in things))


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
    ids = arguments.get("id") or arguments.get("ids")
    return Asked(arguments[ARGUMENT], portals, ids, bool(draft.past.read & _PARTLY))


def instants(asked: Sequence[Asked], values: Values) -> tuple[Instant, ...]:
    """Return what the root fields of a plan ask of the past in the call with these variables, each once."""
    return tuple(dict.fromkeys(each.read(values) for each in asked)) if asked else ()


def _several(named: str | Sequence[str]) -> Sequence[str]:
    return [named] if isinstance(named, str) else named


def _not_to_come(given: Operand) -> Read:
    """Return how to read an instant; BAD_USER_INPUT where nobody can know of it yet."""

    def read(call: Call) -> datetime:
        at: datetime = given.read(call.values)
        if call.latest is not None and at > (latest := call.latest()):
            raise NotYet(latest)
        return at

    return read
