"""What Data.gov's elements say where they are as the documentation has them, and what a payload is part of."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.data_gov import ADAPTER
from gateway.model import enums
from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import (
    Dataset,
    Entity,
    HarvestError,
    HarvestJob,
    HarvestRecord,
    HarvestSource,
    Organization,
)
from gateway.model.enums import EntityType
from gateway.model.mapping import Clock

FETCH = Fetch("/harvest_record/record-1", None, datetime(2026, 11, 22, tzinfo=UTC), b"page")
SOURCE = {
    "id": "source-1",
    "name": "Harbours",
    "url": "https://example.gov/data.json",
    "organization_id": "organization-1",
    "frequency": "daily",
    "schema_type": "dcatus1.1: federal",
    "source_type": "document",
    "notification_emails": ["data@example.gov"],
    "notification_frequency": "on_error",
}
JOB = {
    "id": "job-1",
    "harvest_source_id": "source-1",
    "status": "complete",
    "date_created": "2026-04-29T06:00:00.000Z",
    "date_finished": "2026-04-29T06:05:23.000Z",
    "records_added": 42,
    "records_updated": 156,
    "records_deleted": 3,
    "records_errored": 2,
}
RECORD = {
    "id": "record-1",
    "identifier": "https://example.gov/id/dataset/7",
    "status": "error",
    "action": "update",
    "date_created": "2026-04-29T06:02:45.000Z",
    "date_finished": None,
    "harvest_job_id": "job-1",
    "harvest_source_id": "source-1",
    "source_hash": "cd" * 32,
    "ckan_id": "abc123",
    "ckan_name": "example-dataset",
    "parent_identifier": None,
}
ERROR = {
    "id": "error-1",
    "harvest_job_id": "job-1",
    "harvest_record_id": "record-1",
    "date_created": "2026-04-29T06:03:12.000Z",
    "type": "validation_error",
    "message": "The title is missing",
}


def said(type_: EntityType, element: dict[str, Any]) -> list[Entity | Rejection]:
    return list(ADAPTER.normalise(Document.of(type_, "id", json.dumps(element).encode(), FETCH)))


def record(**changes: Any) -> tuple[HarvestRecord, Dataset]:
    """Return a record with its type, and its dataset."""
    found, dataset = said(EntityType.HARVEST_RECORD, {**RECORD, "record_type": "dataset", **changes})
    assert isinstance(found, HarvestRecord)
    assert isinstance(dataset, Dataset)
    return found, dataset


def test_a_record_is_of_a_dataset_that_cannot_be_named() -> None:
    assert said(EntityType.HARVEST_RECORD, RECORD) == [
        HarvestRecord(
            native_id="record-1",
            job="job-1",
            source="source-1",
            remote_id="https://example.gov/id/dataset/7",
            record_type=enums.RecordType.DATASET,
            wire_status=enums.RecordStatus.FAILED,
            native_status="error",
            action=enums.RecordAction.UPDATE,
            native_action="update",
            created_at=datetime(2026, 4, 29, 6, 2, 45, tzinfo=UTC),
            hash="cd" * 32,
            catalog_id="abc123",
            catalog_name="example-dataset",
        )
    ]


def test_the_portals_own_parent_is_read() -> None:
    (found,) = said(EntityType.HARVEST_RECORD, {**RECORD, "parent_identifier": "collection"})
    assert isinstance(found, HarvestRecord)
    assert found.parent_identifier == "collection"


def test_a_job_has_four_counters_and_no_kind() -> None:
    assert said(EntityType.HARVEST_JOB, JOB) == [
        HarvestJob(
            native_id="job-1",
            source="source-1",
            wire_status=enums.JobStatus.PARTIAL,
            native_status="complete",
            created_at=datetime(2026, 4, 29, 6, tzinfo=UTC),
            started_at=datetime(2026, 4, 29, 6, tzinfo=UTC),
            ended_at=datetime(2026, 4, 29, 6, 5, 23, tzinfo=UTC),
            added=42,
            updated=156,
            deleted=3,
            failed=2,
        )
    ]


@pytest.mark.parametrize("of", [{"harvest_record_id": "record-1"}, {"harvest_record_id": None}, {}])
def test_an_error_is_of_a_record_or_of_the_job_and_has_no_severity(of: dict[str, Any]) -> None:
    element = {key: value for key, value in ERROR.items() if key != "harvest_record_id"}
    assert said(EntityType.HARVEST_ERROR, {**element, **of}) == [
        HarvestError(
            native_id="error-1",
            job="job-1",
            record=of.get("harvest_record_id"),
            severity=enums.Severity.ERROR,
            native_type="validation_error",
            message="The title is missing",
            created_at=datetime(2026, 4, 29, 6, 3, 12, tzinfo=UTC),
        )
    ]


def test_sources_and_organizations_lack_what_came_later() -> None:
    found, backend = said(EntityType.HARVEST_SOURCE, SOURCE)
    assert isinstance(found, HarvestSource)
    assert (found.collection_parent_url, found.native, found.native_notification_frequency) == (
        None,
        None,
        "on_error",
    )
    assert found.backend == getattr(backend, "native_id", None) == "document/dcatus1.1: federal"
    assert said(EntityType.ORGANIZATION, {"id": "o", "name": "O", "source_count": 5}) == [
        Organization(native_id="o", name="O", native_source_count=5)
    ]


@pytest.mark.parametrize(
    ("whole", "identifier"),
    [
        ("collection", "collection"),
        ({"identifier": "collection", "@id": "other"}, "collection"),
        ({"@id": "collection"}, "collection"),
        ({"identifier": {"@id": "collection"}}, "collection"),
        ({"identifier": None, "@id": "collection"}, "collection"),
        (["collection", "other"], "collection"),
        (["", None, {"title": "no id"}, {"@id": "collection"}, "other"], "collection"),
        ([{"identifier": {"@id": "collection"}}], "collection"),
        ("\0part", "\N{REPLACEMENT CHARACTER}part"),
        ([{"identifier": {"@id": "\0part"}}], "\N{REPLACEMENT CHARACTER}part"),
        ("", None),
        ([], None),
        ({}, None),
        (None, None),
        (7, None),
        ([[[[["too deep"]]]]], None),
    ],
)
def test_a_payload_says_what_its_dataset_is_part_of(whole: Any, identifier: str | None) -> None:
    text = json.dumps({"title": "Piers", "isPartOf": whole})
    assert [one.parent_identifier for one in record(source_raw=text)] == [identifier] * 2
    assert [one.parent_identifier for one in record(source_raw=text, parent_identifier="own")] == ["own"] * 2
    assert record(source_raw=text)[0].native is None


def test_a_transformed_payload_says_it_too() -> None:
    found = record(source_raw="<MD_Metadata/>", source_transform={"isPartOf": "collection"})
    assert [one.parent_identifier for one in found] == ["collection"] * 2


def test_a_record_without_a_dataset_can_be_part_of_something() -> None:
    changes = {"action": None, "source_raw": '{"isPartOf": "collection"}'}
    (found,) = said(EntityType.HARVEST_RECORD, {**RECORD, **changes})
    assert isinstance(found, HarvestRecord)
    assert (found.dataset, found.parent_identifier) == (None, "collection")


def test_every_instant_says_whose_clock_it_is() -> None:
    for table in ADAPTER.tables.values():
        for rule in table.rules:
            assert rule.clock is (Clock.UTC_ASSUMED if rule.field.endswith("_at") else None), rule.field
