from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from udata_elements import DATASERVICE, DATASET, ITEM, JOB, item, one, said

from adapters.data_gouv_fr import wire
from gateway.model.document import Rejection
from gateway.model.entities import (
    Dataset,
    HarvestError,
    HarvestJob,
    HarvestRecord,
)
from gateway.model.enums import (
    EntityType,
    JobKind,
    JobStatus,
    RecordAction,
    RecordStatus,
    RecordType,
    Severity,
)


def test_a_job() -> None:
    assert one(EntityType.HARVEST_JOB, JOB, parent="650000000000000000000005") == HarvestJob(
        native_id="650000000000000000000004",
        source="650000000000000000000005",
        wire_status=JobStatus.PARTIAL,
        native_status="done-errors",
        kind=JobKind.HARVEST,
        created_at=datetime(2026, 11, 20, 0, 59, 10, tzinfo=UTC),
        started_at=datetime(2026, 11, 20, 0, 59, 10, 12000, tzinfo=UTC),
        ended_at=datetime(2026, 11, 20, 1, 5, 52, 800000, tzinfo=UTC),
        total=1990,
        succeeded=1580,
        archived=104,
        skipped=110,
        failed=156,
        pending=40,
        datasets=1514,
        dataservices=170,
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pending", JobStatus.PENDING),
        ("initializing", JobStatus.PENDING),
        ("initialized", JobStatus.RUNNING),
        ("processing", JobStatus.RUNNING),
        ("done", JobStatus.SUCCEEDED),
        ("done-errors", JobStatus.PARTIAL),
        ("failed", JobStatus.FAILED),
        ("resting", JobStatus.UNKNOWN),
        (None, JobStatus.UNKNOWN),
    ],
)
def test_job_statuses(word: str | None, status: JobStatus) -> None:
    found = one(EntityType.HARVEST_JOB, {**JOB, "status": word})
    assert (found.wire_status, found.native_status) == (status, word)


def test_a_job_without_counters_counts_nothing_not_zero() -> None:
    items = {**JOB["items"], "by_status": {}, "by_type": {}, "total": 0}  # type: ignore[dict-item]
    found = one(EntityType.HARVEST_JOB, {**JOB, "items": items})
    counts = (found.total, found.succeeded, found.archived, found.skipped, found.failed, found.pending)
    assert counts == (None,) * 6
    assert (found.datasets, found.dataservices) == (None, None)


def test_the_source_of_a_job_is_the_one_whose_list_held_it() -> None:
    assert one(EntityType.HARVEST_JOB, {**JOB, "source": "A name"}, parent="s").source == "s"
    assert (
        one(EntityType.HARVEST_JOB, {**JOB, "source": {"class": "NoneType", "id": None}}, parent="s").source
        == "s"
    )
    assert one(EntityType.HARVEST_JOB, {**JOB, "source": "A name"}).source is None


def test_errors_of_a_job_have_their_place_and_no_stack_trace() -> None:
    errors = [
        {"created_at": "2026-11-19T21:59:16+00:00", "details": "Traceback …", "message": "Max retries"},
        {"created_at": None, "details": None, "message": None},
    ]
    job, first, second = said(EntityType.HARVEST_JOB, {**JOB, "errors": errors}, parent="s")
    assert isinstance(job, HarvestJob)
    assert first == HarvestError(
        native_id=f"{JOB['id']}/e0",
        job=str(JOB["id"]),
        severity=Severity.ERROR,
        message="Max retries",
        created_at=datetime(2026, 11, 19, 21, 59, 16, tzinfo=UTC),
        position=0,
    )
    assert (second.native_id, second.native) == (f"{JOB['id']}/e1", None)  # type: ignore[union-attr]


def test_an_error_that_is_none_is_rejected_alone() -> None:
    job, bad, good = said(EntityType.HARVEST_JOB, {**JOB, "errors": ["oops", {"message": "m"}]})
    assert isinstance(job, HarvestJob)
    assert isinstance(bad, Rejection)
    assert (bad.type, bad.body, bad.native_id) == (EntityType.HARVEST_ERROR, b"oops", f"{JOB['id']}/e0")
    assert isinstance(good, HarvestError)


def test_an_item() -> None:
    record, dataset = item()
    assert record == HarvestRecord(
        native_id="job/3",
        job="job",
        dataset="650000000000000000000006",
        remote_id="rives-17",
        remote_url="https://rives.example.fr/fiche/17",
        record_type=RecordType.DATASET,
        wire_status=RecordStatus.SUCCEEDED,
        native_status="done",
        created_at=datetime(2026, 11, 20, 0, 59, 12, tzinfo=UTC),
        started_at=datetime(2026, 11, 20, 0, 59, 12, 7000, tzinfo=UTC),
        ended_at=datetime(2026, 11, 20, 0, 59, 12, 187000, tzinfo=UTC),
        args=("a", "0"),
        kwargs={"nested": {"x": 1}, "page": 0},
        logs=[
            {"position": 0, "level": "WARNING", "nativeLevel": "WARNING", "message": "Unknown license"},
            {"position": 1, "level": "ERROR", "nativeLevel": "CRITICAL", "message": "no"},
        ],
        position=3,
    )
    assert dataset == Dataset(
        native_id="650000000000000000000006",
        record_type=RecordType.DATASET,
        title="Zones humides",
        acronym="ACR",
        portal_url="https://www.data.gouv.fr/datasets/zones-humides",
        api_url="https://www.data.gouv.fr/api/1/datasets/zones-humides/",
        remote_id="rives-17",
        remote_url="https://rives.example.fr/fiche/17",
    )


def test_an_item_of_a_data_service() -> None:
    record, service = item(dataset=None, dataservice=DATASERVICE)
    assert isinstance(record, HarvestRecord)
    assert isinstance(service, Dataset)
    assert (record.record_type, record.dataset) == (RecordType.DATA_SERVICE, DATASERVICE["id"])
    assert service.record_type is RecordType.DATA_SERVICE
    assert service.portal_url == DATASERVICE["self_web_url"]
    assert service.api_url == DATASERVICE["self_api_url"]
    assert service.native is None


def test_an_item_of_nothing_has_no_dataset() -> None:
    (record,) = item(dataset=None, remote_id=None, remote_url=None)
    assert isinstance(record, HarvestRecord)
    assert (record.record_type, record.dataset, record.remote_id) == (None, None, None)


@pytest.mark.parametrize(
    ("word", "status", "action"),
    [
        ("pending", RecordStatus.PENDING, None),
        ("started", RecordStatus.PENDING, None),
        ("done", RecordStatus.SUCCEEDED, None),
        ("skipped", RecordStatus.SKIPPED, None),
        ("failed", RecordStatus.FAILED, None),
        ("archived", RecordStatus.ARCHIVED, RecordAction.ARCHIVE),
        ("resting", RecordStatus.UNKNOWN, None),
    ],
)
def test_item_statuses(word: str, status: RecordStatus, action: RecordAction | None) -> None:
    record = item(status=word)[0]
    assert isinstance(record, HarvestRecord)
    assert (record.wire_status, record.native_status, record.action) == (status, word, action)


def test_errors_of_an_item_name_their_record() -> None:
    error = item(errors=[{"created_at": "2026-11-20T00:59:12.991000+00:00", "details": "T", "message": "m"}])[
        -1
    ]
    assert error == HarvestError(
        native_id="job/3/e0",
        job="job",
        record="job/3",
        severity=Severity.ERROR,
        message="m",
        created_at=datetime(2026, 11, 20, 0, 59, 12, 991000, tzinfo=UTC),
        position=0,
    )


def test_an_item_without_its_address_finds_it_in_its_name() -> None:
    record = said(EntityType.HARVEST_RECORD, ITEM, native_id="job/12")[0]
    assert isinstance(record, HarvestRecord)
    assert (record.job, record.position) == ("job", 12)


def test_nul_is_replaced_everywhere() -> None:
    record, dataset = item(remote_id="a\0b", kwargs={"k\0": ["\0"]}, dataset={**DATASET, "title": "\0"})
    assert isinstance(record, HarvestRecord)
    assert isinstance(dataset, Dataset)
    assert (record.remote_id, record.kwargs, dataset.title) == ("a\ufffdb", {"k\ufffd": ["\ufffd"]}, "\ufffd")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20T00:59:10+00:00", datetime(2026, 11, 20, 0, 59, 10, tzinfo=UTC)),
        ("2026-11-20T00:59:10.775505+00:00", datetime(2026, 11, 20, 0, 59, 10, 775505, tzinfo=UTC)),
        ("2026-11-20T00:59:10.012000", datetime(2026, 11, 20, 0, 59, 10, 12000, tzinfo=UTC)),
        ("2026-11-20T01:59:10+01:00", datetime(2026, 11, 20, 0, 59, 10, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (1732060750, None),
        (None, None),
    ],
)
def test_instants(text: Any, instant: datetime | None) -> None:
    record = item(created=text)[0]
    assert isinstance(record, HarvestRecord)
    assert record.created_at == instant


def test_page_sizes_divide_one_another() -> None:
    sizes = wire.ITEMS_PAGES
    assert sizes[0] == wire.ITEMS_PAGE
    assert sizes[-1] == 1
    assert all(large % small == 0 for large, small in pairwise(sizes))
