"""Which rows a list holds: one input per list.

A field that is absent or null narrows nothing; of an empty list of words there is no row.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import strawberry

from gateway.model import enums
from harvest_graphql.marks import narrows
from harvest_graphql.plan import troubles

_JOB = ("job",)
_JOB_SOURCE = ("job", "source")
_LAST_JOB = ("last_job",)
_RECORD = ("record",)
_SOURCE = ("source",)
_FOLDED = "whatever its capitals and accents"


def _text(what: str) -> str:
    return f"Text that {what} contains, {_FOLDED}."


@strawberry.input(description="A span of time.")
class DateTimeRange:
    """A half-open range."""

    since: datetime | None = narrows("At this instant or later.")
    until: datetime | None = narrows("Before this instant.")


@strawberry.input
class _EntityFilter:
    """What every filter has."""

    id: list[strawberry.ID] | None = narrows("Their ids.")
    portal: list[str] | None = narrows("Keys of portals.")
    native_id: list[str] | None = narrows("The portals' own ids.")
    presence: list[enums.Presence] | None = narrows("Presences; without it: PRESENT and EXPIRED.")
    first_seen_at: DateTimeRange | None = narrows("When the gateway first saw it.")
    changed_at: DateTimeRange | None = narrows("When the gateway last saw it change.")
    deleted_at: DateTimeRange | None = narrows("When it was deleted, as the portal says.")
    removed_at: DateTimeRange | None = narrows("When the gateway found that it was no longer there.")


@strawberry.input
class _HarvestedFilter(_EntityFilter):
    """What can be said of the source of a thing."""

    organization: list[strawberry.ID] | None = narrows(
        "Ids of the organizations of their sources.", through=_SOURCE
    )
    backend: list[strawberry.ID] | None = narrows("Ids of the backends of their sources.", through=_SOURCE)
    protocol: list[enums.Protocol] | None = narrows("How their sources are read.", through=_SOURCE)
    metadata_standard: list[enums.MetadataStandard] | None = narrows(
        "Metadata standards of their sources.", through=_SOURCE
    )
    standard_family: list[enums.StandardFamily] | None = narrows(
        "Families of the metadata standards of their sources.", through=_SOURCE
    )
    metadata_profile: list[enums.MetadataProfile] | None = narrows(
        "Profiles that their sources are validated against.", through=_SOURCE
    )
    source_active: bool | None = narrows(
        "Whether their sources are switched on, where the portal says so.", through=_SOURCE, column="active"
    )


@strawberry.input(description="Which organizations; everything that is given must hold.")
class OrganizationFilter(_EntityFilter):
    """Filter of organizations."""

    kind: list[enums.OrganizationKind] | None = narrows("Kinds of bodies.")
    native_kind: list[str] | None = narrows("The portals' own words for that.")
    slug: list[str] | None = narrows("Names in addresses.")
    name_contains: str | None = narrows(_text("the name"))
    acronym: list[str] | None = narrows("Short names.")
    alias: list[str] | None = narrows("Other names that the portal knows them by.", column="aliases")
    badge: list[str] | None = narrows("Badges that the portal gave them.", column="badges")


@strawberry.input(description="Which backends; everything that is given must hold.")
class HarvestBackendFilter(_EntityFilter):
    """Filter of backends."""

    protocol: list[enums.Protocol] | None = narrows("How they read.")
    metadata_standard: list[enums.MetadataStandard] | None = narrows("Metadata standards.")
    standard_family: list[enums.StandardFamily] | None = narrows("Families of metadata standards.")
    label_contains: str | None = narrows(_text("the label"))


@strawberry.input(description="Which sources; everything that is given must hold.")
class HarvestSourceFilter(_EntityFilter):
    """Filter of sources."""

    organization: list[strawberry.ID] | None = narrows("Ids of organizations.")
    owner: list[strawberry.ID] | None = narrows("Ids of persons.")
    backend: list[strawberry.ID] | None = narrows("Ids of backends.")
    protocol: list[enums.Protocol] | None = narrows("How they are read.")
    native_source_type: list[str] | None = narrows("The portals' own words for that.")
    metadata_standard: list[enums.MetadataStandard] | None = narrows("Metadata standards.")
    native_schema_type: list[str] | None = narrows("The portals' own words for the standard.")
    standard_family: list[enums.StandardFamily] | None = narrows("Families of metadata standards.")
    metadata_profile: list[enums.MetadataProfile] | None = narrows(
        "Profiles that they are validated against."
    )
    active: bool | None = narrows("Whether they are switched on, where the portal says so.")
    auto_archive: bool | None = narrows("Whether datasets that they no longer list are archived.")
    validation_state: list[enums.ValidationState] | None = narrows(
        "What the portal's staff decided about them."
    )
    validation_native_state: list[str] | None = narrows("The portals' own words for that.")
    validation_by: list[strawberry.ID] | None = narrows("Ids of the persons who decided.")
    validation_on: DateTimeRange | None = narrows("When they decided.")
    notification_frequency: list[enums.NotificationFrequency] | None = narrows(
        "When their publishers are told."
    )
    native_notification_frequency: list[str] | None = narrows("The portals' own words for that.")
    slug: list[str] | None = narrows("Names in addresses.")
    name_contains: str | None = narrows(_text("the name"))
    url_contains: str | None = narrows(_text("the harvested address"))
    schedule_raw: list[str] | None = narrows("When they are harvested, as the portals say it.")
    has_last_job: bool | None = narrows("Whether they were ever harvested.")
    last_job_status: list[enums.JobStatus] | None = narrows(
        "Where their newest runs stand.", through=_LAST_JOB, column="status"
    )
    last_job_has_errors: bool | None = narrows(
        "Whether anything went wrong in their newest runs: in the run itself or in a record.",
        through=_LAST_JOB,
        condition=troubles.has_errors("job_id"),
    )
    last_job_created_at: DateTimeRange | None = narrows(
        "When their newest runs were asked for.", through=_LAST_JOB, column="created_at"
    )
    last_job_ended_at: DateTimeRange | None = narrows(
        "When their newest runs ended.", through=_LAST_JOB, column="ended_at"
    )
    consecutive_failures_gte: int | None = narrows("`consecutiveFailures` of at least this.")
    created_at: DateTimeRange | None = narrows("When they were made.")
    next_run_at: DateTimeRange | None = narrows("When they are harvested next.")


@strawberry.input(description="Which jobs; everything that is given must hold.")
class HarvestJobFilter(_HarvestedFilter):
    """Filter of jobs."""

    source: list[strawberry.ID] | None = narrows("Ids of sources.")
    status: list[enums.JobStatus] | None = narrows("Where they stand; without it: all but SCHEDULED.")
    native_status: list[str] | None = narrows("The portals' own words for that.")
    kind: list[enums.JobKind] | None = narrows("What they were asked to do.")
    native_kind: list[str] | None = narrows("The portals' own words for that.")
    has_errors: bool | None = narrows(
        "Whether anything went wrong: in the run itself or in a record.",
        condition=troubles.has_errors("job_id"),
    )
    running_longer_than: timedelta | None = narrows(
        "RUNNING, and begun (where the portal does not say when: asked for) more than this before the portal was last"
        " asked for its runs. After 48 hours a run is LOST.",
        condition=troubles.running_longer_than,
        volatile=True,
    )
    created_at: DateTimeRange | None = narrows("When they were asked for.")
    started_at: DateTimeRange | None = narrows("When they began.")
    ended_at: DateTimeRange | None = narrows("When they ended.")


@strawberry.input(description="Which records; everything that is given must hold.")
class HarvestRecordFilter(_HarvestedFilter):
    """Filter of records."""

    job: list[strawberry.ID] | None = narrows("Ids of jobs.")
    job_status: list[enums.JobStatus] | None = narrows(
        "Where their runs stand.", through=_JOB, column="status"
    )
    source: list[strawberry.ID] | None = narrows("Ids of sources.")
    dataset: list[strawberry.ID] | None = narrows("Ids of datasets.")
    status: list[enums.RecordStatus] | None = narrows("What became of them.")
    native_status: list[str] | None = narrows("The portals' own words for that.")
    action: list[enums.RecordAction] | None = narrows("What the run did, or meant to do.")
    native_action: list[str] | None = narrows("The portals' own words for that.")
    record_type: list[enums.RecordType] | None = narrows("What they describe.")
    native_record_type: list[str] | None = narrows("The portals' own words for that.")
    has_errors: bool | None = narrows(
        "Whether anything went wrong with them.", condition=troubles.has_errors("record_id")
    )
    remote_id: list[str] | None = narrows("Their ids at their publishers.")
    remote_url_contains: str | None = narrows(_text("their address at their publisher"))
    parent_identifier: list[str] | None = narrows("Remote ids of the records that they belong to.")
    catalog_id: list[str] | None = narrows("Their ids in the portal's catalogue.")
    catalog_name_contains: str | None = narrows(_text("their name in the portal's catalogue"))
    hash: list[str] | None = narrows("The portal's fingerprints of what their publishers sent.")
    created_at: DateTimeRange | None = narrows("When the run came to them.")
    started_at: DateTimeRange | None = narrows("When they were begun.")
    ended_at: DateTimeRange | None = narrows("When they were done.")


@strawberry.input(description="Which errors; everything that is given must hold.")
class HarvestErrorFilter(_EntityFilter):
    """Filter of errors."""

    job: list[strawberry.ID] | None = narrows("Ids of jobs.")
    job_status: list[enums.JobStatus] | None = narrows(
        "Where their runs stand.", through=_JOB, column="status"
    )
    record: list[strawberry.ID] | None = narrows("Ids of records.")
    has_record: bool | None = narrows("Whether they are of a record, not of the run itself.")
    record_status: list[enums.RecordStatus] | None = narrows(
        "What became of their records.", through=_RECORD, column="status"
    )
    dataset: list[strawberry.ID] | None = narrows("Ids of the datasets of their records.", through=_RECORD)
    source: list[strawberry.ID] | None = narrows("Ids of the sources of their runs.", through=_JOB)
    organization: list[strawberry.ID] | None = narrows(
        "Ids of the organizations of the sources of their runs.", through=_JOB_SOURCE
    )
    backend: list[strawberry.ID] | None = narrows(
        "Ids of the backends of the sources of their runs.", through=_JOB_SOURCE
    )
    protocol: list[enums.Protocol] | None = narrows(
        "How the sources of their runs are read.", through=_JOB_SOURCE
    )
    metadata_standard: list[enums.MetadataStandard] | None = narrows(
        "Metadata standards of the sources of their runs.", through=_JOB_SOURCE
    )
    standard_family: list[enums.StandardFamily] | None = narrows(
        "Families of the metadata standards of the sources of their runs.", through=_JOB_SOURCE
    )
    metadata_profile: list[enums.MetadataProfile] | None = narrows(
        "Profiles that the sources of their runs are validated against.", through=_JOB_SOURCE
    )
    severity: list[enums.Severity] | None = narrows("How bad they are.")
    native_severity: list[str] | None = narrows("The portals' own words for that.")
    native_type: list[str] | None = narrows("The portals' own classes of errors.")
    message_contains: str | None = narrows(_text("the message"))
    created_at: DateTimeRange | None = narrows("When they happened.")


@strawberry.input(description="Which datasets; everything that is given must hold.")
class DatasetFilter(_HarvestedFilter):
    """Filter of datasets."""

    source: list[strawberry.ID] | None = narrows("Ids of sources.")
    parent: list[strawberry.ID] | None = narrows("Ids of the datasets that they belong to.")
    parent_identifier: list[str] | None = narrows("Remote ids of those datasets.")
    state: list[enums.DatasetState] | None = narrows("What the newest complete knowledge says of them.")
    state_job: list[strawberry.ID] | None = narrows("Ids of the runs that their states rest on.")
    latest_record: list[strawberry.ID] | None = narrows("Ids of the records that speak for them.")
    record_type: list[enums.RecordType] | None = narrows("What they are.")
    remote_id: list[str] | None = narrows("Their ids at their publishers.")
    remote_url_contains: str | None = narrows(_text("their address at their publisher"))
    title_contains: str | None = narrows(_text("the title"))
    acronym: list[str] | None = narrows("Short names.")
    publisher_contains: str | None = narrows(_text("the named publisher"))
    keyword: list[str] | None = narrows("Keywords, of which they have one at least.", column="keywords")
    license: list[str] | None = narrows("Their licences, as the metadata say.")
    modified_at: DateTimeRange | None = narrows("When their publishers last changed them.")
