"""Which rows a list holds: one input per list.

A field that is absent or null narrows nothing; of an empty list of words there is no row.
"""

from __future__ import annotations

from datetime import datetime

import strawberry

from gateway.model import enums
from harvest_graphql.marks import narrows

_JOB = ("job",)
_JOB_SOURCE = ("job", "source")
_SOURCE = ("source",)


@strawberry.input(description="A span of time.")
class DateTimeRange:
    """A half-open range."""

    since: datetime | None = narrows("At this instant or later.")
    until: datetime | None = narrows("Before this instant.")


@strawberry.input
class _EntityFilter:
    """What every filter has."""

    portal: list[str] | None = narrows("Keys of portals.")
    native_id: list[str] | None = narrows("The portals' own ids.")
    presence: list[enums.Presence] | None = narrows("Presences; without it: PRESENT and EXPIRED.")
    first_seen_at: DateTimeRange | None = narrows("When the gateway first saw it.")
    changed_at: DateTimeRange | None = narrows("When the gateway last saw it change.")
    deleted_at: DateTimeRange | None = narrows("When it was deleted, as the portal says.")
    removed_at: DateTimeRange | None = narrows("When the gateway found that it was no longer there.")


@strawberry.input(description="Which organizations; everything that is given must hold.")
class OrganizationFilter(_EntityFilter):
    """Filter of organizations."""

    kind: list[enums.OrganizationKind] | None = narrows("Kinds of bodies.")
    slug: list[str] | None = narrows("Names in addresses.")
    name_contains: str | None = narrows("Text that the name contains, in upper or lower case.")


@strawberry.input(description="Which backends; everything that is given must hold.")
class HarvestBackendFilter(_EntityFilter):
    """Filter of backends."""

    protocol: list[enums.Protocol] | None = narrows("How they read.")
    metadata_standard: list[enums.MetadataStandard] | None = narrows("Metadata standards.")
    standard_family: list[enums.StandardFamily] | None = narrows("Families of metadata standards.")
    label_contains: str | None = narrows("Text that the label contains, in upper or lower case.")


@strawberry.input(description="Which sources; everything that is given must hold.")
class HarvestSourceFilter(_EntityFilter):
    """Filter of sources."""

    organization: list[strawberry.ID] | None = narrows("Ids of organizations.")
    owner: list[strawberry.ID] | None = narrows("Ids of persons.")
    backend: list[strawberry.ID] | None = narrows("Ids of backends.")
    protocol: list[enums.Protocol] | None = narrows("How they are read.")
    metadata_standard: list[enums.MetadataStandard] | None = narrows("Metadata standards.")
    standard_family: list[enums.StandardFamily] | None = narrows("Families of metadata standards.")
    metadata_profile: list[enums.MetadataProfile] | None = narrows(
        "Profiles that they are validated against."
    )
    active: bool | None = narrows("Whether they are switched on, where the portal says so.")
    auto_archive: bool | None = narrows("Whether datasets that they no longer list are archived.")
    validation_state: list[enums.ValidationState] | None = narrows(
        "What the portal's staff decided about them."
    )
    notification_frequency: list[enums.NotificationFrequency] | None = narrows(
        "When their publishers are told."
    )
    slug: list[str] | None = narrows("Names in addresses.")
    name_contains: str | None = narrows("Text that the name contains, in upper or lower case.")
    url_contains: str | None = narrows("Text that the harvested address contains, in upper or lower case.")
    has_last_job: bool | None = narrows("Whether they were ever harvested.")
    last_job_status: list[enums.JobStatus] | None = narrows(
        "Where their newest runs stand.", through=("last_job",), column="status"
    )
    last_job_created_at: DateTimeRange | None = narrows(
        "When their newest runs were asked for.", through=("last_job",), column="created_at"
    )
    created_at: DateTimeRange | None = narrows("When they were made.")
    next_run_at: DateTimeRange | None = narrows("When they are harvested next.")


@strawberry.input(description="Which jobs; everything that is given must hold.")
class HarvestJobFilter(_EntityFilter):
    """Filter of jobs."""

    source: list[strawberry.ID] | None = narrows("Ids of sources.")
    organization: list[strawberry.ID] | None = narrows(
        "Ids of the organizations of their sources.", through=_SOURCE
    )
    status: list[enums.JobStatus] | None = narrows("Where they stand; without it: all but SCHEDULED.")
    native_status: list[str] | None = narrows("The portals' own words for that.")
    kind: list[enums.JobKind] | None = narrows("What they were asked to do.")
    created_at: DateTimeRange | None = narrows("When they were asked for.")
    started_at: DateTimeRange | None = narrows("When they began.")
    ended_at: DateTimeRange | None = narrows("When they ended.")


@strawberry.input(description="Which records; everything that is given must hold.")
class HarvestRecordFilter(_EntityFilter):
    """Filter of records."""

    job: list[strawberry.ID] | None = narrows("Ids of jobs.")
    source: list[strawberry.ID] | None = narrows("Ids of sources.")
    organization: list[strawberry.ID] | None = narrows(
        "Ids of the organizations of their sources.", through=_SOURCE
    )
    dataset: list[strawberry.ID] | None = narrows("Ids of datasets.")
    status: list[enums.RecordStatus] | None = narrows("What became of them.")
    native_status: list[str] | None = narrows("The portals' own words for that.")
    action: list[enums.RecordAction] | None = narrows("What the run did, or meant to do.")
    record_type: list[enums.RecordType] | None = narrows("What they describe.")
    remote_id: list[str] | None = narrows("Their ids at their publishers.")
    catalog_id: list[str] | None = narrows("Their ids in the portal's catalogue.")
    created_at: DateTimeRange | None = narrows("When the run came to them.")
    ended_at: DateTimeRange | None = narrows("When they were done.")


@strawberry.input(description="Which errors; everything that is given must hold.")
class HarvestErrorFilter(_EntityFilter):
    """Filter of errors."""

    job: list[strawberry.ID] | None = narrows("Ids of jobs.")
    record: list[strawberry.ID] | None = narrows("Ids of records.")
    has_record: bool | None = narrows("Whether they are of a record, not of the run itself.")
    source: list[strawberry.ID] | None = narrows("Ids of the sources of their runs.", through=_JOB)
    organization: list[strawberry.ID] | None = narrows(
        "Ids of the organizations of the sources of their runs.", through=_JOB_SOURCE
    )
    severity: list[enums.Severity] | None = narrows("How bad they are.")
    native_type: list[str] | None = narrows("The portals' own classes of errors.")
    message_contains: str | None = narrows("Text that the message contains, in upper or lower case.")
    created_at: DateTimeRange | None = narrows("When they happened.")


@strawberry.input(description="Which datasets; everything that is given must hold.")
class DatasetFilter(_EntityFilter):
    """Filter of datasets."""

    source: list[strawberry.ID] | None = narrows("Ids of sources.")
    organization: list[strawberry.ID] | None = narrows(
        "Ids of the organizations of their sources.", through=_SOURCE
    )
    parent: list[strawberry.ID] | None = narrows("Ids of the datasets that they belong to.")
    state: list[enums.DatasetState] | None = narrows("What the newest complete knowledge says of them.")
    record_type: list[enums.RecordType] | None = narrows("What they are.")
    remote_id: list[str] | None = narrows("Their ids at their publishers.")
    title_contains: str | None = narrows("Text that the title contains, in upper or lower case.")
    publisher_contains: str | None = narrows(
        "Text that the named publisher contains, in upper or lower case."
    )
    modified_at: DateTimeRange | None = narrows("When their publishers last changed them.")
