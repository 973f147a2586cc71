"""Backends and sources: what is harvested, how, when, for whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.model.enums import (
    MetadataProfile,
    MetadataStandard,
    NotificationFrequency,
    Protocol,
    StandardFamily,
    ValidationState,
)
from harvest_graphql.entity import Entity, pages
from harvest_graphql.filters import (
    DatasetFilter,
    HarvestJobFilter,
    HarvestRecordFilter,
    HarvestSourceFilter,
)
from harvest_graphql.marks import field
from harvest_graphql.orders import DatasetOrder, HarvestJobOrder, HarvestRecordOrder, HarvestSourceOrder
from harvest_graphql.plan import configs, spans
from harvest_graphql.publishers import Organization, Person
from harvest_graphql.scalars import JSON, URL, Cron

if TYPE_CHECKING:
    from harvest_graphql.datasets import Dataset
    from harvest_graphql.runs import HarvestJob, HarvestRecord

_JOB = Annotated["HarvestJob", strawberry.lazy("harvest_graphql.runs")]
_RECORD = Annotated["HarvestRecord", strawberry.lazy("harvest_graphql.runs")]
_DATASET = Annotated["Dataset", strawberry.lazy("harvest_graphql.datasets")]
_SOURCE = Annotated["HarvestSource", strawberry.lazy("harvest_graphql.sources")]


@strawberry.type(description="A filter that a backend understands.")
class HarvestFilter:
    """A filter of a backend."""

    key: str | None = field("Its key in a source's configuration.")
    label: str | None = field("Its name for people.")
    type: str | None = field("The type of its value.")
    description: str | None = field("What it does.")


@strawberry.type(description="Something that a backend can be told to do or to leave.")
class HarvestFeature:
    """A feature of a backend."""

    key: str | None = field("Its key in a source's configuration.")
    label: str | None = field("Its name for people.")
    description: str | None = field("What it does.")
    default: bool | None = field("Whether it is on unless a source says otherwise.")
    native_default: JSON | None = field("The same as the portal has it, where that is no Boolean.")


@strawberry.type(description="A further setting that a backend understands.")
class HarvestExtraConfig:
    """A setting of a backend."""

    key: str | None = field("Its key in a source's configuration.")
    label: str | None = field("Its name for people.")
    description: str | None = field("What it does.")
    default: JSON | None = field("Its value unless a source says otherwise.")


@strawberry.type(
    description="A way of harvesting: one that a portal offers, or a pair of types that its sources use."
)
class HarvestBackend(Entity):
    """A backend."""

    label: str | None = field("Its name for people.")
    protocol: Protocol = field("How it reads.")
    metadata_standard: MetadataStandard = field("The metadata standard that it reads.")
    standard_family: StandardFamily = field(
        "The family of that standard: the level at which portals compare."
    )
    filters: list[HarvestFilter] = field("The filters that it understands.")
    features: list[HarvestFeature] = field("The features that it has.")
    extra_configs: list[HarvestExtraConfig] = field("The further settings that it understands.")
    sources = pages(_SOURCE, HarvestSourceFilter, HarvestSourceOrder, "The sources that use it.")


@strawberry.type(description="A key with its value.")
class KeyValue:
    """An entry of a source's configuration."""

    key: str | None = field("The key.")
    value: JSON | None = field("The value, as the portal has it.")
    label: str | None = field("What the source's backend calls the key for people.")
    declared: bool = field("Whether the source's backend declares the key.")


@strawberry.type(description="A feature as a source has it: what its backend declares, beside what was set.")
class FeatureSetting:
    """A feature of a source's configuration."""

    key: str = field("Its key.")
    label: str | None = field("What the source's backend calls it for people.")
    enabled: bool | None = field("Whether it is on: as it is set, else as the backend does by default.")
    default: bool | None = field("Whether the backend has it on unless a source says otherwise.")
    declared: bool = field("Whether the source's backend declares it.")
    set: bool = field("Whether the source's configuration names it.")


@strawberry.type(description="How a source is harvested, as the portal was told.")
class HarvestConfig:
    """A source's configuration."""

    filters: list[KeyValue] = field(
        "What is taken in or left out.", place=configs.entries("filters", "filters")
    )
    features: JSON | None = field("The features that are set, as the portal has them.", sql=configs.features)
    feature_settings: list[FeatureSetting] = field(
        "The features that the source's backend declares, in its order, then those that only the configuration names.",
        place=configs.feature_settings,
    )
    extra_configs: list[KeyValue] = field(
        "Further settings.", place=configs.entries("extra_configs", "extraConfigs", "extra_configs")
    )
    raw: JSON | None = field("The whole configuration as the portal has it.")


@strawberry.type(description="When a source is harvested.")
class Schedule:
    """A source's schedule."""

    raw: str | None = field("As the portal says it: cron, an interval or a word.")
    cron: Cron | None = field("The same, where it is a cron expression.", sql=spans.cron)
    every_seconds: int | None = field("Seconds from one run to the next, where they are constant.")
    every: timedelta | None = field("The same as a span.", sql=spans.of_schedule)
    words: str | None = field("The same in plain English.")


@strawberry.type(description="What the portal's staff decided about a source.")
class Validation:
    """A source's validation."""

    state: ValidationState | None = field("The decision.")
    native_state: str | None = field("The portal's own word for it.")
    by: Person | None = field("Who decided.")
    on: datetime | None = field("When.")
    comment: str | None = field("Why.")


@strawberry.type(description="A remote catalogue that a portal harvests.")
class HarvestSource(Entity):
    """A source."""

    name: str | None = field("Its name.")
    slug: str | None = field("Its name in addresses.")
    description: str | None = field("What it says of itself.")
    url: URL | None = field("The address that is harvested.")
    backend: HarvestBackend | None = field("The way in which it is harvested.")
    protocol: Protocol = field("How it is read.")
    metadata_standard: MetadataStandard = field("The metadata standard that it speaks.")
    standard_family: StandardFamily = field(
        "The family of that standard: the level at which portals compare."
    )
    metadata_profile: MetadataProfile | None = field("The profile that it is validated against.")
    native_source_type: str | None = field("The portal's own word for how it is read.")
    native_schema_type: str | None = field("The portal's own word for the standard.")
    collection_parent_url: URL | None = field("The document that the others of a collection belong to.")
    config: HarvestConfig | None = field("How it is harvested, as the portal was told.", place=configs.config)
    schedule: Schedule | None = field("When it is harvested.", embedded="schedule_")
    next_run_at: datetime | None = field("When it is harvested next.")
    active: bool | None = field("Whether it is switched on.")
    auto_archive: bool | None = field("Whether datasets that it no longer lists are archived.")
    validation: Validation | None = field("What the portal's staff decided about it.", embedded="validation_")
    notification_frequency: NotificationFrequency | None = field("When its publisher is told about a run.")
    native_notification_frequency: str | None = field("The portal's own word for that.")
    notification_emails: list[str] | None = field(
        "Who is told. PRIVATE: null without a key that may read it."
    )
    created_at: datetime | None = field("When it was made.")
    organization: Organization | None = field("The publisher that it belongs to.")
    owner: Person | None = field("The person that it belongs to.")
    last_job: _JOB | None = field("Its newest run of any kind that is not planned for later.")
    consecutive_failures: int = field(
        "How many of its runs in a row ended badly (FAILED or LOST), since the last that SUCCEEDED or was PARTIAL."
        " Runs that are open or CANCELLED do not count, nor do those that clear or validate."
    )
    jobs = pages(_JOB, HarvestJobFilter, HarvestJobOrder, "Its runs.")
    records = pages(_RECORD, HarvestRecordFilter, HarvestRecordOrder, "What its runs did, record by record.")
    datasets = pages(_DATASET, DatasetFilter, DatasetOrder, "The datasets that it brought.")
