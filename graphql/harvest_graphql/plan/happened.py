"""What one event tells: the thing that changed as it is now, and what it said before and after as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator

from graphql import FieldNode, GraphQLObjectType
from sqlalchemy import Column, Table
from strawberry.utils.str_converters import to_camel_case

from gateway.model.enums import EntityType
from gateway.store import ledger
from harvest_graphql.plan.cursors import EVENTS, base64url, cursor_text
from harvest_graphql.plan.draft import Below, Row
from harvest_graphql.plan.leaves import NULL
from harvest_graphql.plan.objects import Objects
from harvest_graphql.plan.relations import is_private, table_of

EVENT: Table = ledger.Event.__table__  # type: ignore[attr-defined]
ARRIVED, DRIFTED, LOADED = "ARRIVED", "DRIFTED", "LOADED"
_OWN = frozenset({"id", "portal", "document_hash", "row_hash", "wire_status"})
"""Columns of things that no event shows: keys and fingerprints of the gateway's own."""
_PRIVATE_REST = "native_private"


def cursor(row: Row, id_: str = "id") -> str:
    """Return the SQL, as JSON text, of the cursor after the event whose id is the column *id_*."""
    series = f"' || {row.column('series')} || '"
    return cursor_text(EVENTS, series, "NULL::text", row.column(id_))


def name(row: Row) -> str:
    """Return the SQL, as JSON text, of an event's id: no other event has it, also in no other database."""
    return f"""'"' || {row.column("series")} || '.' || {row.column("id")} || '"'"""


def entity_word(row: Row) -> str:
    """Return the SQL, as JSON text, of the word for the type of the things that changed."""
    cases = " ".join(f"""WHEN '{type_}' THEN '"{type_.name}"'""" for type_ in EntityType)
    return f"CASE {row.column('entity_type')} {cases} END"


def native_id(row: Row) -> str:
    """Return the SQL, as JSON text, of the native id of what changed: of a first load it is the scope's key."""
    own = f"CASE WHEN {row.column('kind')} <> '{LOADED}' THEN to_json({row.column('native_id')})::text END"
    return f"coalesce({own}, {NULL})"


def run(row: Row) -> Below:
    """Return where the pass is read that wrote an event."""
    alias = row.draft.alias()
    return Below(
        f"sync_run {alias} WHERE {alias}.id = {row.column('run_id')}", Row(row.draft, "SyncRun", alias, None)
    )


def entity(objects: Objects, nodes: list[FieldNode], row: Row) -> str:
    """Return the SQL of the thing that changed, as *nodes* select it: of an arrival the run that brought them."""
    type_ = (
        f"CASE {row.column('kind')} WHEN '{ARRIVED}' THEN {row.column('after')} ->> 'of'"
        f" ELSE {row.column('entity_type')} END"
    )
    cases = " ".join(f"WHEN '{each}' THEN {_thing(objects, nodes, each, row)}" for each in EntityType)
    return f"coalesce(CASE {type_} {cases} END, {NULL})"


def _thing(objects: Objects, nodes: list[FieldNode], type_: EntityType, row: Row) -> str:
    table, named = table_of(type_), objects.selections.schema.type_map[type_.value]
    assert isinstance(named, GraphQLObjectType)
    own = Row(objects.draft, type_.value, objects.draft.alias(), table)
    shown = objects.of(named, nodes, own)
    return f"(SELECT {shown} FROM {table.name} {own.alias} WHERE {own.alias}.id = {row.column('entity_id')})"


def before(row: Row) -> str:
    """Return the SQL, as JSON text, of the fields that changed as they were."""
    return _fields(row, "before")


def after(row: Row) -> str:
    """Return the SQL, as JSON text, of the fields that changed as they became."""
    return _fields(row, "after")


def _fields(row: Row, side: str) -> str:
    """Return the fields on one *side* by their names in the API, those that this caller may read.

    What no column is known of is left out. Of arrivals there are none; of what was not expected it stands as it is.
    """
    stored, kind = row.column(side), row.column("kind")
    names = json.dumps(_names(private=row.draft.may_read_private), separators=(",", ":"))
    shown = (
        f"SELECT coalesce(jsonb_object_agg(m.names ->> v.key, {_shown()} ORDER BY v.key), '{{}}')::text"
        f" FROM (SELECT '{names}'::jsonb -> {row.column('entity_type')} AS names OFFSET 0) m,"
        f" jsonb_each({stored}) v WHERE m.names ? v.key AND (v.key <> '{_PRIVATE_REST}' OR v.value <> 'null')"
    )
    return (
        f"CASE WHEN {stored} IS NULL OR {kind} = '{ARRIVED}' THEN {NULL}"
        f" WHEN {kind} = '{DRIFTED}' THEN ({stored})::text ELSE ({shown}) END"
    )


def _shown() -> str:
    """Return the SQL of a stored value ``v`` as the API has it: in the place of a row's key its global id."""
    cases = " ".join(
        f"WHEN '{column}' THEN to_jsonb((SELECT {_global_id(target)} FROM {table_of(target).name} w"
        " WHERE w.id = (v.value #>> '{}')::bigint))"
        for column, target in sorted(_REFERENCES.items())
    )
    return f"CASE v.key {cases} ELSE v.value END"


def _global_id(type_: EntityType) -> str:
    key = "(SELECT p.key FROM portal p WHERE p.number = w.portal)"
    return base64url(f"'{type_}:' || {key} || ':' || w.native_id")


def _names(*, private: bool) -> dict[str, dict[str, str]]:
    """Return the name in the API of each column that may be shown, by type."""
    return {
        type_.value: {
            column.name: _named(column)
            for column in table_of(type_).columns
            if column.name not in _OWN and (private or not is_private(column))
        }
        for type_ in EntityType
    }


def _named(column: Column[object]) -> str:
    if column.name == _PRIVATE_REST:
        return "native"  # sorted after its public part, which it replaces
    return to_camel_case(column.name.removesuffix("_id") if "refers" in column.info else column.name)


def _references() -> Iterator[tuple[str, EntityType]]:
    by_table = {table_of(type_).name: type_ for type_ in EntityType}
    for type_ in EntityType:
        for column in table_of(type_).columns:
            if "refers" in column.info:
                yield column.name, by_table[column.info["refers"]]


_REFERENCES = dict(_references())
"""The type of the thing whose key a column holds: columns of one name hold keys of one type."""
