from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from adapters.data_gouv_fr import ADAPTER, wire
from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import (
    Dataset,
    Entity,
    HarvestBackend,
    HarvestError,
    HarvestJob,
    HarvestRecord,
    HarvestSource,
    Organization,
    Person,
)
from gateway.model.enums import (
    EntityType,
    JobKind,
    JobStatus,
    MetadataStandard,
    OrganizationKind,
    Protocol,
    RecordAction,
    RecordStatus,
    RecordType,
    Severity,
    StandardFamily,
    ValidationState,
)

FETCH = Fetch("/x", None, datetime(2026, 11, 21, tzinfo=UTC), b"0" * 16)
ORGANIZATION = {
    "acronym": "CDN",
    "badges": [{"kind": "public-service"}, {"kind": "certified"}],
    "class": "Organization",
    "id": "650000000000000000000001",
    "logo": None,
    "logo_thumbnail": "https://static.example/100.png",
    "name": "Cartes du Nord",
    "page": "https://www.data.gouv.fr/organizations/cartes-du-nord",
    "permissions": {"edit": False},
    "slug": "cartes-du-nord",
    "uri": "https://www.data.gouv.fr/api/1/organizations/cartes-du-nord/",
}
USER = {
    "avatar": None,
    "avatar_thumbnail": None,
    "class": "User",
    "first_name": "Jeanne",
    "id": "650000000000000000000002",
    "last_name": "Petit",
    "page": "https://www.data.gouv.fr/users/jeanne-petit",
    "slug": "jeanne-petit",
    "uri": "https://www.data.gouv.fr/api/1/users/jeanne-petit/",
}
SOURCE = {
    "active": True,
    "autoarchive": True,
    "backend": "csw-dcat",
    "config": {"features": {"geodcatap": True}, "free": 1},
    "created_at": "2026-10-21T02:03:00.057000+00:00",
    "deleted": None,
    "description": "**Catalogue**",
    "id": "650000000000000000000003",
    "last_job": {"id": "j", "errors": [], "source": {"class": "NoneType", "id": None}},
    "name": "Catalogue des rives",
    "organization": ORGANIZATION,
    "owner": None,
    "permissions": {"edit": False, "run": False},
    "schedule": "0 0 * * *",
    "slug": "catalogue-des-rives",
    "url": "https://rives.example.fr/csw",
    "validation": {"by": USER, "comment": "ok", "on": "2026-11-11T02:01:00+00:00", "state": "refused"},
}
JOB = {
    "created": "2026-11-20T00:59:10+00:00",
    "ended": "2026-11-20T01:05:52.800000+00:00",
    "errors": [],
    "id": "650000000000000000000004",
    "items": {
        "by_status": {
            "archived": 104,
            "done": 1580,
            "failed": 156,
            "pending": 14,
            "skipped": 110,
            "started": 26,
        },
        "by_type": {"dataservice": 170, "dataset": 1514},
        "href": "/api/1/harvest/job/650000000000000000000004/items/",
        "rel": "subsection",
        "total": 1990,
        "type": "GET",
    },
    "source": {"class": "HarvestSource", "id": "650000000000000000000005"},
    "started": "2026-11-20T00:59:10.012000+00:00",
    "status": "done-errors",
}
DATASET = {
    "acronym": "ACR",
    "class": "Dataset",
    "id": "650000000000000000000006",
    "page": "https://www.data.gouv.fr/datasets/zones-humides",
    "title": "Zones humides",
    "uri": "https://www.data.gouv.fr/api/1/datasets/zones-humides/",
}
DATASERVICE = {
    "class": "Dataservice",
    "id": "650000000000000000000007",
    "self_api_url": "https://www.data.gouv.fr/api/1/dataservices/a/",
    "self_web_url": "https://www.data.gouv.fr/dataservices/a/",
    "title": "A service",
}
ITEM = {
    "args": ["a", "0"],
    "created": "2026-11-20T00:59:12+00:00",
    "dataservice": None,
    "dataset": DATASET,
    "ended": "2026-11-20T00:59:12.187000+00:00",
    "errors": [],
    "kwargs": {"nested": {"x": 1}, "page": 0},
    "logs": [{"level": "WARNING", "message": "Unknown license"}, {"level": "CRITICAL", "message": "no"}],
    "remote_id": "rives-17",
    "remote_url": "https://rives.example.fr/fiche/17",
    "started": "2026-11-20T00:59:12.007000+00:00",
    "status": "done",
}


def said(kind: EntityType, element: Any, **options: Any) -> list[Entity | Rejection]:
    native_id = options.pop("native_id", element.get("id", "job/3") if isinstance(element, dict) else "x")
    body = json.dumps(element).encode()
    return list(ADAPTER.normalise(Document.of(kind, native_id, body, FETCH, **options)))


def one(kind: EntityType, element: Any, **options: Any) -> Any:
    (found,) = said(kind, element, **options)
    return found


def item(**changes: Any) -> list[Entity | Rejection]:
    return said(EntityType.HARVEST_RECORD, {**ITEM, **changes}, native_id="job/3", parent="job", position=3)


def test_an_organization() -> None:
    assert one(EntityType.ORGANIZATION, ORGANIZATION) == Organization(
        native_id="650000000000000000000001",
        name="Cartes du Nord",
        slug="cartes-du-nord",
        acronym="CDN",
        kind=OrganizationKind.UNKNOWN,
        badges=("public-service", "certified"),
        logo_thumbnail="https://static.example/100.png",
        portal_url="https://www.data.gouv.fr/organizations/cartes-du-nord",
        api_url="https://www.data.gouv.fr/api/1/organizations/cartes-du-nord/",
    )


def test_a_person() -> None:
    assert one(EntityType.PERSON, USER) == Person(
        native_id="650000000000000000000002",
        first_name="Jeanne",
        last_name="Petit",
        slug="jeanne-petit",
        portal_url="https://www.data.gouv.fr/users/jeanne-petit",
        api_url="https://www.data.gouv.fr/api/1/users/jeanne-petit/",
    )


def test_a_source() -> None:
    assert one(EntityType.HARVEST_SOURCE, SOURCE) == HarvestSource(
        native_id="650000000000000000000003",
        name="Catalogue des rives",
        slug="catalogue-des-rives",
        description="**Catalogue**",
        url="https://rives.example.fr/csw",
        backend="csw-dcat",
        organization="650000000000000000000001",
        protocol=Protocol.CSW,
        metadata_standard=MetadataStandard.DCAT,
        standard_family=StandardFamily.DCAT,
        config={"features": {"geodcatap": True}, "free": 1},
        schedule_raw="0 0 * * *",
        active=True,
        auto_archive=True,
        validation_state=ValidationState.REFUSED,
        validation_native_state="refused",
        validation_by="650000000000000000000002",
        validation_on=datetime(2026, 11, 11, 2, 1, tzinfo=UTC),
        validation_comment="ok",
        created_at=datetime(2026, 10, 21, 2, 3, 0, 57000, tzinfo=UTC),
    )


def test_a_deleted_source_says_when() -> None:
    found = one(EntityType.HARVEST_SOURCE, {**SOURCE, "deleted": "2026-11-11T02:01:00.059000+00:00"})
    assert found.deleted_at == datetime(2026, 11, 11, 2, 1, 0, 59000, tzinfo=UTC)


def test_a_source_of_nobody_has_no_organization_and_no_owner() -> None:
    found = one(EntityType.HARVEST_SOURCE, {**SOURCE, "organization": None, "owner": None, "last_job": None})
    assert (found.organization, found.owner) == (None, None)


def test_keys_that_no_field_reads_are_kept_and_the_callers_rights_are_not() -> None:
    found = one(EntityType.HARVEST_SOURCE, {**SOURCE, "colour": "blue"})
    assert found.native == {"colour": "blue"}


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        ("ckan", (Protocol.CKAN, MetadataStandard.CKAN, StandardFamily.CKAN)),
        ("csw-dcat", (Protocol.CSW, MetadataStandard.DCAT, StandardFamily.DCAT)),
        ("csw-iso-19139", (Protocol.CSW, MetadataStandard.ISO_19139, StandardFamily.ISO)),
        ("dcat", (Protocol.DCAT, MetadataStandard.DCAT, StandardFamily.DCAT)),
        ("dkan", (Protocol.DKAN, MetadataStandard.DKAN, StandardFamily.CKAN)),
        ("maaf", (Protocol.MAAF, MetadataStandard.MAAF, StandardFamily.OTHER)),
        ("plugin", (Protocol.UNKNOWN, MetadataStandard.UNKNOWN, StandardFamily.OTHER)),
    ],
)
def test_backends(backend: str, words: tuple[Any, ...]) -> None:
    filters = [{"key": "tags", "label": "Tag", "type": "string", "description": "A tag"}]
    element = {"id": backend, "label": "L", "filters": filters, "features": [], "extra_configs": []}
    protocol, standard, family = words
    assert one(EntityType.HARVEST_BACKEND, element) == HarvestBackend(
        native_id=backend,
        label="L",
        protocol=protocol,
        metadata_standard=standard,
        standard_family=family,
        filters=filters,
        features=[],
        extra_configs=[],
    )
    source = one(EntityType.HARVEST_SOURCE, {**SOURCE, "backend": backend})
    assert (source.protocol, source.metadata_standard, source.standard_family) == words


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


def test_an_element_that_does_not_say_its_id_is_rejected() -> None:
    for element in ({}, {"id": None}, {"id": ""}, {"id": 5}, {"id": "another"}):
        found = one(EntityType.HARVEST_SOURCE, element, native_id="x")
        assert isinstance(found, Rejection)
        assert (found.native_id, found.type) == ("x", EntityType.HARVEST_SOURCE)


def test_the_generation_shows_in_how_a_job_gives_its_items() -> None:
    assert wire.generation(JOB) is wire.Generation.LINKED
    assert wire.generation({**JOB, "items": []}) is wire.Generation.EMBEDDED
    assert wire.generation({}) is None


def test_page_sizes_divide_one_another() -> None:
    sizes = wire.ITEMS_PAGES
    assert sizes[0] == wire.ITEMS_PAGE
    assert sizes[-1] == 1
    assert all(large % small == 0 for large, small in pairwise(sizes))
