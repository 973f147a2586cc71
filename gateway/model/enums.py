"""The closed words of the common model; the portals' own words stand beside them, as text."""

from __future__ import annotations

from enum import StrEnum


class EntityType(StrEnum):
    """The types of the common model that have an identity of their own."""

    ORGANIZATION = "Organization"
    PERSON = "Person"
    HARVEST_BACKEND = "HarvestBackend"
    HARVEST_SOURCE = "HarvestSource"
    HARVEST_JOB = "HarvestJob"
    HARVEST_RECORD = "HarvestRecord"
    HARVEST_ERROR = "HarvestError"
    DATASET = "Dataset"

    __hash__ = str.__hash__  # half of every element's name: an enum's own is a function of Python


class Presence(StrEnum):
    """Whether the portal still has a row, and how we know."""

    PRESENT = "PRESENT"
    DELETED = "DELETED"
    GONE = "GONE"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"


class JobStatus(StrEnum):
    """Where a run of a source stands."""

    SCHEDULED = "SCHEDULED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    LOST = "LOST"
    UNKNOWN = "UNKNOWN"


class JobKind(StrEnum):
    """What a run was asked to do."""

    HARVEST = "HARVEST"
    FORCE_HARVEST = "FORCE_HARVEST"
    CLEAR = "CLEAR"
    VALIDATE = "VALIDATE"
    UNKNOWN = "UNKNOWN"


class RecordStatus(StrEnum):
    """What became of one record in one run."""

    PENDING = "PENDING"
    LOST = "LOST"
    SUCCEEDED = "SUCCEEDED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    ARCHIVED = "ARCHIVED"
    UNPUBLISHED = "UNPUBLISHED"
    UNKNOWN = "UNKNOWN"


class RecordAction(StrEnum):
    """What a run did, or meant to do, with a record."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    ARCHIVE = "ARCHIVE"


class RecordType(StrEnum):
    """What a record describes."""

    DATASET = "DATASET"
    DATA_SERVICE = "DATA_SERVICE"
    CATALOG_RECORD = "CATALOG_RECORD"
    DATA_SERIES = "DATA_SERIES"
    UNKNOWN = "UNKNOWN"


class Severity(StrEnum):
    """How bad an error or a log line is."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"
    DEBUG = "DEBUG"
    UNKNOWN = "UNKNOWN"


class Protocol(StrEnum):
    """How a source is read."""

    CKAN = "CKAN"
    DKAN = "DKAN"
    CSW = "CSW"
    DCAT = "DCAT"
    MAAF = "MAAF"
    DOCUMENT = "DOCUMENT"
    WAF = "WAF"
    WAF_COLLECTION = "WAF_COLLECTION"
    UNKNOWN = "UNKNOWN"


class MetadataStandard(StrEnum):
    """The metadata standard that a source speaks."""

    DCAT = "DCAT"
    DCAT_US_1_1 = "DCAT_US_1_1"
    DCAT_US_3_0 = "DCAT_US_3_0"
    ISO_19139 = "ISO_19139"
    ISO_19115_1 = "ISO_19115_1"
    ISO_19115_2 = "ISO_19115_2"
    CKAN = "CKAN"
    DKAN = "DKAN"
    MAAF = "MAAF"
    UNKNOWN = "UNKNOWN"


class StandardFamily(StrEnum):
    """The family of a metadata standard: the level at which both portals compare."""

    DCAT = "DCAT"
    ISO = "ISO"
    CKAN = "CKAN"
    OTHER = "OTHER"


class MetadataProfile(StrEnum):
    """The profile of DCAT-US that a source is validated against."""

    FEDERAL = "FEDERAL"
    NON_FEDERAL = "NON_FEDERAL"


class OrganizationKind(StrEnum):
    """What kind of body an organization is."""

    FEDERAL_GOVERNMENT = "FEDERAL_GOVERNMENT"
    CITY_GOVERNMENT = "CITY_GOVERNMENT"
    STATE_GOVERNMENT = "STATE_GOVERNMENT"
    COUNTY_GOVERNMENT = "COUNTY_GOVERNMENT"
    UNIVERSITY = "UNIVERSITY"
    TRIBAL = "TRIBAL"
    NON_PROFIT = "NON_PROFIT"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class ValidationState(StrEnum):
    """Whether the portal's staff let a source run."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


class NotificationFrequency(StrEnum):
    """When a publisher is told about a run."""

    ON_ERROR = "ON_ERROR"
    ALWAYS = "ALWAYS"
    ON_ERROR_OR_UPDATE = "ON_ERROR_OR_UPDATE"
    UNKNOWN = "UNKNOWN"


class DatasetState(StrEnum):
    """What the newest complete knowledge says of a dataset."""

    LIVE = "LIVE"
    ARCHIVED = "ARCHIVED"
    DELETED = "DELETED"
    UNPUBLISHED = "UNPUBLISHED"
    NOT_LISTED = "NOT_LISTED"


class PayloadState(StrEnum):
    """Whether the publisher's payload can be read here."""

    STORED = "STORED"
    ABSENT = "ABSENT"
    NOT_FETCHED = "NOT_FETCHED"


class Cause(StrEnum):
    """Why a row changed."""

    UPSTREAM = "UPSTREAM"
    BASELINE = "BASELINE"
    CLOCK = "CLOCK"
    RENORMALISE = "RENORMALISE"
    ACTION = "ACTION"
