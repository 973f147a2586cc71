"""Runs: jobs, what they did with each record, what went wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.model.enums import (
    JobKind,
    JobStatus,
    PayloadState,
    RecordAction,
    RecordStatus,
    RecordType,
    Severity,
)
from harvest_graphql.entity import Entity, pages
from harvest_graphql.filters import HarvestErrorFilter, HarvestRecordFilter
from harvest_graphql.marks import field
from harvest_graphql.orders import HarvestErrorOrder, HarvestRecordOrder
from harvest_graphql.plan import computed, payloads, spans
from harvest_graphql.scalars import JSON, URL
from harvest_graphql.sources import HarvestSource

if TYPE_CHECKING:
    from harvest_graphql.datasets import Dataset

_RECORD = Annotated["HarvestRecord", strawberry.lazy("harvest_graphql.runs")]
_ERROR = Annotated["HarvestError", strawberry.lazy("harvest_graphql.runs")]
_DATASET = Annotated["Dataset", strawberry.lazy("harvest_graphql.datasets")]


@strawberry.type(
    description="What a run counted. Null where the portal does not say; the portals do not count the same things."
)
class JobCounts:
    """The counters of a run."""

    total: int | None = field("Records that it looked at.")
    succeeded: int | None = field("Records that were processed.")
    added: int | None = field("Records that were new.")
    updated: int | None = field("Records that had changed.")
    deleted: int | None = field("Records that the source no longer lists, removed.")
    archived: int | None = field("Records that the source no longer lists, archived.")
    skipped: int | None = field("Records that were left out on purpose.")
    unchanged: int | None = field("Records that had not changed.")
    failed: int | None = field("Records that could not be processed.")
    warned: int | None = field("Records that were accepted with warnings.")
    validated: int | None = field("Records that were valid.")
    pending: int | None = field("Records that were not done yet.")
    datasets: int | None = field("Records that were datasets.")
    dataservices: int | None = field("Records that were data services.")


@strawberry.type(description="One run of a source.")
class HarvestJob(Entity):
    """A job."""

    source: HarvestSource = field("The source that was harvested.")
    status: JobStatus = field("Where it stands.")
    native_status: str | None = field("The portal's own word for that.")
    kind: JobKind = field("What it was asked to do.")
    native_kind: str | None = field("The portal's own word for that.")
    created_at: datetime | None = field("When it was asked for.")
    started_at: datetime | None = field("When it began.")
    ended_at: datetime | None = field("When it ended.")
    duration_seconds: float | None = field("How long it took, in seconds.", sql=computed.duration_seconds)
    duration: timedelta | None = field("The same as a span.", sql=spans.of_run)
    counts: JobCounts = field("What it counted.", embedded="")
    catalog: JSON | None = field("What the harvested catalogue says of itself, where the portal kept that.")
    records = pages(_RECORD, HarvestRecordFilter, HarvestRecordOrder, "What it did, record by record.")
    errors = pages(
        _ERROR,
        HarvestErrorFilter,
        HarvestErrorOrder,
        "What went wrong, in the run itself and in its records.",
    )


@strawberry.type(
    description="What the publisher sent about a record, or what the portal made of that."
    f" {payloads.CAVEAT} `caveat` says so where it applies."
)
class Payload:
    """A payload: read out of the portal's document, or asked for by itself."""

    id: strawberry.ID = field("The id of its bytes, below `/payloads/`.")
    state: PayloadState = field("Whether it can be read here.")
    media_type: str | None = field(
        "What it is: as the portal said where it was asked for by itself, else what its text looks like.",
    )
    bytes: int | None = field("Length of its text in bytes of UTF-8.", sql=payloads.size)
    sha256: str | None = field("SHA-256 of its text in UTF-8, in hexadecimal.", sql=payloads.digest)
    text: str | None = field("Its text. A character that no database holds (NUL) is replaced by U+FFFD.")
    json: JSON | None = field("The same as JSON, null where it is none.", sql=payloads.json)
    caveat: str | None = field("What one must know before comparing it byte for byte.", sql=payloads.caveat)
    download: URL | None = field(
        "The path below the gateway's address at which its bytes are handed out as a file, fetched first where"
        " `state` is NOT_FETCHED and the portal allows it; null where the portal says that there is none.",
        sql=payloads.download,
    )
    href: URL | None = field("Where the publisher offers it, where the portal tells.")


@strawberry.type(description="A line of a record's log.")
class HarvestLog:
    """A line of a log."""

    position: int = field("Its place, from 0.")
    level: Severity = field("How bad it is.")
    native_level: str | None = field("The portal's own word for that.")
    message: str | None = field("What it says.")


@strawberry.type(description="What one run did with one record of its source.")
class HarvestRecord(Entity):
    """A record."""

    job: HarvestJob = field("The run.")
    source: HarvestSource = field("The source that was harvested.")
    remote_id: str | None = field("The record's id at its publisher.")
    remote_url: URL | None = field("The record's address at its publisher.")
    record_type: RecordType | None = field("What it describes.")
    native_record_type: str | None = field("The portal's own word for that.")
    status: RecordStatus = field("What became of it.")
    native_status: str | None = field("The portal's own word for that.")
    action: RecordAction | None = field("What the run did, or meant to do.")
    native_action: str | None = field("The portal's own word for that.")
    created_at: datetime | None = field("When the run came to it.")
    started_at: datetime | None = field("When it was begun.")
    ended_at: datetime | None = field("When it was done.")
    hash: str | None = field("The portal's fingerprint of the publisher's payload.")
    catalog_id: str | None = field("Its id in the portal's catalogue.")
    catalog_name: str | None = field("Its name in the portal's catalogue.")
    parent_identifier: str | None = field("The remote id of the record that it belongs to.")
    args: list[str] | None = field("Positional values that the portal's harvester was called with.")
    kwargs: JSON | None = field("Named values that the portal's harvester was called with.")
    position: int | None = field("Its place in the run, from 0, where the portal lists records by place.")
    dataset: _DATASET | None = field("The dataset that it is about, whatever became of it.")
    raw: Payload | None = field("What the publisher sent.", place=payloads.payload(payloads.RAW))
    transformed: Payload | None = field(
        "What the portal made of it, as compact JSON with sorted keys.",
        place=payloads.payload(payloads.TRANSFORMED),
    )
    errors = pages(_ERROR, HarvestErrorFilter, HarvestErrorOrder, "What went wrong with it.")
    logs: list[HarvestLog] = field("What the portal's harvester noted about it.")


@strawberry.type(
    description="Something that went wrong: in a run itself where `record` is null, else in that record."
)
class HarvestError(Entity):
    """An error."""

    job: HarvestJob | None = field("The run.")
    record: HarvestRecord | None = field("The record; null where the run itself went wrong.")
    severity: Severity = field("How bad it is.")
    native_severity: str | None = field("The portal's own word for that.")
    native_type: str | None = field("The portal's own class of error.")
    message: str | None = field("What the portal says.")
    created_at: datetime | None = field("When it happened.")
    position: int | None = field(
        "Its place among the errors of its record or run, where the portal lists them by place."
    )
