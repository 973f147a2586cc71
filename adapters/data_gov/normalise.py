"""From the portal's elements to the common model: one table per entity, run here, read by provenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from adapters.data_gov import payload, rules, wire
from gateway.fetch import decode
from gateway.model.document import Document, Rejection
from gateway.model.entities import (
    Dataset,
    Entity,
    HarvestBackend,
    HarvestError,
    HarvestJob,
    HarvestRecord,
    HarvestSource,
    Organization,
)
from gateway.model.enums import (
    EntityType,
)
from gateway.model.mapping import Basis, Clock, Rule, Table

DERIVED = Basis.DERIVED
UTC = Clock.UTC_ASSUMED
"""Of the portal's instants: its columns have no zone, whatever its answers append."""


ORGANIZATION = Table(
    Organization,
    (
        Rule("native_id", "/id", wire.text),
        Rule("name", "/name", wire.text),
        Rule("slug", "/slug", wire.text),
        Rule("kind", "/organization_type", rules.organization_kind),
        Rule("native_kind", "/organization_type", wire.text),
        Rule("aliases", "/aliases", wire.texts),
        Rule("logo", "/logo", wire.text),
        Rule("description", "/description", wire.text),
        Rule("native_source_count", "/source_count", wire.count),
    ),
    consumed=frozenset(),
)

BACKEND = Table(
    HarvestBackend,
    (
        Rule("native_id", "", rules.backend, DERIVED, "<source_type>/<schema_type> of a source"),
        Rule("label", "", rules.backend, DERIVED, "the same"),
        Rule("protocol", "/source_type", rules.protocol),
        Rule("metadata_standard", "/schema_type", rules.metadata_standard),
        Rule("standard_family", "/schema_type", rules.standard_family, DERIVED),
    ),
    consumed=frozenset(),
)

SOURCE = Table(
    HarvestSource,
    (
        Rule("native_id", "/id", wire.text),
        Rule("name", "/name", wire.text),
        Rule("url", "/url", wire.text),
        Rule("backend", "", rules.backend, DERIVED, "<source_type>/<schema_type>"),
        Rule("organization", "/organization_id", wire.text),
        Rule("protocol", "/source_type", rules.protocol),
        Rule("metadata_standard", "/schema_type", rules.metadata_standard),
        Rule("standard_family", "/schema_type", rules.standard_family, DERIVED),
        Rule("metadata_profile", "/schema_type", rules.profile),
        Rule("native_source_type", "/source_type", wire.text),
        Rule("native_schema_type", "/schema_type", wire.text),
        Rule("collection_parent_url", "/collection_parent_url", wire.text),
        Rule("schedule_raw", "/frequency", wire.text),
        Rule("notification_frequency", "/notification_frequency", rules.notification),
        Rule("native_notification_frequency", "/notification_frequency", wire.text),
        Rule("notification_emails", "/notification_emails", wire.texts),
    ),
    consumed=wire.PRIVATE,
)

JOB = Table(
    HarvestJob,
    (
        Rule("native_id", "/id", wire.text),
        Rule("source", "/harvest_source_id", wire.text),
        Rule("wire_status", "", rules.job_status, DERIVED, "complete with records_errored > 0 is PARTIAL"),
        Rule("native_status", "/status", wire.text),
        Rule("kind", "/job_type", rules.job_kind),
        Rule("native_kind", "/job_type", wire.text),
        Rule("created_at", "/date_created", wire.instant, clock=UTC),
        Rule("started_at", "", rules.started, DERIVED, "date_created unless the status is new", UTC),
        Rule("ended_at", "/date_finished", wire.instant, clock=UTC),
        Rule("total", "/records_total", wire.count),
        Rule("added", "/records_added", wire.count),
        Rule("updated", "/records_updated", wire.count),
        Rule("deleted", "/records_deleted", wire.count),
        Rule("unchanged", "/records_ignored", wire.count),
        Rule("failed", "/records_errored", wire.count),
        Rule("warned", "/records_warned", wire.count),
        Rule("validated", "/records_validated", wire.count),
        Rule("catalog", "/dcatus_catalog", wire.mapping),
    ),
    consumed=frozenset(),
)

RAW = "/source_raw"
"""Where a payload lies in a record's document, unless it was transformed."""
_PAYLOAD = "source_transform where it is there, else source_raw as JSON, else source_raw as ISO XML"
_PARENT = "parent_identifier, else isPartOf of the payload: a text, an object's identifier or @id, the first of a list"
_DATASET = "uuid5 of harvest_source_id, record_type, identifier; none without the key record_type"

RECORD = Table(
    HarvestRecord,
    (
        Rule("native_id", "/id", wire.text),
        Rule("job", "/harvest_job_id", wire.text),
        Rule("source", "/harvest_source_id", wire.text),
        Rule("dataset", "", rules.dataset, DERIVED, _DATASET),
        Rule("remote_id", "/identifier", wire.text),
        Rule(
            "record_type",
            "/record_type",
            rules.record_type,
            note="DATASET, assumed, where the portal does not say",
        ),
        Rule("native_record_type", "/record_type", wire.text),
        Rule("wire_status", "/status", rules.record_status),
        Rule("native_status", "/status", wire.text),
        Rule("action", "/action", rules.action),
        Rule("native_action", "/action", wire.text),
        Rule("created_at", "/date_created", wire.instant, clock=UTC),
        Rule(
            "ended_at",
            "",
            rules.record_ended,
            DERIVED,
            "date_finished; none of a delete, whose date is another row's",
            UTC,
        ),
        Rule("hash", "/source_hash", wire.text),
        Rule("catalog_id", "/ckan_id", wire.text),
        Rule("catalog_name", "/ckan_name", wire.text),
        Rule("parent_identifier", "", rules.parent, DERIVED, _PARENT),
    ),
    consumed=wire.HEAVY | {"date_finished", "parent_identifier"},
)

ERROR = Table(
    HarvestError,
    (
        Rule("native_id", "/id", wire.text),
        Rule("job", "/harvest_job_id", wire.text),
        Rule("record", "/harvest_record_id", wire.text),
        Rule("severity", "/severity", rules.severity, note="ERROR, assumed, where the portal has no word"),
        Rule("native_severity", "/severity", wire.text),
        Rule("native_type", "/type", wire.text),
        Rule("message", "/message", wire.text),
        Rule("created_at", "/date_created", wire.instant, clock=UTC),
    ),
    consumed=frozenset(),
)

DATASET = Table(
    Dataset,
    (
        Rule("native_id", "/dataset", basis=DERIVED, note=_DATASET, told=""),
        Rule("source", "/harvest_source_id", wire.text),
        Rule("record_type", "/record_type", rules.record_type),
        Rule("remote_id", "/identifier", wire.text),
        Rule("parent_identifier", "/parent", basis=DERIVED, note=_PARENT, told=""),
        Rule("title", "/payload/title", rules.string, DERIVED, _PAYLOAD, told=RAW),
        Rule("description", "/payload/description", rules.string, DERIVED, _PAYLOAD, told=RAW),
        Rule("publisher", "/payload/publisher", rules.publisher, DERIVED, _PAYLOAD, told=RAW),
        Rule("keywords", "/payload/keyword", wire.texts, DERIVED, _PAYLOAD, told=RAW),
        Rule("license", "/payload/license", rules.string, DERIVED, _PAYLOAD, told=RAW),
        Rule("landing_page", "/payload/landingPage", rules.string, DERIVED, _PAYLOAD, told=RAW),
        Rule("modified_at", "/payload/modified", wire.iso_instant, DERIVED, _PAYLOAD, UTC, told=RAW),
    ),
    consumed=frozenset(),
)
"""Runs, as the records' table does, on a record's element with its payload, read once, at ``payload``, and with what
the record has as ``dataset`` and ``parent``."""

TABLES: Mapping[EntityType, Table[Any]] = {
    table.entity.type: table for table in (ORGANIZATION, BACKEND, SOURCE, JOB, RECORD, ERROR, DATASET)
}

LISTED = frozenset(TABLES) - {EntityType.HARVEST_BACKEND, EntityType.DATASET}
"""Types that the portal has lists of; backends are read out of sources, datasets out of records."""


def normalise(document: Document) -> Iterable[Entity | Rejection]:
    """Return what *document* says: its entity, a source's backend, a record's dataset; else a Rejection."""
    try:
        element = decode.storable(document.body)
    except decode.DecodeError as error:
        return (_rejected(document, f"it cannot be read: {error}"),)
    if not isinstance(element, dict):
        return (_rejected(document, "it is no object"),)
    if not isinstance(element.get("id"), str) or not element["id"]:
        return (_rejected(document, "it has no id"),)
    if document.type not in LISTED:
        return (_rejected(document, "the portal has no list of these"),)
    return _entities(document.type, element)


def _entities(type_: EntityType, element: dict[str, Any]) -> Iterable[Entity]:
    if type_ is EntityType.HARVEST_RECORD:
        return _record(element)
    if type_ is EntityType.HARVEST_SOURCE:
        return _source(element)
    return (TABLES[type_].read(element),)


def _source(element: dict[str, Any]) -> Iterable[Entity]:
    """Return a source and the backend that its types name."""
    source = SOURCE.read(element)
    return (source,) if source.backend is None else (source, BACKEND.read(element, native=None))


def _record(element: dict[str, Any]) -> Iterable[Entity]:
    """Return a record and, where it is about one, its dataset as its payload tells it.

    The date of a delete is another row's: it stays among the portal's own words.
    """
    delete = element.get("action") == "delete" and element.get("date_finished") is not None
    rest = _rest(RECORD, element, "date_finished" if delete else None)
    text = payload.read(element.get("source_raw"), element.get("source_transform"))
    told = {**element, "payload": text}
    record = RECORD.read(told, native=rest)
    if record.dataset is None:
        return (record,)
    told["dataset"], told["parent"] = record.dataset, record.parent_identifier
    return record, DATASET.read(told, native=None)


def _rest(table: Table[Any], element: dict[str, Any], *also: str | None) -> dict[str, Any] | None:
    """Return the keys that no field of *table* reads, and *also* these: words that no field can keep."""
    if also == (None,) and table.consumed.issuperset(element):
        return None
    return {key: element[key] for key in element if key not in table.consumed or key in also} or None


def _rejected(document: Document, reason: str) -> Rejection:
    return Rejection(
        document.type,
        reason,
        document.body,
        document.fetch,
        document.native_id,
        document.parent,
        document.position,
    )
