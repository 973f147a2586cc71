"""The portal's own words: its instants, numbers and vocabulary, and which keys are private or heavy."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

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
from gateway.model.mapping import passing

PRIVATE = frozenset({"notification_emails"})
"""Keys that hold personal data: redacted wherever a document is read without the scope for it."""
HEAVY = frozenset({"source_raw", "source_transform"})
"""Keys that hold the publisher's payload: read out of the document, copied nowhere."""

LARGEST = 2**31 - 1
"""The largest count that the model stores."""

DIGITS = 10**40
"""Whole numbers from here on are no texts."""

PROTOCOLS = {
    "document": Protocol.DOCUMENT,
    "waf": Protocol.WAF,
    "waf-collection": Protocol.WAF_COLLECTION,
}
STANDARDS = {
    "iso19115_1": (MetadataStandard.ISO_19115_1, StandardFamily.ISO),
    "iso19115_2": (MetadataStandard.ISO_19115_2, StandardFamily.ISO),
    "dcatus1.1": (MetadataStandard.DCAT_US_1_1, StandardFamily.DCAT),
    "dcatus3.0": (MetadataStandard.DCAT_US_3_0, StandardFamily.DCAT),
}
"""By the schema type's word before its colon."""
PROFILES = {"federal": MetadataProfile.FEDERAL, "non-federal": MetadataProfile.NON_FEDERAL}
"""By the schema type's word after its colon."""
ORGANIZATIONS = {
    "Federal Government": OrganizationKind.FEDERAL_GOVERNMENT,
    "City Government": OrganizationKind.CITY_GOVERNMENT,
    "State Government": OrganizationKind.STATE_GOVERNMENT,
    "County Government": OrganizationKind.COUNTY_GOVERNMENT,
    "University": OrganizationKind.UNIVERSITY,
    "Tribal": OrganizationKind.TRIBAL,
    "Non-Profit": OrganizationKind.NON_PROFIT,
}
NOTIFICATIONS = {
    "on_error": NotificationFrequency.ON_ERROR,
    "always": NotificationFrequency.ALWAYS,
    "on_error_or_update": NotificationFrequency.ON_ERROR_OR_UPDATE,
}
KINDS = {
    "harvest": JobKind.HARVEST,
    "force_harvest": JobKind.FORCE_HARVEST,
    "clear": JobKind.CLEAR,
    "validate": JobKind.VALIDATE,
}
JOBS = {
    "new": JobStatus.PENDING,
    "in_progress": JobStatus.RUNNING,
    "complete": JobStatus.SUCCEEDED,
    "error": JobStatus.FAILED,
}
RECORDS = {
    None: RecordStatus.PENDING,
    "success": RecordStatus.SUCCEEDED,
    "error": RecordStatus.FAILED,
    "dataset_pending": RecordStatus.UNPUBLISHED,
}
ACTIONS = {"create": RecordAction.CREATE, "update": RecordAction.UPDATE, "delete": RecordAction.DELETE}
RECORD_TYPES = {
    "dataset": RecordType.DATASET,
    "data_service": RecordType.DATA_SERVICE,
    "catalog_record": RecordType.CATALOG_RECORD,
    "data_series": RecordType.DATA_SERIES,
}
SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}

_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}


@passing(str)
def text(value: Any) -> str | None:
    """Return a text, a number as its digits, None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < DIGITS):
        return None if isinstance(value, bool) else str(value)
    return None


def texts(value: Any) -> tuple[str, ...] | None:
    """Return the texts of an array, None where it is no array."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else None


@passing(dict)
def mapping(value: Any) -> Any:
    """Return an object, None for anything else."""
    return value if isinstance(value, dict) else None


def count(value: Any) -> int | None:
    """Return a count that the model can store, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not -LARGEST <= value <= LARGEST:
        return None
    return value


def instant(value: Any) -> datetime | None:
    """Return an RFC 822 or ISO 8601 date as an aware UTC instant, None where it is neither.

    The portal writes the first, its published documentation the second; its clocks run in UTC, so a date
    without a zone is in UTC.
    """
    if not isinstance(value, str):
        return None
    return _plain(value) or _iso(value) or _rfc822(value)


def _plain(value: str) -> datetime | None:
    """Return a date of the one form that the portal writes: ``Sat, 07 Nov 2026 19:00:21 GMT``."""
    if len(value) != 29 or value[25:] != " GMT":
        return None
    if not value[19] == value[22] == ":":
        return _spelt(value)
    try:  # it takes a third of what six numbers take
        return datetime.fromisoformat(
            f"{value[12:16]}-{_MONTHS[value[8:11]]}-{value[5:7]} {value[17:25]}+00:00"
        )
    except (ValueError, KeyError):
        return _spelt(value)


def _spelt(value: str) -> datetime | None:
    """Return a date of that form, whatever stands between its numbers, and however these are written."""
    try:
        return datetime(
            int(value[12:16]),
            int(_MONTHS[value[8:11]]),
            int(value[5:7]),
            int(value[17:19]),
            int(value[20:22]),
            int(value[23:25]),
            tzinfo=UTC,
        )
    except (ValueError, KeyError):
        return None


def _rfc822(value: str) -> datetime | None:
    try:
        return _utc(parsedate_to_datetime(value))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _iso(value: str) -> datetime | None:
    try:
        return _utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None


def _utc(found: datetime) -> datetime:
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def iso_instant(value: Any) -> datetime | None:
    """Return an ISO 8601 date or date with time as an aware UTC instant, None for anything else."""
    return _iso(value.strip()) if isinstance(value, str) else None
