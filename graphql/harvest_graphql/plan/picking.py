"""Which events a reader wants: the conditions of their filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.model.enums import EntityType
from harvest_graphql.plan.conditions import identity, of_portals, parsed, plain_text
from harvest_graphql.plan.draft import Call, Draft
from harvest_graphql.plan.happened import ARRIVED, LOADED
from harvest_graphql.plan.leaves import constant
from harvest_graphql.plan.operands import Operand, chooses
from harvest_graphql.plan.relations import table_of

Condition = Callable[[Draft, str, Operand], str]
_BROUGHT = (EntityType.HARVEST_RECORD, EntityType.HARVEST_ERROR, EntityType.DATASET)
"""Types whose new things are told by the run that brought them."""


def portals(draft: Draft, event: str, value: Operand) -> str:
    """Return that an event is of one of some portals."""
    return of_portals(draft, event, value)


def words(column: str) -> Condition:
    """Return the condition that the *column* of an event is one of some words."""

    def condition(draft: Draft, event: str, value: Operand) -> str:
        if chooses(value.now):
            return f"{event}.{column} IN ({', '.join(constant(word) for word in value.now)})"
        return f"{event}.{column} = ANY ({_texts(draft, value)})"

    return condition


def at(draft: Draft, event: str, value: Operand) -> str:
    """Return that an event happened within a range."""
    signs = {"since": ">=", "until": "<"}
    bounds = [
        f"{event}.at {signs[name]} {draft.bind(_reader(bound), 'timestamptz')}"
        for name, bound in value.members().items()
    ]
    return " AND ".join(bounds) or "true"


def things(draft: Draft, event: str, value: Operand) -> str:
    """Return that an event is of one of some things by their global ids; of a run, also what it brought."""
    types, keys, natives = (draft.bind(_part(value, index), "text[]") for index in range(3))
    given = f"unnest({types}, {keys}, {natives}) AS g(type, portal, native) JOIN portal p ON p.key = g.portal"
    wanted = [
        f"SELECT '{type_}' AS type, w.id, false AS arrived FROM {given} JOIN {table_of(type_).name} w"
        f" ON w.portal = p.number AND w.native_id = g.native WHERE g.type = '{type_}'"
        for type_ in EntityType
    ]
    brought = ", ".join(f"('{type_}')" for type_ in _BROUGHT)
    wanted.append(
        f"SELECT b.type, w.id, true AS arrived FROM {given} JOIN harvest_job w ON w.portal = p.number"
        f" AND w.native_id = g.native CROSS JOIN (VALUES {brought}) b(type) WHERE g.type = '{EntityType.HARVEST_JOB}'"
    )
    return (
        f"{event}.id IN (SELECT o.id FROM ({' UNION ALL '.join(wanted)}) k JOIN event o ON o.entity_type = k.type"
        f" AND o.entity_id = k.id AND (o.kind = '{ARRIVED}') = k.arrived)"
    )


def sources(draft: Draft, event: str, value: Operand) -> str:
    """Return that an event is of one of some sources, of one of its runs, or of a dataset that it brought.

    Of LOADED the native id is the scope's key: that of a source for its runs, of a run for what that brought.
    """
    portals, natives = (draft.bind(_of_source(value, index), "text[]") for index in range(2))
    keys = (
        f"ARRAY(SELECT w.id FROM unnest({portals}, {natives}) AS g(portal, native) JOIN portal p ON p.key = g.portal"
        " JOIN harvest_source w ON w.portal = p.number AND w.native_id = g.native)"
    )
    run, dataset = (
        f"EXISTS (SELECT FROM {table} w WHERE w.id = {event}.entity_id AND w.source_id = ANY ({keys}))"
        for table in ("harvest_job", "dataset")
    )
    scope = f"w.portal = {event}.portal AND w.native_id = {event}.native_id"
    runs = f"EXISTS (SELECT FROM harvest_source w WHERE {scope} AND w.id = ANY ({keys}))"
    brought = f"EXISTS (SELECT FROM harvest_job w WHERE {scope} AND w.source_id = ANY ({keys}))"
    return (
        f"CASE WHEN {event}.kind = '{LOADED}' THEN CASE {event}.entity_type WHEN 'HarvestJob' THEN {runs}"
        f" WHEN 'HarvestRecord' THEN {brought} WHEN 'HarvestError' THEN {brought} ELSE false END"
        f" WHEN {event}.entity_id IS NULL THEN false"
        f" WHEN {event}.kind = '{ARRIVED}' OR {event}.entity_type = 'HarvestJob' THEN {run}"
        f" WHEN {event}.entity_type = 'HarvestSource' THEN {event}.entity_id = ANY ({keys})"
        f" WHEN {event}.entity_type = 'Dataset' THEN {dataset} ELSE false END"
    )


def native_ids(draft: Draft, event: str, value: Operand) -> str:
    """Return that what changed has one of some native ids."""
    return f"({event}.native_id = ANY ({_texts(draft, value)}) AND {event}.kind <> '{LOADED}')"


def _texts(draft: Draft, value: Operand) -> str:
    return draft.bind(lambda call: [plain_text(each) for each in value.read(call.values)], "text[]")


def _reader(value: Operand) -> Callable[[Call], Any]:
    return lambda call: value.read(call.values)


def _part(value: Operand, index: int) -> Callable[[Call], list[str]]:
    return lambda call: [parsed(each)[index] for each in value.read(call.values)]


def _of_source(value: Operand, index: int) -> Callable[[Call], list[str]]:
    return lambda call: [identity(each, EntityType.HARVEST_SOURCE)[index] for each in value.read(call.values)]
