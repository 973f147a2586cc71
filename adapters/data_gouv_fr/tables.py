"""From the portal's elements to the common model: for each field the place, the rule and how sure it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.values import (
    always,
    count,
    flag,
    instant,
    listed,
    name,
    part,
    text,
    texts,
    word,
)
from gateway.model.entities import (
    Dataset,
    HarvestBackend,
    HarvestError,
    HarvestJob,
    HarvestRecord,
    HarvestSource,
    Organization,
    Person,
)
from gateway.model.enums import (
    EntityType,
    JobKind,
    JobStatus,
    MetadataStandard,
    Protocol,
    RecordAction,
    RecordStatus,
    RecordType,
    Severity,
    StandardFamily,
    ValidationState,
)
from gateway.model.mapping import Basis, Rule, Table

Element = Mapping[str, Any]

DERIVED, ASSUMED = Basis.DERIVED, Basis.ASSUMED
_UNKNOWN_BACKEND = (Protocol.UNKNOWN, MetadataStandard.UNKNOWN, StandardFamily.OTHER)
_backend = word(wire.BACKEND_WORDS, _UNKNOWN_BACKEND)
_level = word(wire.LEVELS, Severity.UNKNOWN)
_validation = word(wire.VALIDATION, ValidationState.UNKNOWN)


def _protocol(value: Any) -> Protocol:
    return _backend(value)[0]


def _standard(value: Any) -> MetadataStandard:
    return _backend(value)[1]


def _family(value: Any) -> StandardFamily:
    return _backend(value)[2]


def _validation_state(value: Any) -> ValidationState | None:
    return None if value is None else _validation(value)


def _kinds(value: Any) -> tuple[str, ...] | None:
    return texts([part(badge, "kind") for badge in value]) if isinstance(value, list) else None


def _action(value: Any) -> RecordAction | None:
    return RecordAction.ARCHIVE if value == wire.ARCHIVED else None


def _counted(*path: str) -> Callable[[Any], int | None]:
    """Return a reader of one counter of a job's items; None where the portal has not counted them."""

    def read(items: Any) -> int | None:
        if not part(items, "by_status"):
            return None
        for step in path:
            items = part(items, step)
        return count(items)

    return read


def _unfinished(items: Any) -> int | None:
    statuses = part(items, "by_status")
    found = [n for key in ("pending", "started") if (n := count(part(statuses, key))) is not None]
    return sum(found) if found else None


def _logs(value: Any) -> list[dict[str, Any]]:
    return [_log(position, entry) for position, entry in enumerate(listed(value))]


def _log(position: int, entry: Any) -> dict[str, Any]:
    level = part(entry, "level")
    message = entry.get("message") if isinstance(entry, Mapping) else entry
    return {
        "position": position,
        "level": _level(level).value,
        "nativeLevel": text(level),
        "message": text(message),
    }


def subject(item: Any) -> tuple[Element, RecordType] | None:
    """Return the reference of the dataset or data service that an item is about."""
    for key, kind in (("dataset", RecordType.DATASET), ("dataservice", RecordType.DATA_SERVICE)):
        found = part(item, key)
        if isinstance(found, Mapping):
            return found, kind
    return None


def _subject_type(item: Any) -> RecordType | None:
    found = subject(item)
    return found[1] if found else None


def _ofsubject(*keys: str) -> Callable[[Any], str | None]:
    """Return a reader of the first of *keys* that the item's dataset or data service has."""

    def read(item: Any) -> str | None:
        found = subject(item)
        values = (text(found[0].get(key)) for key in keys) if found else ()
        return next((value for value in values if value is not None), None)

    return read


def subject_id(item: Any) -> str | None:
    """Return the id of the dataset or data service that an item is about."""
    found = subject(item)
    return name(found[0].get("id")) if found else None


ORGANIZATION = Table(
    Organization,
    (
        Rule("native_id", "/id", text),
        Rule("name", "/name", text),
        Rule("slug", "/slug", text),
        Rule("acronym", "/acronym", text),
        Rule("badges", "/badges", _kinds, note="the kind of each badge"),
        Rule("logo", "/logo", text),
        Rule("logo_thumbnail", "/logo_thumbnail", text),
        Rule("portal_url", "/page", text),
        Rule("api_url", "/uri", text),
    ),
    consumed=frozenset({"class", "permissions"}),
)
PERSON = Table(
    Person,
    (
        Rule("native_id", "/id", text),
        Rule("first_name", "/first_name", text),
        Rule("last_name", "/last_name", text),
        Rule("slug", "/slug", text),
        Rule("avatar", "/avatar", text),
        Rule("avatar_thumbnail", "/avatar_thumbnail", text),
        Rule("portal_url", "/page", text),
        Rule("api_url", "/uri", text),
    ),
    consumed=frozenset({"class", "permissions"}),
)
BACKEND = Table(
    HarvestBackend,
    (
        Rule("native_id", "/id", text),
        Rule("label", "/label", text),
        Rule("protocol", "/id", _protocol, DERIVED, "what the backend of this id reads"),
        Rule("metadata_standard", "/id", _standard, DERIVED, "what the backend of this id reads"),
        Rule("standard_family", "/id", _family, DERIVED, "the family of that standard"),
        Rule("filters", "/filters", listed),
        Rule("features", "/features", listed),
        Rule("extra_configs", "/extra_configs", listed),
    ),
    consumed=frozenset({"class"}),
)
SOURCE = Table(
    HarvestSource,
    (
        Rule("native_id", "/id", text),
        Rule("name", "/name", text),
        Rule("slug", "/slug", text),
        Rule("description", "/description", text),
        Rule("url", "/url", text),
        Rule("backend", "/backend", text),
        Rule("organization", "/organization/id", name),
        Rule("owner", "/owner/id", name),
        Rule("protocol", "/backend", _protocol, DERIVED, "what the source's backend reads"),
        Rule("metadata_standard", "/backend", _standard, DERIVED, "what the source's backend reads"),
        Rule("standard_family", "/backend", _family, DERIVED, "the family of that standard"),
        Rule("config", "/config"),
        Rule("schedule_raw", "/schedule", text),
        Rule("active", "/active", flag),
        Rule("auto_archive", "/autoarchive", flag),
        Rule("validation_state", "/validation/state", _validation_state, DERIVED, "the state's word"),
        Rule("validation_native_state", "/validation/state", text),
        Rule("validation_by", "/validation/by/id", name),
        Rule("validation_on", "/validation/on", instant),
        Rule("validation_comment", "/validation/comment", text),
        Rule("created_at", "/created_at", instant),
        Rule("deleted_at", "/deleted", instant),
    ),
    consumed=frozenset({"class", "permissions", "last_job"}),
)
JOB = Table(
    HarvestJob,
    (
        Rule("native_id", "/id", text),
        Rule(
            "wire_status", "/status", word(wire.JOB_STATUS, JobStatus.UNKNOWN), DERIVED, "the status's word"
        ),
        Rule("native_status", "/status", text),
        Rule("kind", "", always(JobKind.HARVEST), ASSUMED, "the portal knows no other kind of run"),
        Rule("created_at", "/created", instant),
        Rule("started_at", "/started", instant),
        Rule("ended_at", "/ended", instant),
        Rule("total", "/items", _counted("total"), note="none where the portal has no counters"),
        Rule("succeeded", "/items", _counted("by_status", "done")),
        Rule("archived", "/items", _counted("by_status", "archived")),
        Rule("skipped", "/items", _counted("by_status", "skipped")),
        Rule("failed", "/items", _counted("by_status", "failed")),
        Rule("pending", "/items", _unfinished, DERIVED, "pending and started items"),
        Rule("datasets", "/items", _counted("by_type", "dataset")),
        Rule("dataservices", "/items", _counted("by_type", "dataservice")),
    ),
    consumed=frozenset({"class", "source", "errors"}),
)
RECORD = Table(
    HarvestRecord,
    (
        Rule("dataset", "", subject_id, note="the id of `dataset`, else of `dataservice`"),
        Rule("remote_id", "/remote_id", text),
        Rule("remote_url", "/remote_url", text),
        Rule("record_type", "", _subject_type, DERIVED, "which of `dataset` and `dataservice` is set"),
        Rule(
            "wire_status",
            "/status",
            word(wire.ITEM_STATUS, RecordStatus.UNKNOWN),
            DERIVED,
            "the status's word",
        ),
        Rule("native_status", "/status", text),
        Rule("action", "/status", _action, DERIVED, "an archived item is one that the run archived"),
        Rule("created_at", "/created", instant),
        Rule("started_at", "/started", instant),
        Rule("ended_at", "/ended", instant),
        Rule("args", "/args", texts),
        Rule("kwargs", "/kwargs"),
        Rule("logs", "/logs", _logs),
    ),
    consumed=frozenset({"class", "dataset", "dataservice", "errors"}),
)
ERROR = Table(
    HarvestError,
    (
        Rule("severity", "", always(Severity.ERROR), ASSUMED, "the portal lists nothing milder"),
        Rule("message", "/message", text),
        Rule("created_at", "/created_at", instant),
    ),
    consumed=frozenset({"class", "details"}),
)
DATASET = Table(
    Dataset,
    (
        Rule("native_id", "", subject_id, note="the id of `dataset`, else of `dataservice`"),
        Rule("record_type", "", _subject_type, DERIVED, "which of `dataset` and `dataservice` is set"),
        Rule("title", "", _ofsubject("title")),
        Rule("acronym", "", _ofsubject("acronym")),
        Rule("portal_url", "", _ofsubject("page", "self_web_url")),
        Rule("api_url", "", _ofsubject("uri", "self_api_url")),
        Rule("remote_id", "/remote_id", text),
        Rule("remote_url", "/remote_url", text),
    ),
    consumed=frozenset(),
)
SUBJECT_KEYS = frozenset(
    {"class", "id", "title", "acronym", "page", "self_web_url", "uri", "self_api_url", "permissions"}
)

TABLES: dict[EntityType, Table[Any]] = {
    EntityType.ORGANIZATION: ORGANIZATION,
    EntityType.PERSON: PERSON,
    EntityType.HARVEST_BACKEND: BACKEND,
    EntityType.HARVEST_SOURCE: SOURCE,
    EntityType.HARVEST_JOB: JOB,
    EntityType.HARVEST_RECORD: RECORD,
    EntityType.HARVEST_ERROR: ERROR,
    EntityType.DATASET: DATASET,
}
