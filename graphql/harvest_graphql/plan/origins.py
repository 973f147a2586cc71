"""Origins: the document that a row was read from, and the rules by which each of its fields was."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.enums import EntityType
from harvest_graphql.plan.conditions import plain_text
from harvest_graphql.plan.draft import Below, Row
from harvest_graphql.plan.fieldnames import known_field
from harvest_graphql.plan.octets import json_of, utf8_text
from harvest_graphql.plan.operands import Operand

_HOLDERS = {
    "HarvestError": (
        (EntityType.HARVEST_RECORD, "record_id"),
        (EntityType.HARVEST_JOB, "job_id"),
    ),
    "Dataset": (
        (EntityType.HARVEST_RECORD, "text_record_id"),
        (EntityType.HARVEST_RECORD, "latest_record_id"),
    ),
}
"""Whose document a row without its own came in, the first that there is: type, the row's column."""
_ERRORS = "/errors/"
"""Where the documents of runs and records hold the errors that have no document of their own."""


def document(row: Row) -> Below:
    """Return where the document is read that *row* was read from, or the owner of *row* was."""
    owner = row.owner or row
    alias = row.draft.alias()
    columns = (
        "encode(d.hash, 'hex') AS hash, length(d.body) AS bytes, f.endpoint, f.mask, f.fetched_at,"
        f" encode(f.page_hash, 'hex') AS page_hash, d.parent, d.position, d.counted, {utf8_text('d.body')} AS text"
    )
    source = (
        f"(SELECT {columns} FROM (SELECT {_address(owner)}) a JOIN document d"
        " ON d.entity_type = a.type AND d.entity_id = a.id AND d.hash = a.hash"
        f" LEFT JOIN fetch_log f ON f.id = d.fetch_id OFFSET 0) {alias}"
    )
    return Below(source, Row(row.draft, "Document", alias, None))


def document_json(row: Row) -> str:
    """Return a document as JSON, null where it is none."""
    return json_of(row.column("text"))


def _address(row: Row) -> str:
    """Return the columns ``type``, ``id`` and ``hash`` of the document that *row* was read from."""
    own = row.column("document_hash")
    holders = _HOLDERS.get(row.type_name, ())
    places = [(row.type_name, row.column("id"), own, own)]
    places += [
        (type_.value, row.column(key), _hash_of(row, type_, row.column(key)), row.column(key))
        for type_, key in holders
    ]
    type_ = _first([(there, f"'{name}'") for name, _, _, there in places])
    key = _first([(there, id_) for _, id_, _, there in places])
    hash_ = _first([(there, found) for _, _, found, there in places])
    return f"{type_} AS type, {key} AS id, {hash_} AS hash"


def _hash_of(row: Row, type_: EntityType, key: str) -> str:
    return f"(SELECT w.document_hash FROM {row.draft.rows(type_)} w WHERE w.id = {key})"


def _first(cases: list[tuple[str, str]]) -> str:
    """Return the SQL of the value in the first of *cases* whose first part is not null."""
    return f"CASE {' '.join(f'WHEN {there} IS NOT NULL THEN {value}' for there, value in cases)} END"


def provenance(row: Row, given: Mapping[str, Operand]) -> Below:
    """Return where it is read how the field in *given* came to its value: nowhere if nothing is known.

    BAD_USER_INPUT, in a call, where there is no such field.
    """
    alias, field = row.draft.alias(), given["field"]
    types = [
        row.draft.schema.type_map[type_] for type_ in (EntityType if row.draft.mixed else [row.type_name])
    ]
    name = row.draft.bind(lambda call: known_field(types, plain_text(field.read(call.values))), "text")
    source = (
        f"(SELECT w.portal, w.entity_type, w.field, max(w.adapter_version) AS adapter_version FROM provenance_rule w"
        f" WHERE w.portal = {row.column('portal')} AND w.entity_type = '{row.type_name}' AND w.field = {name}"
        f" GROUP BY w.portal, w.entity_type, w.field) {alias}"
    )
    return Below(source, Row(row.draft, "Provenance", alias, None, owner=row))


def rules(row: Row) -> Below:
    """Return where the rules of a field are read, in the order in which they apply."""
    alias = row.draft.alias()
    same = " AND ".join(f"w.{name} = {row.column(name)}" for name in ("portal", "entity_type", "field"))
    columns = f"w.place, {_pointer(row)} AS pointer, w.rule, w.basis, w.clock"
    source = f"(SELECT {columns} FROM provenance_rule w WHERE {same}) {alias}"
    return Below(source, Row(row.draft, "ProvenanceRule", alias, None), f"{alias}.place")


def _pointer(row: Row) -> str:
    """Return the SQL of where a rule reads, from the root of the document that holds the entity."""
    owner = row.owner
    if owner is None or owner.type_name != "HarvestError":
        return "w.pointer"
    held = f"{owner.column('document_hash')} IS NULL AND w.pointer IS NOT NULL"
    return f"CASE WHEN {held} THEN '{_ERRORS}' || {owner.column('position')} || w.pointer ELSE w.pointer END"
