"""What Data.gov's jobs say in the common model, with their counters and dates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from gov_elements import JOB, entities, job

from gateway.model import enums
from gateway.model.entities import HarvestJob
from gateway.model.enums import EntityType


def test_a_job_with_errored_records_is_partial() -> None:
    found = job()
    assert found.wire_status is enums.JobStatus.PARTIAL
    assert found.native_status == "complete"
    assert found.source == "source-1"
    assert (found.total, found.added, found.updated, found.deleted) == (1232, 30, 52, 15)
    assert (found.unchanged, found.failed, found.warned, found.validated) == (1126, 9, 0, 82)
    assert (found.succeeded, found.archived, found.skipped, found.pending) == (None, None, None, None)
    assert (found.datasets, found.dataservices) == (None, None)
    assert found.created_at == found.started_at == datetime(2026, 11, 7, 19, 12, 19, tzinfo=UTC)
    assert found.ended_at == datetime(2026, 11, 7, 19, 13, 20, tzinfo=UTC)
    assert found.native is None


@pytest.mark.parametrize(
    ("word", "errored", "status"),
    [
        ("new", 0, enums.JobStatus.PENDING),
        ("in_progress", 3, enums.JobStatus.RUNNING),
        ("complete", 0, enums.JobStatus.SUCCEEDED),
        ("complete", None, enums.JobStatus.SUCCEEDED),
        ("complete", 1, enums.JobStatus.PARTIAL),
        ("error", 1, enums.JobStatus.FAILED),
        ("paused", 1, enums.JobStatus.UNKNOWN),
        (None, 1, enums.JobStatus.UNKNOWN),
        (["complete"], 1, enums.JobStatus.UNKNOWN),
    ],
)
def test_job_words(word: Any, errored: Any, status: enums.JobStatus) -> None:
    found = job(status=word, records_errored=errored)
    assert found.wire_status is status
    assert found.native_status == (word if isinstance(word, str) else None)


def test_a_new_job_has_not_started() -> None:
    assert job(status="new", date_finished=None).started_at is None


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("harvest", enums.JobKind.HARVEST),
        ("force_harvest", enums.JobKind.FORCE_HARVEST),
        ("clear", enums.JobKind.CLEAR),
        ("validate", enums.JobKind.VALIDATE),
        ("purge", enums.JobKind.UNKNOWN),
        (None, enums.JobKind.UNKNOWN),
    ],
)
def test_job_kinds_keep_the_portals_word(word: Any, kind: enums.JobKind) -> None:
    found = job(job_type=word)
    assert (found.kind, found.native_kind) == (kind, word)


def test_the_catalogs_own_metadata_is_kept() -> None:
    assert job(dcatus_catalog={"@type": "Catalog"}).catalog == {"@type": "Catalog"}
    assert job(dcatus_catalog="text").catalog is None


def test_counters_of_the_wrong_type_are_unknown() -> None:
    found = job(records_added="3", records_updated=True, records_deleted=2**40, records_errored=1.5)
    assert (found.added, found.updated, found.deleted, found.failed) == (None, None, None, None)


def test_missing_counters_are_unknown() -> None:
    element = {key: value for key, value in JOB.items() if not key.startswith("records_")}
    (found,) = entities(EntityType.HARVEST_JOB, element)
    assert isinstance(found, HarvestJob)
    assert (found.total, found.added, found.unchanged) == (None, None, None)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Sat, 07 Nov 2026 19:12:19 GMT", datetime(2026, 11, 7, 19, 12, 19, tzinfo=UTC)),
        ("7 Nov 2026 19:12:19 +0200", datetime(2026, 11, 7, 17, 12, 19, tzinfo=UTC)),
        ("2026-04-29T06:00:00.000Z", datetime(2026, 4, 29, 6, tzinfo=UTC)),
        ("2026-04-29T06:00:00.123456", datetime(2026, 4, 29, 6, 0, 0, 123456, tzinfo=UTC)),
        ("2026-04-29T06:00:00+02:00", datetime(2026, 4, 29, 4, tzinfo=UTC)),
        ("Sat, 07 Foo 2026 19:12:19 GMT", None),
        ("Sat, 47 Nov 2026 19:12:19 GMT", None),
        ("yesterday", None),
        ("", None),
        (1700000000, None),
        (None, None),
        ("0001-01-01T00:00:00+05:00", None),
    ],
)
def test_both_forms_of_dates_are_read(word: Any, expected: datetime | None) -> None:
    assert job(date_created=word).created_at == expected
