"""Datasets: what became of what was harvested."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from gateway.model.enums import DatasetState, RecordType
from harvest_graphql.entity import Entity, pages
from harvest_graphql.filters import HarvestRecordFilter
from harvest_graphql.marks import field
from harvest_graphql.orders import HarvestRecordOrder
from harvest_graphql.runs import HarvestJob, HarvestRecord
from harvest_graphql.scalars import URL
from harvest_graphql.sources import HarvestSource

_DATASET = Annotated["Dataset", strawberry.lazy("harvest_graphql.datasets")]


@strawberry.type(description="A dataset or data service, as its newest record tells it.")
class Dataset(Entity):
    """A dataset."""

    state: DatasetState = field("What the newest complete knowledge says of it.")
    state_basis: str | None = field("Why, in a sentence.")
    state_job: HarvestJob | None = field("The run that the state rests on.")
    title: str | None = field("Its title.")
    description: str | None = field("What it says of itself.")
    record_type: RecordType = field("What it is.")
    remote_id: str | None = field("Its id at its publisher.")
    remote_url: URL | None = field("Its address at its publisher.")
    acronym: str | None = field("Its short name.")
    api_url: URL | None = field("Its address in the portal's interface.")
    source: HarvestSource | None = field("The source that brings it.")
    latest_record: HarvestRecord | None = field(
        "The record that speaks for it: the newest that published it."
    )
    parent: _DATASET | None = field("The dataset that it belongs to.")
    parent_identifier: str | None = field("The remote id of that dataset.")
    modified_at: datetime | None = field("When its publisher last changed it, as the metadata say.")
    publisher: str | None = field("The publisher that the metadata name.")
    keywords: list[str] | None = field("Keywords.")
    license: str | None = field("Its licence, as the metadata say.")
    landing_page: URL | None = field("Its page for people at its publisher.")
    records = pages(
        HarvestRecord, HarvestRecordFilter, HarvestRecordOrder, "What runs did with it, over time."
    )
