"""From the portal's elements to the common model: for each field the place, the rule and how sure it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.subjects import (
    first_of,
    modified,
    of_item_or_harvest,
    rest,
    subject_id,
    subject_type,
)
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
    Severity,
    StandardFamily,
    ValidationState,
)
from gateway.model.mapping import Basis, Clock, Rule, Table

Element = Mapping[str, Any]

DERIVED, ASSUMED = Basis.DERIVED, Basis.ASSUMED
PRIVATE = frozenset({"email"})
"""Keys of personal data, wherever the portal puts them."""
_UNKNOWN_BACKEND = (Protocol.UNKNOWN, MetadataStandard.UNKNOWN, StandardFamily.OTHER)
_backend = word(wire.BACKEND_WORDS, _UNKNOWN_BACKEND)
_level = word(wire.LEVELS, Severity.UNKNOWN)
_level_word = word({level: found.value for level, found in wire.LEVELS.items()}, Severity.UNKNOWN.value)
_validation = word(wire.VALIDATION, ValidationState.UNKNOWN)
_OF_SUBJECT = "of `dataset`, else of `dataservice`"
_HARVESTED = "the item's `{0}`, else that of `harvest` in its dataset or data service"
_COUNTED = "counted from the items, and 0 where the word does not occur, on a wire without counters"


def _at(field: str, pointer: str) -> Rule:
    """Return the rule of an instant: the portal's all say their zone."""
    return Rule(field, pointer, instant, clock=Clock.ZONED)


def _of(field: str, pointer: str, read: Callable[[Any], Any], note: str) -> Rule:
    """Return the rule of what is read out of an item's subject: in the document it lies somewhere in the item."""
    return Rule(field, pointer, read, note=note, told="")


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


def _severity(value: Any) -> Severity:
    return Severity.ERROR if value is None else _level(value)


_BOOLEANS = {"true": True, "false": False}


def _features(value: Any) -> list[Any]:
    """Return the features; what a portal has for a default beside a Boolean is kept as ``native_default``."""
    return [_feature(entry) if isinstance(entry, Mapping) else entry for entry in listed(value)]


def _feature(entry: Element) -> Element:
    default = entry.get("default")
    if default is None or isinstance(default, bool):
        return entry
    read = _BOOLEANS.get(default.lower()) if isinstance(default, str) else None
    return {**entry, "default": read, "native_default": default}


def _logs(value: Any) -> list[dict[str, Any]]:
    return [_log(position, entry) for position, entry in enumerate(listed(value))]


def _log(position: int, entry: Any) -> dict[str, Any]:
    said = entry if isinstance(entry, dict) else {"message": entry}
    level = said.get("level")
    return {
        "position": position,
        "level": _level_word(level),
        "nativeLevel": text(level),
        "message": text(said.get("message")),
    }


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
    private=PRIVATE,
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
    private=PRIVATE,
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
        Rule(
            "features", "/features", _features, note="a default that is the text of a Boolean is that Boolean"
        ),
        Rule("extra_configs", "/extra_configs", listed),
    ),
    consumed=frozenset({"class"}),
    private=PRIVATE,
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
        _at("validation_on", "/validation/on"),
        Rule("validation_comment", "/validation/comment", text),
        _at("created_at", "/created_at"),
        _at("deleted_at", "/deleted"),
    ),
    consumed=frozenset({"class", "permissions", "last_job"}),
    private=PRIVATE,
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
        _at("created_at", "/created"),
        _at("started_at", "/started"),
        _at("ended_at", "/ended"),
        Rule("total", "/items", _counted("total"), note=f"none where the portal has no counters; {_COUNTED}"),
        Rule("succeeded", "/items", _counted("by_status", "done"), note=f"`done`; {_COUNTED}"),
        Rule("archived", "/items", _counted("by_status", "archived"), note=f"`archived`; {_COUNTED}"),
        Rule("skipped", "/items", _counted("by_status", "skipped"), note=f"`skipped`; {_COUNTED}"),
        Rule("failed", "/items", _counted("by_status", "failed"), note=f"`failed`; {_COUNTED}"),
        Rule("pending", "/items", _unfinished, DERIVED, f"`pending` and `started`; {_COUNTED}"),
        Rule("datasets", "/items", _counted("by_type", "dataset"), note="items of a dataset, where counted"),
        Rule(
            "dataservices",
            "/items",
            _counted("by_type", "dataservice"),
            note="items of a data service, where counted",
        ),
    ),
    consumed=frozenset({"class", "source", "errors"}),
    private=PRIVATE,
)
RECORD = Table(
    HarvestRecord,
    (
        Rule("dataset", "", subject_id, note=f"the id {_OF_SUBJECT}"),
        Rule("remote_id", "/remote_id", text),
        Rule("remote_url", "/remote_url", text),
        Rule("record_type", "", subject_type, DERIVED, "which of `dataset` and `dataservice` is set"),
        Rule(
            "wire_status",
            "/status",
            word(wire.ITEM_STATUS, RecordStatus.UNKNOWN),
            DERIVED,
            "the status's word",
        ),
        Rule("native_status", "/status", text),
        Rule("action", "/status", _action, DERIVED, "an archived item is one that the run archived"),
        _at("created_at", "/created"),
        _at("started_at", "/started"),
        _at("ended_at", "/ended"),
        Rule("args", "/args", texts),
        Rule("kwargs", "/kwargs"),
        Rule("logs", "/logs", _logs, note="each with its place, and its level in both words"),
    ),
    consumed=frozenset({"class", "dataset", "dataservice", "errors"}),
    private=PRIVATE,
)
ERROR = Table(
    HarvestError,
    (
        Rule(
            "severity",
            "/level",
            _severity,
            DERIVED,
            "the level's word; ERROR is assumed where the portal gives none, as all do since udata 10",
        ),
        Rule("native_severity", "/level", text),
        Rule("message", "/message", text),
        _at("created_at", "/created_at"),
    ),
    consumed=frozenset({"class", "details"}),
    private=PRIVATE,
)
DATASET = Table(
    Dataset,
    (
        _of("native_id", "/body/id", name, f"the id {_OF_SUBJECT}"),
        Rule(
            "record_type", "/kind", basis=DERIVED, note="which of `dataset` and `dataservice` is set", told=""
        ),
        _of("title", "/body/title", text, f"`title` {_OF_SUBJECT}"),
        _of("acronym", "/body/acronym", text, f"`acronym` {_OF_SUBJECT}"),
        _of("description", "/body/description", text, f"`description` {_OF_SUBJECT}"),
        _of("license", "/body/license", text, f"`license` {_OF_SUBJECT}"),
        _of("keywords", "/body/tags", texts, f"`tags` {_OF_SUBJECT}"),
        _of("publisher", "/body/organization/name", text, f"the name of `organization` {_OF_SUBJECT}"),
        Rule(
            "modified_at",
            "",
            modified,
            note="`last_modified` of `dataset`, else `metadata_modified_at` of `dataservice`",
            clock=Clock.ZONED,
        ),
        _of(
            "portal_url",
            "/body",
            first_of("self_web_url", "page"),
            f"`self_web_url`, else `page` {_OF_SUBJECT}",
        ),
        _of("api_url", "/body", first_of("self_api_url", "uri"), f"`self_api_url`, else `uri` {_OF_SUBJECT}"),
        _of("remote_id", "", of_item_or_harvest("remote_id"), _HARVESTED.format("remote_id")),
        _of("remote_url", "", of_item_or_harvest("remote_url"), _HARVESTED.format("remote_url")),
        _of("native", "", rest, f"the keys {_OF_SUBJECT} that no other field reads"),
    ),
    consumed=frozenset(),
    private=PRIVATE,
)
"""Runs on what ``subjects.subject`` finds in an item."""

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
