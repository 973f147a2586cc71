"""The tables of the common model: one row per entity, columns named as in ``gateway.model.entities``.

``portal`` is the smallint key of the portal. Relations are bigint keys without foreign keys. What is derived from
other rows or from the clock (``status``, ``last_job_id``, ``next_run_at``, ``consecutive_failures``, a dataset's
``state``) is written by
``gateway.store.derive`` alone; everything else by ``gateway.store.merge``.
"""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import SQLModel

from gateway.model import enums
from gateway.store import columns as c
from gateway.store import indexes
from gateway.store.findable import STORED


class EntityRow(SQLModel):
    """What every entity's row has."""

    id: int | None = c.key()
    portal: int = c.small()
    native_id: str = c.text(null=False)
    portal_url: str | None = c.text()
    presence: str = c.word(enums.Presence)
    first_seen_at: datetime = c.instant(null=False)
    last_seen_at: datetime | None = c.instant()
    """Only where the row is no longer present; else its stream's last complete pass tells."""
    changed_at: datetime = c.instant(null=False)
    deleted_at: datetime | None = c.instant()
    removed_at: datetime | None = c.instant()
    native: Any = c.data()
    native_private: Any = c.data(private=True)
    """``native`` with the personal data that it leaves out; None where it leaves out nothing."""
    document_hash: bytes | None = c.octets()
    """Fingerprint of the document that the row was read from: with the row's type and id it names the document.
    None in a stub, in a dataset, and in an error that came inside its job's or record's document."""
    row_hash: bytes | None = c.octets()
    """Fingerprint of the normalised values; None in a stub."""


class OrganizationColumns(EntityRow):
    """Columns of organizations."""

    name: str | None = c.text()
    slug: str | None = c.text()
    acronym: str | None = c.text()
    kind: str = c.word(enums.OrganizationKind)
    native_kind: str | None = c.text()
    aliases: list[str] | None = c.words()
    badges: list[str] | None = c.words()
    logo: str | None = c.text()
    logo_thumbnail: str | None = c.text()
    description: str | None = c.text()
    native_source_count: int | None = c.number()
    api_url: str | None = c.text()


class PersonColumns(EntityRow):
    """Columns of persons."""

    first_name: str | None = c.text()
    last_name: str | None = c.text()
    slug: str | None = c.text()
    avatar: str | None = c.text()
    avatar_thumbnail: str | None = c.text()
    api_url: str | None = c.text()


class HarvestBackendColumns(EntityRow):
    """Columns of backends."""

    label: str | None = c.text()
    protocol: str = c.word(enums.Protocol)
    metadata_standard: str = c.word(enums.MetadataStandard)
    standard_family: str = c.word(enums.StandardFamily)
    filters: Any = c.data()
    features: Any = c.data()
    extra_configs: Any = c.data()


class HarvestSourceColumns(EntityRow):
    """Columns of sources."""

    name: str | None = c.text()
    slug: str | None = c.text()
    description: str | None = c.text()
    url: str | None = c.text()
    backend_id: int | None = c.refers("harvest_backend")
    organization_id: int | None = c.refers("organization")
    owner_id: int | None = c.refers("person")
    protocol: str = c.word(enums.Protocol)
    metadata_standard: str = c.word(enums.MetadataStandard)
    standard_family: str = c.word(enums.StandardFamily)
    metadata_profile: str | None = c.word(enums.MetadataProfile, null=True)
    native_source_type: str | None = c.text()
    native_schema_type: str | None = c.text()
    collection_parent_url: str | None = c.text()
    config: Any = c.data()
    schedule_raw: str | None = c.text()
    schedule_every_seconds: int | None = c.number()
    """Derived from ``schedule_raw``, as ``schedule_words`` is."""
    schedule_words: str | None = c.text()
    active: bool | None = c.flag()
    auto_archive: bool | None = c.flag()
    validation_state: str | None = c.word(enums.ValidationState, null=True)
    validation_native_state: str | None = c.text()
    validation_by_id: int | None = c.refers("person")
    validation_on: datetime | None = c.instant()
    validation_comment: str | None = c.text()
    notification_frequency: str | None = c.word(enums.NotificationFrequency, null=True)
    native_notification_frequency: str | None = c.text()
    notification_emails: list[str] | None = c.words(private=True)
    created_at: datetime | None = c.instant()
    last_job_id: int | None = c.refers("harvest_job")
    next_run_at: datetime | None = c.instant()
    consecutive_failures: int = c.count()
    """How many of its judged runs ended badly since the last that did not: ``gateway.store.derive``."""


class HarvestJobColumns(EntityRow):
    """Columns of jobs."""

    source_id: int | None = c.refers("harvest_source")
    status: str = c.word(enums.JobStatus)
    """Derived: the wire's word, then cancellations, the clock and what was lost."""
    wire_status: str = c.word(enums.JobStatus)
    native_status: str | None = c.text()
    kind: str = c.word(enums.JobKind)
    native_kind: str | None = c.text()
    created_at: datetime | None = c.instant()
    started_at: datetime | None = c.instant()
    ended_at: datetime | None = c.instant()
    total: int | None = c.number()
    succeeded: int | None = c.number()
    added: int | None = c.number()
    updated: int | None = c.number()
    deleted: int | None = c.number()
    archived: int | None = c.number()
    skipped: int | None = c.number()
    unchanged: int | None = c.number()
    failed: int | None = c.number()
    warned: int | None = c.number()
    validated: int | None = c.number()
    pending: int | None = c.number()
    datasets: int | None = c.number()
    dataservices: int | None = c.number()
    catalog: Any = c.data()


class HistoryColumns(SQLModel):
    """What a row of history adds: the half-open range in which it was current."""

    history_id: int | None = c.key()
    valid_from: datetime = c.instant(null=False)
    valid_to: datetime = c.instant(null=False)


class Organization(OrganizationColumns, table=True):
    """A publisher."""

    __tablename__: ClassVar[str] = "organization"

    plain_name: str | None = c.reckoned(Text, STORED[enums.EntityType.ORGANIZATION][0])
    name_words: str | None = c.reckoned(TSVECTOR, STORED[enums.EntityType.ORGANIZATION][1])


class Person(PersonColumns, table=True):
    """Somebody who owns or validated a source."""

    __tablename__: ClassVar[str] = "person"


class HarvestBackend(HarvestBackendColumns, table=True):
    """A way of harvesting."""

    __tablename__: ClassVar[str] = "harvest_backend"


class HarvestSource(HarvestSourceColumns, table=True):
    """A remote catalogue that a portal harvests."""

    __tablename__: ClassVar[str] = "harvest_source"

    plain_name: str | None = c.reckoned(Text, STORED[enums.EntityType.HARVEST_SOURCE][0])
    name_words: str | None = c.reckoned(TSVECTOR, STORED[enums.EntityType.HARVEST_SOURCE][1])


class HarvestJob(HarvestJobColumns, table=True):
    """One run of a source."""

    __tablename__: ClassVar[str] = "harvest_job"


class HarvestRecord(EntityRow, table=True):
    """What one run did with one record."""

    __tablename__: ClassVar[str] = "harvest_record"

    job_id: int | None = c.refers("harvest_job")
    source_id: int | None = c.refers("harvest_source")
    dataset_id: int | None = c.refers("dataset")
    remote_id: str | None = c.text()
    remote_url: str | None = c.text()
    record_type: str | None = c.word(enums.RecordType, null=True)
    native_record_type: str | None = c.text()
    status: str = c.word(enums.RecordStatus)
    """Derived: the wire's word, and what became of a pending record once its job ended."""
    wire_status: str = c.word(enums.RecordStatus)
    native_status: str | None = c.text()
    action: str | None = c.word(enums.RecordAction, null=True)
    native_action: str | None = c.text()
    created_at: datetime | None = c.instant()
    started_at: datetime | None = c.instant()
    ended_at: datetime | None = c.instant()
    hash: str | None = c.text()
    catalog_id: str | None = c.text()
    catalog_name: str | None = c.text()
    parent_identifier: str | None = c.text()
    args: list[str] | None = c.words()
    kwargs: Any = c.data()
    logs: Any = c.data()
    position: int | None = c.number()


class HarvestError(EntityRow, table=True):
    """Something that went wrong in a run."""

    __tablename__: ClassVar[str] = "harvest_error"

    job_id: int | None = c.refers("harvest_job")
    record_id: int | None = c.refers("harvest_record")
    severity: str = c.word(enums.Severity)
    native_severity: str | None = c.text()
    native_type: str | None = c.text()
    message: str | None = c.text()
    created_at: datetime | None = c.instant()
    position: int | None = c.number()


class Dataset(EntityRow, table=True):
    """A dataset or data service: its text is that of ``latest_record_id``, its state is derived."""

    __tablename__: ClassVar[str] = "dataset"
    __table_args__: ClassVar[dict[str, Any]] = {"postgresql_with": {"fillfactor": 35}}
    """Room beside each row for its next two states: each run that lists it changes it.
    A row that changes in its page needs no new entries in the indexes, and those of its words are dear."""

    source_id: int | None = c.refers("harvest_source")
    record_type: str = c.word(enums.RecordType)
    remote_id: str | None = c.text()
    remote_url: str | None = c.text()
    title: str | None = c.text()
    acronym: str | None = c.text()
    description: str | None = c.text()
    api_url: str | None = c.text()
    parent_identifier: str | None = c.text()
    modified_at: datetime | None = c.instant()
    publisher: str | None = c.text()
    keywords: list[str] | None = c.words()
    license: str | None = c.text()
    landing_page: str | None = c.text()
    state: str = c.word(enums.DatasetState)
    state_basis: str | None = c.text()
    """Why the state is what it is: one sentence."""
    state_job_id: int | None = c.refers("harvest_job")
    """The run that the state rests on."""
    latest_record_id: int | None = c.refers("harvest_record")
    """The record that speaks for the dataset: the newest that published it."""
    text_record_id: int | None = c.refers("harvest_record")
    """The record that the text was read from: derive brings it to ``latest_record_id``."""
    parent_id: int | None = c.refers("dataset")


class OrganizationHistory(HistoryColumns, OrganizationColumns, table=True):
    """What an organization was."""

    __tablename__: ClassVar[str] = "organization_history"

    id: int | None = c.big(null=False)


class HarvestBackendHistory(HistoryColumns, HarvestBackendColumns, table=True):
    """What a backend was."""

    __tablename__: ClassVar[str] = "harvest_backend_history"

    id: int | None = c.big(null=False)


class HarvestSourceHistory(HistoryColumns, HarvestSourceColumns, table=True):
    """What a source was."""

    __tablename__: ClassVar[str] = "harvest_source_history"

    id: int | None = c.big(null=False)


class HarvestJobHistory(HistoryColumns, HarvestJobColumns, table=True):
    """What a job was."""

    __tablename__: ClassVar[str] = "harvest_job_history"

    id: int | None = c.big(null=False)


ROWS: dict[enums.EntityType, type[EntityRow]] = {
    enums.EntityType.ORGANIZATION: Organization,
    enums.EntityType.PERSON: Person,
    enums.EntityType.HARVEST_BACKEND: HarvestBackend,
    enums.EntityType.HARVEST_SOURCE: HarvestSource,
    enums.EntityType.HARVEST_JOB: HarvestJob,
    enums.EntityType.HARVEST_RECORD: HarvestRecord,
    enums.EntityType.HARVEST_ERROR: HarvestError,
    enums.EntityType.DATASET: Dataset,
}
"""The table of each entity type."""

HISTORY: dict[enums.EntityType, type[SQLModel]] = {
    enums.EntityType.ORGANIZATION: OrganizationHistory,
    enums.EntityType.HARVEST_BACKEND: HarvestBackendHistory,
    enums.EntityType.HARVEST_SOURCE: HarvestSourceHistory,
    enums.EntityType.HARVEST_JOB: HarvestJobHistory,
}
"""The table of what rows of a type were; other types are frozen once their job ended."""

for _type, _row in ROWS.items():
    _table: str = str(_row.__tablename__)
    c.finish(
        _row, UniqueConstraint("portal", "native_id", name=f"uq_{_table}_native"), *indexes.of(_type, _table)
    )
for _type, _history in HISTORY.items():
    c.finish(_history, *indexes.of_history(_type, str(_history.__tablename__)))
