"""Items of old portals and of previews: what they are about comes in full, errors come with a level."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from udata_elements import ITEM, JOB, item, one, said

from gateway.model.document import Rejection
from gateway.model.entities import Dataset, HarvestError, HarvestJob, HarvestRecord
from gateway.model.enums import EntityType, RecordType, Severity

PUBLISHER = {
    "acronym": "ARS",
    "badges": [{"kind": "certified"}],
    "class": "Organization",
    "id": "650000000000000000000011",
    "logo": "https://static.example/ars.png",
    "name": "Agence des rives",
    "page": "https://www.data.gouv.fr/organizations/ars",
    "slug": "ars",
}
CONTACT = {"email": "claire@rives.example.fr", "id": "c1", "name": "Claire", "organization": PUBLISHER}
FULL_SERVICE = {
    "acronym": "GDR",
    "archived_at": None,
    "authorization_request_url": "https://rives.example.fr/acces",
    "availability": "99.5",
    "base_api_url": "https://api.rives.example.fr",
    "contact_point": CONTACT,
    "created_at": "2024-02-03T04:05:06.007000+00:00",
    "datasets": [{"class": "Dataset", "id": "d1", "title": "Rives"}],
    "deleted_at": None,
    "description": "Les rives, **par** commune",
    "endpoint_description_url": "https://api.rives.example.fr/doc",
    "format": "REST",
    "harvest": {
        "backend": "DCAT",
        "domain": "rives.example.fr",
        "remote_id": "rives-api",
        "remote_url": "https://rives.example.fr/api",
        "source_id": "650000000000000000000003",
    },
    "has_token": True,
    "id": "650000000000000000000012",
    "is_restricted": False,
    "license": "lov2",
    "metadata_modified_at": "2024-09-10T11:12:13+00:00",
    "organization": PUBLISHER,
    "owner": None,
    "permissions": {"edit": True},
    "private": False,
    "rate_limiting": "10/s",
    "self_api_url": "https://www.data.gouv.fr/api/1/dataservices/rives/",
    "self_web_url": "https://www.data.gouv.fr/dataservices/rives/",
    "slug": "rives",
    "tags": ["eau", "rives"],
    "title": "API des rives",
}
FULL_DATASET = {
    "acronym": None,
    "contact_point": CONTACT,
    "created_at": "2024-02-03T04:05:06+00:00",
    "description": "Berges",
    "frequency": "unknown",
    "harvest": {"ckan_name": "berges", "remote_id": "ckan-berges", "remote_url": None},
    "id": "650000000000000000000013",
    "last_modified": "2024-09-11T00:00:00.123000+00:00",
    "last_update": "2024-09-12T00:00:00+00:00",
    "license": "notspecified",
    "organization": {**PUBLISHER, "permissions": {"edit": False}},
    "page": None,
    "resources": [{"id": "r1", "harvest": {"uri": "x"}, "title": "csv"}],
    "spatial": {"zones": ["fr:commune:35238"]},
    "tags": ["berges"],
    "title": "Berges",
    "uri": None,
}
OLD_ITEM = {key: ITEM[key] for key in ITEM if key not in {"kwargs", "remote_url"}}


def old_item(**changes: Any) -> list[Any]:
    return said(
        EntityType.HARVEST_RECORD, {**OLD_ITEM, **changes}, native_id="job/3", parent="job", position=3
    )


def test_a_full_data_service_says_all_that_the_model_has() -> None:
    record, service = old_item(dataset=None, dataservice=FULL_SERVICE)
    assert isinstance(record, HarvestRecord)
    assert (record.record_type, record.dataset) == (RecordType.DATA_SERVICE, FULL_SERVICE["id"])
    assert (record.remote_id, record.remote_url, record.kwargs) == ("rives-17", None, None)
    assert isinstance(service, Dataset)
    assert service.native is not None
    assert service == Dataset(
        native_id="650000000000000000000012",
        record_type=RecordType.DATA_SERVICE,
        title="API des rives",
        acronym="GDR",
        description="Les rives, **par** commune",
        license="lov2",
        keywords=("eau", "rives"),
        publisher="Agence des rives",
        modified_at=datetime(2024, 9, 10, 11, 12, 13, tzinfo=UTC),
        portal_url="https://www.data.gouv.fr/dataservices/rives/",
        api_url="https://www.data.gouv.fr/api/1/dataservices/rives/",
        remote_id="rives-17",
        remote_url="https://rives.example.fr/api",
        native=service.native,
        native_private=service.native_private,
    )


def test_what_no_field_reads_of_a_full_data_service_is_kept_without_e_mails() -> None:
    _, service = old_item(dataset=None, dataservice=FULL_SERVICE)
    read = {"acronym", "description", "id", "license", "metadata_modified_at", "permissions"}
    read |= {"self_api_url", "self_web_url", "tags", "title"}
    rest = {key: value for key, value in FULL_SERVICE.items() if key not in read}
    assert service.native_private == rest
    shown = {key: value for key, value in CONTACT.items() if key != "email"}
    assert service.native == {**rest, "contact_point": shown}


def test_a_full_dataset_says_all_that_the_model_has() -> None:
    _, dataset = old_item(dataset=FULL_DATASET, remote_id=None)
    assert isinstance(dataset, Dataset)
    assert (dataset.title, dataset.acronym, dataset.description) == ("Berges", None, "Berges")
    assert (dataset.license, dataset.keywords) == ("notspecified", ("berges",))
    assert (dataset.publisher, dataset.portal_url, dataset.api_url) == ("Agence des rives", None, None)
    assert dataset.modified_at == datetime(2024, 9, 11, 0, 0, 0, 123000, tzinfo=UTC)
    assert (dataset.remote_id, dataset.remote_url) == ("ckan-berges", None)
    assert dataset.native["last_update"] == FULL_DATASET["last_update"]
    assert dataset.native["harvest"] == FULL_DATASET["harvest"]
    assert dataset.native["resources"] == FULL_DATASET["resources"]
    assert dataset.native["organization"] == PUBLISHER  # nobody's rights
    assert "last_modified" not in dataset.native


def test_a_change_at_no_instant_stays_where_it_is() -> None:
    _, dataset = old_item(dataset={**FULL_DATASET, "last_modified": "lately"})
    assert (dataset.modified_at, dataset.native["last_modified"]) == (None, "lately")


def test_without_personal_data_there_is_one_rest() -> None:
    _, dataset = old_item(dataset={"id": "d", "title": "T", "colour": "blue"})
    assert (dataset.native, dataset.native_private) == ({"colour": "blue"}, None)


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        ("DEBUG", Severity.DEBUG),
        ("INFO", Severity.INFO),
        ("WARNING", Severity.WARNING),
        ("ERROR", Severity.ERROR),
        ("CRITICAL", Severity.ERROR),
        ("LOUD", Severity.UNKNOWN),
        (None, Severity.ERROR),
    ],
)
def test_levels_of_errors(level: str | None, severity: Severity) -> None:
    found = old_item(errors=[{"level": level, "message": "m"}])[-1]
    assert found == HarvestError(
        native_id="job/3/e0",
        job="job",
        record="job/3",
        severity=severity,
        native_severity=level,
        message="m",
        position=0,
    )


COUNTED = {"total": 7, "by_status": {"done": 4, "failed": 1, "pending": 1, "started": 1}}
CUT = {**{key: JOB[key] for key in JOB if key != "items"}, "source": "Catalogue des rives"}


def counts(job: HarvestJob) -> tuple[int | None, ...]:
    return (job.total, job.succeeded, job.archived, job.skipped, job.failed, job.pending)


def test_a_run_without_its_items_has_the_counts_beside_it() -> None:
    job = one(EntityType.HARVEST_JOB, CUT, parent="s", counted=COUNTED)
    assert counts(job) == (7, 4, 0, 0, 1, 2)
    assert (job.datasets, job.dataservices, job.source, job.native) == (None, None, "s", None)


def test_a_run_of_nothing_counts_zero() -> None:
    job = one(EntityType.HARVEST_JOB, CUT, parent="s", counted={"total": 0, "by_status": {}})
    assert counts(job) == (0,) * 6


def test_a_run_without_counts_counts_nothing() -> None:
    for counted in (None, [], {"total": 3}, {"by_status": 4}, "x"):
        assert counts(one(EntityType.HARVEST_JOB, CUT, parent="s", counted=counted)) == (None,) * 6


def test_the_portals_own_counters_are_believed_first() -> None:
    assert one(EntityType.HARVEST_JOB, JOB, parent="s", counted=COUNTED).total == 1990


def test_a_run_that_holds_its_items_is_counted() -> None:
    items = [{"status": "done"}, {"status": "skipped"}, {}, "poison"]
    assert counts(one(EntityType.HARVEST_JOB, {**CUT, "items": items})) == (4, 1, 0, 1, 0, 0)


def test_a_preview_is_a_run_that_is_called_as_its_document() -> None:
    preview = {**CUT, "id": None, "items": [{**ITEM, "dataset": FULL_DATASET}]}
    job = one(EntityType.HARVEST_JOB, preview, native_id="preview")
    assert (job.native_id, job.total, job.succeeded) == ("preview", 1, 1)
    found = one(EntityType.HARVEST_JOB, {**CUT, "id": None}, native_id="preview")
    assert isinstance(found, Rejection)


def test_the_text_of_a_reference_is_no_other_than_before() -> None:
    _, dataset = item()
    assert isinstance(dataset, Dataset)
    assert (dataset.description, dataset.keywords, dataset.publisher, dataset.native) == (None,) * 4
