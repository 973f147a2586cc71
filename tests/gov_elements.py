"""Elements as Data.gov gives them, and what the adapter says of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from adapters.data_gov import ADAPTER
from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import Dataset, Entity, HarvestJob, HarvestRecord
from gateway.model.enums import EntityType

FETCH = Fetch("/harvest_records/", None, datetime(2026, 11, 22, tzinfo=UTC), b"page")
JOB = {
    "date_created": "Sat, 07 Nov 2026 19:12:19 GMT",
    "date_finished": "Sat, 07 Nov 2026 19:13:20 GMT",
    "dcatus_catalog": None,
    "harvest_source_id": "source-1",
    "id": "job-1",
    "job_type": "harvest",
    "records_added": 30,
    "records_deleted": 15,
    "records_errored": 9,
    "records_ignored": 1126,
    "records_total": 1232,
    "records_updated": 52,
    "records_validated": 82,
    "records_warned": 0,
    "status": "complete",
}
RECORD = {
    "action": "create",
    "ckan_id": None,
    "date_created": "Sat, 07 Nov 2026 19:12:35 GMT",
    "date_finished": "Sat, 07 Nov 2026 19:12:36 GMT",
    "harvest_job_id": "job-1",
    "harvest_source_id": "source-1",
    "id": "record-1",
    "identifier": "https://example.gov/id/1, with a comma",
    "parent_identifier": None,
    "record_type": "dataset",
    "source_hash": "ab" * 32,
    "source_raw": None,
    "source_transform": None,
    "status": "success",
}
SOURCE = {
    "collection_parent_url": None,
    "frequency": "weekly",
    "id": "source-1",
    "name": "Example",
    "notification_emails": ["data@example.gov"],
    "notification_frequency": "on_error_or_update",
    "organization_id": "organization-1",
    "schema_type": "dcatus1.1: non-federal",
    "source_type": "document",
    "url": "https://example.gov/data.json",
}
PAYLOAD = {
    "title": "Parking",
    "description": "Where to park.",
    "publisher": {"name": "City"},
    "keyword": ["parking", "cars"],
    "license": "https://example.gov/license",
    "landingPage": "https://example.gov/parking",
    "modified": "2025-11-27T12:00:00-05:00",
}


def entities(type_: EntityType, element: Any) -> list[Entity | Rejection]:
    body = element if isinstance(element, bytes) else json.dumps(element).encode()
    return list(ADAPTER.normalise(Document.of(type_, "id", body, FETCH)))


def job(**changes: Any) -> HarvestJob:
    (found,) = entities(EntityType.HARVEST_JOB, {**JOB, **changes})
    assert isinstance(found, HarvestJob)
    return found


def record(**changes: Any) -> HarvestRecord:
    found = entities(EntityType.HARVEST_RECORD, {**RECORD, **changes})[0]
    assert isinstance(found, HarvestRecord)
    return found


def dataset(**changes: Any) -> Dataset:
    _, found = entities(EntityType.HARVEST_RECORD, {**RECORD, **changes})
    assert isinstance(found, Dataset)
    return found


def raw(**changes: Any) -> Dataset:
    return dataset(source_raw=json.dumps({**PAYLOAD, **changes}))
