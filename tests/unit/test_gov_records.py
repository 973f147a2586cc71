"""What Data.gov's records and errors say in the common model, and which dataset a record names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from gov_elements import RECORD, dataset, entities, record

from gateway.model import enums
from gateway.model.entities import HarvestError, HarvestRecord
from gateway.model.enums import EntityType
from gateway.model.identity import dataset_id


def test_a_record_names_its_dataset() -> None:
    found = record()
    assert found.dataset == dataset_id("source-1", "dataset", RECORD["identifier"] or "")
    assert dataset().native_id == found.dataset
    assert (found.job, found.source, found.remote_id) == ("job-1", "source-1", RECORD["identifier"])
    assert found.wire_status is enums.RecordStatus.SUCCEEDED
    assert found.action is enums.RecordAction.CREATE
    assert found.hash == "ab" * 32
    assert (found.args, found.kwargs, found.position, found.logs) == (None, None, None, ())
    assert (found.remote_url, found.started_at, found.native) == (None, None, None)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("success", enums.RecordStatus.SUCCEEDED),
        ("error", enums.RecordStatus.FAILED),
        ("dataset_pending", enums.RecordStatus.UNPUBLISHED),
        (None, enums.RecordStatus.PENDING),
        ("queued", enums.RecordStatus.UNKNOWN),
        (7, enums.RecordStatus.UNKNOWN),
    ],
)
def test_record_words(word: Any, status: enums.RecordStatus) -> None:
    assert record(status=word).wire_status is status


def test_a_delete_carries_another_rows_date() -> None:
    found = record(action="delete", date_finished="Sat, 31 Oct 2026 18:57:31 GMT")
    assert found.ended_at is None
    assert found.native == {"date_finished": "Sat, 31 Oct 2026 18:57:31 GMT"}
    assert record().ended_at == datetime(2026, 11, 7, 19, 12, 36, tzinfo=UTC)
    assert record(action="delete", date_finished=None).native is None


def test_a_delete_has_a_dataset_without_text() -> None:
    found = dataset(action="delete")
    assert (found.title, found.description, found.keywords, found.modified_at) == (None, None, None, None)
    assert found.source == "source-1"
    assert found.remote_id == RECORD["identifier"]


@pytest.mark.parametrize(
    "changes",
    [{"action": None}, {"identifier": None}, {"harvest_source_id": None}, {"action": "merge"}],
)
def test_no_dataset_without_an_action_and_a_triple(changes: dict[str, Any]) -> None:
    (found,) = entities(EntityType.HARVEST_RECORD, {**RECORD, **changes})
    assert isinstance(found, HarvestRecord)
    assert found.dataset is None


def test_an_unknown_action_keeps_its_word() -> None:
    found = record(action="merge")
    assert (found.action, found.native_action) == (None, "merge")


def test_the_record_type_is_part_of_the_identity() -> None:
    series = record(record_type="data_series")
    assert series.record_type is enums.RecordType.DATA_SERIES
    assert series.dataset != record().dataset
    assert record(record_type=None) == replace(record(), native_record_type=None)


def test_the_published_documentations_record_is_read() -> None:
    found = record(ckan_id="abc123", ckan_name="example-dataset", date_finished="2026-04-29T06:02:47.000Z")
    assert (found.catalog_id, found.catalog_name) == ("abc123", "example-dataset")
    assert found.ended_at == datetime(2026, 4, 29, 6, 2, 47, tzinfo=UTC)


def test_the_payload_is_never_copied_to_native() -> None:
    assert record(source_raw="{}", source_transform={}, novelty=1).native == {"novelty": 1}


def test_errors() -> None:
    element = {
        "id": "error-1",
        "harvest_job_id": "job-1",
        "harvest_record_id": None,
        "severity": "warning",
        "type": "duplicate_keyword",
        "message": "twice",
        "date_created": "Sat, 07 Nov 2026 19:12:42 GMT",
    }
    (found,) = entities(EntityType.HARVEST_ERROR, element)
    assert found == HarvestError(
        native_id="error-1",
        job="job-1",
        severity=enums.Severity.WARNING,
        native_severity="warning",
        native_type="duplicate_keyword",
        message="twice",
        created_at=datetime(2026, 11, 7, 19, 12, 42, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("word", "severity"),
    [("error", "ERROR"), ("warning", "WARNING"), ("fatal", "UNKNOWN"), (None, "ERROR")],
)
def test_severities(word: Any, severity: str) -> None:
    (found,) = entities(EntityType.HARVEST_ERROR, {"id": "e", "severity": word})
    assert isinstance(found, HarvestError)
    assert (found.severity, found.native_severity) == (severity, word)
