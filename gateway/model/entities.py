"""The common model as the normalisers make it: one frozen value per entity, nothing derived from other rows.

Field names are the columns of ``gateway.store.tables`` and, in camel case, the fields of the GraphQL schema.
A field that names another entity (``source``, ``organization``, ...) holds that entity's native id.
Instants are aware and in UTC. ``None`` means that the portal does not say, or has no word for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

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
    ValidationState,
)
from gateway.model.value import keyword_value

JSON = Any
"""A decoded JSON value."""


@keyword_value
class Entity:
    """What every entity has."""

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, Any]]

    type: ClassVar[EntityType]

    native_id: str
    portal_url: str | None = None
    deleted_at: datetime | None = None
    native: JSON = None
    """Public keys of the portal's element that no typed field reads, or None."""
    native_private: JSON = None
    """The same with the personal data that *native* leaves out; None where it leaves out nothing."""


@keyword_value
class Organization(Entity):
    """A publisher."""

    type: ClassVar[EntityType] = EntityType.ORGANIZATION

    name: str | None = None
    slug: str | None = None
    acronym: str | None = None
    kind: OrganizationKind = OrganizationKind.UNKNOWN
    native_kind: str | None = None
    aliases: tuple[str, ...] | None = None
    badges: tuple[str, ...] | None = None
    logo: str | None = None
    logo_thumbnail: str | None = None
    description: str | None = None
    native_source_count: int | None = None
    api_url: str | None = None


@keyword_value
class Person(Entity):
    """Somebody who owns or validated a source."""

    type: ClassVar[EntityType] = EntityType.PERSON

    first_name: str | None = None
    last_name: str | None = None
    slug: str | None = None
    avatar: str | None = None
    avatar_thumbnail: str | None = None
    api_url: str | None = None


@keyword_value
class HarvestBackend(Entity):
    """A way of harvesting that the portal offers, or a pair of source and schema type that it uses.

    *filters*: ``[{key, label, type, description}]``; *features*: ``[{key, label, description, default}]``;
    *extra_configs*: ``[{key, label, description, default}]``.
    """

    type: ClassVar[EntityType] = EntityType.HARVEST_BACKEND

    label: str | None = None
    protocol: Protocol = Protocol.UNKNOWN
    metadata_standard: MetadataStandard = MetadataStandard.UNKNOWN
    standard_family: StandardFamily = StandardFamily.OTHER
    filters: JSON = ()
    features: JSON = ()
    extra_configs: JSON = ()


@keyword_value
class HarvestSource(Entity):
    """A remote catalogue that a portal harvests."""

    type: ClassVar[EntityType] = EntityType.HARVEST_SOURCE

    name: str | None = None
    slug: str | None = None
    description: str | None = None
    url: str | None = None
    backend: str | None = None
    organization: str | None = None
    owner: str | None = None
    protocol: Protocol = Protocol.UNKNOWN
    metadata_standard: MetadataStandard = MetadataStandard.UNKNOWN
    standard_family: StandardFamily = StandardFamily.OTHER
    metadata_profile: MetadataProfile | None = None
    native_source_type: str | None = None
    native_schema_type: str | None = None
    collection_parent_url: str | None = None
    config: JSON = None
    """The portal's configuration object as it is, or None."""
    schedule_raw: str | None = None
    active: bool | None = None
    auto_archive: bool | None = None
    validation_state: ValidationState | None = None
    validation_native_state: str | None = None
    validation_by: str | None = None
    validation_on: datetime | None = None
    validation_comment: str | None = None
    notification_frequency: NotificationFrequency | None = None
    native_notification_frequency: str | None = None
    notification_emails: tuple[str, ...] | None = None
    created_at: datetime | None = None


@keyword_value
class HarvestJob(Entity):
    """One run of a source. *wire_status* is what the job's own words say; the final status is derived."""

    type: ClassVar[EntityType] = EntityType.HARVEST_JOB

    source: str | None = None
    wire_status: JobStatus = JobStatus.UNKNOWN
    native_status: str | None = None
    kind: JobKind = JobKind.UNKNOWN
    native_kind: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    total: int | None = None
    succeeded: int | None = None
    added: int | None = None
    updated: int | None = None
    deleted: int | None = None
    archived: int | None = None
    skipped: int | None = None
    unchanged: int | None = None
    failed: int | None = None
    warned: int | None = None
    validated: int | None = None
    pending: int | None = None
    datasets: int | None = None
    dataservices: int | None = None
    catalog: JSON = None


@keyword_value
class Dataset(Entity):
    """A dataset or data service as one record describes it; which record speaks for it is derived."""

    type: ClassVar[EntityType] = EntityType.DATASET

    source: str | None = None
    record_type: RecordType = RecordType.UNKNOWN
    remote_id: str | None = None
    remote_url: str | None = None
    title: str | None = None
    acronym: str | None = None
    description: str | None = None
    api_url: str | None = None
    parent_identifier: str | None = None
    modified_at: datetime | None = None
    publisher: str | None = None
    keywords: tuple[str, ...] | None = None
    license: str | None = None
    landing_page: str | None = None


@keyword_value
class HarvestRecord(Entity):
    """What one run did with one record.

    *dataset* names the dataset that the record is about, whatever became of the record;
    *logs*: ``[{position, level, nativeLevel, message}]``; *position* is the place in the job, from 0.
    """

    type: ClassVar[EntityType] = EntityType.HARVEST_RECORD

    job: str | None = None
    source: str | None = None
    """None where the wire does not say: it is the job's source then."""
    dataset: str | None = None
    remote_id: str | None = None
    remote_url: str | None = None
    record_type: RecordType | None = None
    native_record_type: str | None = None
    wire_status: RecordStatus = RecordStatus.UNKNOWN
    native_status: str | None = None
    action: RecordAction | None = None
    native_action: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    hash: str | None = None
    catalog_id: str | None = None
    catalog_name: str | None = None
    parent_identifier: str | None = None
    args: tuple[str, ...] | None = None
    kwargs: JSON = None
    logs: JSON = ()
    position: int | None = None


@keyword_value
class HarvestError(Entity):
    """Something that went wrong in a run: of the run itself where *record* is None."""

    type: ClassVar[EntityType] = EntityType.HARVEST_ERROR

    job: str | None = None
    record: str | None = None
    severity: Severity = Severity.UNKNOWN
    native_severity: str | None = None
    native_type: str | None = None
    message: str | None = None
    created_at: datetime | None = None
    position: int | None = None


ENTITIES: dict[EntityType, type[Entity]] = {
    entity.type: entity
    for entity in (
        Organization,
        Person,
        HarvestBackend,
        HarvestSource,
        HarvestJob,
        HarvestRecord,
        HarvestError,
        Dataset,
    )
}
