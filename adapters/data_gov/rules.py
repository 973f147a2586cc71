"""How single values are read out of the portal's elements: the rules that the normalisers' tables name.

Each takes anything, and none raises: an unknown word is UNKNOWN, what cannot be read is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from adapters.data_gov import wire
from gateway.model.enums import (
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
from gateway.model.mapping import passing

UNKNOWN_STANDARD = (MetadataStandard.UNKNOWN, StandardFamily.OTHER)


def _at(element: Any, key: str) -> Any:
    """Return what an element has at *key*, None where it is no element."""
    return element.get(key) if isinstance(element, dict) else None


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
    """Return the dataset that a record with an action is about, None where its triple is not known.

    Where the wire has no key for the type of a record, a service and a dataset cannot be told apart.
    """
    if not isinstance(record, dict) or action(record.get("action")) is None or "record_type" not in record:
        return None
    source, identifier = wire.text(record.get("harvest_source_id")), wire.text(record.get("identifier"))
    if source is None or identifier is None:
        return None
    return dataset_id(source, wire.text(record["record_type"]) or "dataset", identifier)


def parent(record: Any) -> str | None:
    """Return what a record's dataset is part of: as the portal says, else as the payload at ``payload`` does."""
    own = wire.text(_at(record, "parent_identifier"))
    return _identifier(_at(_at(record, "payload"), "isPartOf")) if own is None else own


def _identifier(whole: Any, depth: int = 3) -> str | None:
    """Return the identifier in DCAT's `isPartOf`: a text, an object with one, or a list, whose first usable counts."""
    if isinstance(whole, str):
        return whole or None
    if isinstance(whole, Mapping):
        parts: Iterable[Any] = (whole.get("identifier"), whole.get("@id"))
    else:
        parts = whole if isinstance(whole, list) else ()
    found = (_identifier(part, depth - 1) for part in parts) if depth else ()
    return next(filter(None, found), None)


def severity(word: Any) -> Severity:
    """Return how bad an error is; job errors bear no word: ERROR, assumed."""
    if word is None:
        return Severity.ERROR
    return wire.SEVERITIES.get(word, Severity.UNKNOWN) if isinstance(word, str) else Severity.UNKNOWN


def publisher(value: Any) -> str | None:
    """Return a publisher's name."""
    return wire.text(value.get("name")) if isinstance(value, Mapping) else None


@passing(str)
def string(value: Any) -> str | None:
    """Return a text, None for anything else."""
    return value if isinstance(value, str) else None
