"""From the portal's elements to the common model: one table per entity, run here, read by provenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from adapters.data_gov import payload, wire
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
    JobKind,
    JobStatus,
    MetadataProfile,
    MetadataStandard,
    NotificationFrequency,
    OrganizationKind,
    Protocol,
    RecordAction,
    RecordStatus,
    RecordType,
    Severity,
    StandardFamily,
)
from gateway.model.identity import dataset_id
from gateway.model.mapping import Basis, Rule, Table

DERIVED, ASSUMED = Basis.DERIVED, Basis.ASSUMED
UNKNOWN_STANDARD = (MetadataStandard.UNKNOWN, StandardFamily.OTHER)


def _at(element: Any, key: str) -> Any:
    """Return what an element has at *key*, None where it is no element."""
    return element.get(key) if isinstance(element, Mapping) else None


def organization_kind(word: Any) -> OrganizationKind:
    """Return the kind of a body; a word that is not the portal's is OTHER, none UNKNOWN."""
    if word is None:
        return OrganizationKind.UNKNOWN
    return (
        wire.ORGANIZATIONS.get(word, OrganizationKind.OTHER)
        if isinstance(word, str)
        else OrganizationKind.OTHER
    )


def protocol(word: Any) -> Protocol:
    """Return how a source of this type is read."""
    return wire.PROTOCOLS.get(word, Protocol.UNKNOWN) if isinstance(word, str) else Protocol.UNKNOWN


def _standard(word: Any) -> tuple[MetadataStandard, StandardFamily]:
    if not isinstance(word, str):
        return UNKNOWN_STANDARD
    return wire.STANDARDS.get(word.partition(":")[0].strip(), UNKNOWN_STANDARD)


def metadata_standard(word: Any) -> MetadataStandard:
    """Return the standard that a schema type names."""
    return _standard(word)[0]


def standard_family(word: Any) -> StandardFamily:
    """Return the family of the standard that a schema type names."""
    return _standard(word)[1]


def profile(word: Any) -> MetadataProfile | None:
    """Return the profile behind a schema type's colon."""
    return wire.PROFILES.get(word.partition(":")[2].strip()) if isinstance(word, str) else None


def notification(word: Any) -> NotificationFrequency | None:
    """Return when a publisher is told about a run."""
    if word is None:
        return None
    unknown = NotificationFrequency.UNKNOWN
    return wire.NOTIFICATIONS.get(word, unknown) if isinstance(word, str) else unknown


def backend(source: Any) -> str | None:
    """Return the pair of types by which a backend is named here, None where a source lacks one."""
    pair = (wire.text(_at(source, "source_type")), wire.text(_at(source, "schema_type")))
    return "/".join(word for word in pair if word) if all(pair) else None


def job_status(job: Any) -> JobStatus:
    """Return what a job's own words say: complete with errored records is PARTIAL."""
    word = _at(job, "status")
    found = wire.JOBS.get(word, JobStatus.UNKNOWN) if isinstance(word, str) else JobStatus.UNKNOWN
    errored = wire.count(_at(job, "records_errored")) or 0
    return JobStatus.PARTIAL if found is JobStatus.SUCCEEDED and errored > 0 else found


def job_kind(word: Any) -> JobKind:
    """Return what a run was asked to do."""
    return wire.KINDS.get(word, JobKind.UNKNOWN) if isinstance(word, str) else JobKind.UNKNOWN


def started(job: Any) -> datetime | None:
    """Return when a job started: its creation date is rewritten then, and a plan before."""
    return None if _at(job, "status") == "new" else wire.instant(_at(job, "date_created"))


def record_status(word: Any) -> RecordStatus:
    """Return what became of a record; no word: it is still being processed."""
    known = word is None or isinstance(word, str)
    return wire.RECORDS.get(word, RecordStatus.UNKNOWN) if known else RecordStatus.UNKNOWN


def action(word: Any) -> RecordAction | None:
    """Return what a run did with a record."""
    return wire.ACTIONS.get(word) if isinstance(word, str) else None


def record_type(word: Any) -> RecordType:
    """Return what a record describes: a dataset where the portal does not say."""
    if word is None:
        return RecordType.DATASET
    return wire.RECORD_TYPES.get(word, RecordType.UNKNOWN) if isinstance(word, str) else RecordType.UNKNOWN


def record_ended(record: Any) -> datetime | None:
    """Return when a record was done with; a delete carries the date of the row that it supersedes."""
    return None if _at(record, "action") == "delete" else wire.instant(_at(record, "date_finished"))


def dataset(record: Any) -> str | None:
    """Return the dataset that a record with an action is about, None where its triple is not known."""
    if action(_at(record, "action")) is None:
        return None
    source, identifier = wire.text(_at(record, "harvest_source_id")), wire.text(_at(record, "identifier"))
    if source is None or identifier is None:
        return None
    return dataset_id(source, wire.text(_at(record, "record_type")) or "dataset", identifier)


def severity(word: Any) -> Severity:
    """Return how bad an error is; job errors bear no word: ERROR, assumed."""
    if word is None:
        return Severity.ERROR
    return wire.SEVERITIES.get(word, Severity.UNKNOWN) if isinstance(word, str) else Severity.UNKNOWN


def publisher(value: Any) -> str | None:
    """Return a publisher's name."""
    return wire.text(value.get("name")) if isinstance(value, Mapping) else None


def string(value: Any) -> str | None:
    """Return a text, None for anything else."""
    return value if isinstance(value, str) else None


ORGANIZATION = Table(
    Organization,
    (
        Rule("native_id", "/id", wire.text),
        Rule("name", "/name", wire.text),
        Rule("slug", "/slug", wire.text),
        Rule("kind", "/organization_type", organization_kind),
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
        Rule("native_id", "", backend, DERIVED, "<source_type>/<schema_type> of a source"),
        Rule("label", "", backend, DERIVED, "the same"),
        Rule("protocol", "/source_type", protocol),
        Rule("metadata_standard", "/schema_type", metadata_standard),
        Rule("standard_family", "/schema_type", standard_family, DERIVED),
    ),
    consumed=frozenset(),
)

SOURCE = Table(
    HarvestSource,
    (
        Rule("native_id", "/id", wire.text),
        Rule("name", "/name", wire.text),
        Rule("url", "/url", wire.text),
        Rule("backend", "", backend, DERIVED, "<source_type>/<schema_type>"),
        Rule("organization", "/organization_id", wire.text),
        Rule("protocol", "/source_type", protocol),
        Rule("metadata_standard", "/schema_type", metadata_standard),
        Rule("standard_family", "/schema_type", standard_family, DERIVED),
        Rule("metadata_profile", "/schema_type", profile),
        Rule("native_source_type", "/source_type", wire.text),
        Rule("native_schema_type", "/schema_type", wire.text),
        Rule("collection_parent_url", "/collection_parent_url", wire.text),
        Rule("schedule_raw", "/frequency", wire.text),
        Rule("notification_frequency", "/notification_frequency", notification),
        Rule("notification_emails", "/notification_emails", wire.texts),
    ),
    consumed=wire.PRIVATE,
)

JOB = Table(
    HarvestJob,
    (
        Rule("native_id", "/id", wire.text),
        Rule("source", "/harvest_source_id", wire.text),
        Rule("wire_status", "", job_status, DERIVED, "complete with records_errored > 0 is PARTIAL"),
        Rule("native_status", "/status", wire.text),
        Rule("kind", "/job_type", job_kind),
        Rule("native_kind", "/job_type", wire.text),
        Rule("created_at", "/date_created", wire.instant),
        Rule("started_at", "", started, DERIVED, "date_created unless the status is new"),
        Rule("ended_at", "/date_finished", wire.instant),
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

RECORD = Table(
    HarvestRecord,
    (
        Rule("native_id", "/id", wire.text),
        Rule("job", "/harvest_job_id", wire.text),
        Rule("source", "/harvest_source_id", wire.text),
        Rule("dataset", "", dataset, DERIVED, "uuid5 of harvest_source_id, record_type, identifier"),
        Rule("remote_id", "/identifier", wire.text),
        Rule(
            "record_type", "/record_type", record_type, note="DATASET, assumed, where the portal does not say"
        ),
        Rule("wire_status", "/status", record_status),
        Rule("native_status", "/status", wire.text),
        Rule("action", "/action", action),
        Rule("native_action", "/action", wire.text),
        Rule("created_at", "/date_created", wire.instant),
        Rule(
            "ended_at",
            "",
            record_ended,
            DERIVED,
            "date_finished; none of a delete, whose date is another row's",
        ),
        Rule("hash", "/source_hash", wire.text),
        Rule("catalog_id", "/ckan_id", wire.text),
        Rule("catalog_name", "/ckan_name", wire.text),
        Rule("parent_identifier", "/parent_identifier", wire.text),
    ),
    consumed=wire.HEAVY | {"date_finished"},
)

ERROR = Table(
    HarvestError,
    (
        Rule("native_id", "/id", wire.text),
        Rule("job", "/harvest_job_id", wire.text),
        Rule("record", "/harvest_record_id", wire.text),
        Rule("severity", "/severity", severity, note="ERROR, assumed, where the portal has no word"),
        Rule("native_severity", "/severity", wire.text),
        Rule("native_type", "/type", wire.text),
        Rule("message", "/message", wire.text),
        Rule("created_at", "/date_created", wire.instant),
    ),
    consumed=frozenset(),
)

_PAYLOAD = "source_transform where it is there, else source_raw as JSON, else source_raw as ISO XML"

DATASET = Table(
    Dataset,
    (
        Rule("native_id", "", dataset, DERIVED, "uuid5 of harvest_source_id, record_type, identifier"),
        Rule("source", "/harvest_source_id", wire.text),
        Rule("record_type", "/record_type", record_type),
        Rule("remote_id", "/identifier", wire.text),
        Rule("parent_identifier", "/parent_identifier", wire.text),
        Rule("title", "/payload/title", string, DERIVED, _PAYLOAD),
        Rule("description", "/payload/description", string, DERIVED, _PAYLOAD),
        Rule("publisher", "/payload/publisher", publisher, DERIVED, _PAYLOAD),
        Rule("keywords", "/payload/keyword", wire.texts, DERIVED, _PAYLOAD),
        Rule("license", "/payload/license", string, DERIVED, _PAYLOAD),
        Rule("landing_page", "/payload/landingPage", string, DERIVED, _PAYLOAD),
        Rule("modified_at", "/payload/modified", wire.iso_instant, DERIVED, _PAYLOAD),
    ),
    consumed=frozenset(),
)
"""Runs on a record's element with its payload, read once, at ``payload``."""

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
    unknown = notification(element.get("notification_frequency")) is NotificationFrequency.UNKNOWN
    rest = _rest(SOURCE, element, "notification_frequency" if unknown else None)
    source = SOURCE.read(element, native=rest)
    return (source,) if source.backend is None else (source, BACKEND.read(element, native=None))


def _record(element: dict[str, Any]) -> Iterable[Entity]:
    """Return a record and, where it is about one, its dataset as its payload tells it.

    The date of a delete is another row's: it stays among the portal's own words.
    """
    unknown = record_type(element.get("record_type")) is RecordType.UNKNOWN
    delete = element.get("action") == "delete" and element.get("date_finished") is not None
    rest = _rest(RECORD, element, "record_type" if unknown else None, "date_finished" if delete else None)
    record = RECORD.read(element, native=rest)
    if record.dataset is None:
        return (record,)
    text = payload.read(element.get("source_raw"), element.get("source_transform"))
    return record, DATASET.read({**element, "payload": text}, native=None)


def _rest(table: Table[Any], element: dict[str, Any], *also: str | None) -> dict[str, Any] | None:
    """Return the keys that no field of *table* reads, and *also* these: words that no field can keep."""
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
