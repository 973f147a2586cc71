"""What Data.gov's elements say in the common model, however faulty they are."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.data_gov import ADAPTER
from gateway.model import enums
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
)
from gateway.model.enums import EntityType
from gateway.model.identity import dataset_id

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


def test_fields_of_the_future_are_kept() -> None:
    assert job(date_started="Sat, 07 Nov 2026 19:12:20 GMT").native == {
        "date_started": "Sat, 07 Nov 2026 19:12:20 GMT"
    }


def test_the_catalogs_own_metadata_is_kept() -> None:
    assert job(dcatus_catalog={"@type": "Catalog"}).catalog == {"@type": "Catalog"}
    assert job(dcatus_catalog="text").catalog is None


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


def test_counters_of_the_wrong_type_are_unknown() -> None:
    found = job(records_added="3", records_updated=True, records_deleted=2**40, records_errored=1.5)
    assert (found.added, found.updated, found.deleted, found.failed) == (None, None, None, None)


def test_missing_counters_are_unknown() -> None:
    element = {key: value for key, value in JOB.items() if not key.startswith("records_")}
    (found,) = entities(EntityType.HARVEST_JOB, element)
    assert isinstance(found, HarvestJob)
    assert (found.total, found.added, found.unchanged) == (None, None, None)


def test_a_source_brings_its_backend() -> None:
    source, backend = entities(EntityType.HARVEST_SOURCE, SOURCE)
    assert isinstance(source, HarvestSource)
    assert isinstance(backend, HarvestBackend)
    assert source.backend == backend.native_id == backend.label == "document/dcatus1.1: non-federal"
    assert source.protocol is backend.protocol is enums.Protocol.DOCUMENT
    assert source.metadata_standard is backend.metadata_standard is enums.MetadataStandard.DCAT_US_1_1
    assert source.standard_family is backend.standard_family is enums.StandardFamily.DCAT
    assert source.metadata_profile is enums.MetadataProfile.NON_FEDERAL
    assert source.schedule_raw == "weekly"
    assert source.notification_frequency is enums.NotificationFrequency.ON_ERROR_OR_UPDATE
    assert source.notification_emails == ("data@example.gov",)
    assert source.organization == "organization-1"
    assert (source.native_source_type, source.native_schema_type) == ("document", "dcatus1.1: non-federal")
    assert (source.active, source.created_at, source.config) == (None, None, None)
    assert source.native_notification_frequency == "on_error_or_update"
    assert source.native is backend.native is None
    assert (backend.filters, backend.features, backend.extra_configs) == ((), (), ())


@pytest.mark.parametrize(
    ("schema", "standard", "family", "profile"),
    [
        ("iso19115_1", "ISO_19115_1", "ISO", None),
        ("iso19115_2", "ISO_19115_2", "ISO", None),
        ("dcatus1.1: federal", "DCAT_US_1_1", "DCAT", "FEDERAL"),
        ("dcatus3.0", "DCAT_US_3_0", "DCAT", None),
        ("dcatus4.0", "UNKNOWN", "OTHER", None),
        (None, "UNKNOWN", "OTHER", None),
    ],
)
def test_schema_types(schema: Any, standard: str, family: str, profile: str | None) -> None:
    source = entities(EntityType.HARVEST_SOURCE, {**SOURCE, "schema_type": schema})[0]
    assert isinstance(source, HarvestSource)
    assert (source.metadata_standard, source.standard_family) == (standard, family)
    assert source.metadata_profile == profile
    assert source.native_schema_type == schema


def test_a_source_without_its_types_has_no_backend() -> None:
    (source,) = entities(EntityType.HARVEST_SOURCE, {"id": "source-1"})
    assert isinstance(source, HarvestSource)
    assert source.backend is None
    assert source.notification_frequency is None
    assert source.notification_emails is None


def test_unknown_words_are_kept_beside_ours() -> None:
    source = entities(EntityType.HARVEST_SOURCE, {**SOURCE, "notification_frequency": "hourly"})[0]
    assert isinstance(source, HarvestSource)
    assert source.notification_frequency is enums.NotificationFrequency.UNKNOWN
    assert source.native_notification_frequency == "hourly"
    found = record(record_type="model")
    assert (found.record_type, found.native_record_type) == (enums.RecordType.UNKNOWN, "model")


@pytest.mark.parametrize("value", [None, True, 7, 10**4000, float("nan"), "x", [], {}, [[]], {"a": {}}])
def test_rules_take_anything(value: Any) -> None:
    for table in ADAPTER.tables.values():
        for rule in table.rules:
            rule.read(value)


def test_a_sources_emails_are_never_in_native() -> None:
    source = entities(EntityType.HARVEST_SOURCE, {**SOURCE, "notification_emails": "data@example.gov"})[0]
    assert isinstance(source, HarvestSource)
    assert source.notification_emails is None
    assert source.native is source.native_private is None


def test_an_organization() -> None:
    (found,) = entities(
        EntityType.ORGANIZATION,
        {
            "id": "organization-1",
            "name": "NASA",
            "slug": "nasa",
            "aliases": ["NASA", ""],
            "organization_type": "Federal Government",
            "logo": "https://example.gov/nasa.png",
            "description": None,
            "source_count": 5,
            "code_repo_url": None,
            "code_repo_exempt": False,
        },
    )
    assert found == Organization(
        native_id="organization-1",
        name="NASA",
        slug="nasa",
        aliases=("NASA", ""),
        kind=enums.OrganizationKind.FEDERAL_GOVERNMENT,
        native_kind="Federal Government",
        logo="https://example.gov/nasa.png",
        native_source_count=5,
        native={"code_repo_url": None, "code_repo_exempt": False},
    )


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Non-Profit", enums.OrganizationKind.NON_PROFIT),
        ("Tribal", enums.OrganizationKind.TRIBAL),
        ("Guild", enums.OrganizationKind.OTHER),
        (None, enums.OrganizationKind.UNKNOWN),
    ],
)
def test_organization_kinds(word: Any, kind: enums.OrganizationKind) -> None:
    (found,) = entities(EntityType.ORGANIZATION, {"id": "o", "organization_type": word})
    assert isinstance(found, Organization)
    assert (found.kind, found.native_kind) == (kind, word)


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


def test_a_datasets_text_comes_from_the_raw_dcat() -> None:
    found = raw()
    assert (found.title, found.description, found.publisher) == ("Parking", "Where to park.", "City")
    assert found.keywords == ("parking", "cars")
    assert (found.license, found.landing_page) == (
        "https://example.gov/license",
        "https://example.gov/parking",
    )
    assert found.modified_at == datetime(2025, 11, 27, 17, tzinfo=UTC)
    assert (found.remote_url, found.acronym, found.api_url, found.portal_url) == (None, None, None, None)


def test_the_transformed_payload_comes_first() -> None:
    found = dataset(source_raw="<xml>", source_transform={**PAYLOAD, "title": "Out of the transform"})
    assert found.title == "Out of the transform"


@pytest.mark.parametrize(
    ("modified", "expected"),
    [
        ("2025-09-06", datetime(2025, 9, 6, tzinfo=UTC)),
        ("1900-01-01", datetime(1900, 1, 1, tzinfo=UTC)),
        ("2025-09-06T10:00:00Z", datetime(2025, 9, 6, 10, tzinfo=UTC)),
        ("R/P1Y", None),
        ("", None),
        (20250906, None),
        (["2025-09-06"], None),
        ("2025-13-40", None),
    ],
)
def test_modification_dates(modified: Any, expected: datetime | None) -> None:
    assert raw(modified=modified).modified_at == expected


def test_faulty_payloads_give_what_can_be_read() -> None:
    found = raw(title=None, description=["a"], publisher="City", keyword="parking", license={"a": 1})
    assert (found.title, found.description, found.license) == (None, None, None)
    assert found.landing_page == "https://example.gov/parking"
    assert raw(keyword=["a", None, 3, "b"]).keywords == ("a", "b")
    assert raw(publisher={"name": None}).publisher is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "null", "[]", '"text"', "3", "{", "no payload at all", "<html>", "[" * 100_000, "\x00", "<a/>"],
)
def test_junk_payloads_lose_nothing_but_the_text(text: str) -> None:
    found = dataset(source_raw=text)
    assert found.title is None
    assert found.remote_id == RECORD["identifier"]


def test_what_python_writes_and_strict_readers_refuse_is_read() -> None:
    text = '{"title": "T", "spatial": NaN, "description": "lone \\ud800", "keyword": ["\\u0000x"]}'
    found = dataset(source_raw=text)
    assert (found.title, found.description, found.keywords) == ("T", "lone �", ("�x",))


def test_nul_becomes_a_replacement_character() -> None:
    assert raw(title="a\0b").title == "a�b"
    assert record(identifier="a\0b").remote_id == "a�b"
    assert dataset(source_transform={"title": "a\0b"}).title == "a�b"


ISO = """<?xml version="1.0" encoding="UTF-8"?>
<gmi:MI_Metadata xmlns:gmi="http://www.isotc211.org/2005/gmi" xmlns:gco="http://www.isotc211.org/2005/gco"
 xmlns:gmd="http://www.isotc211.org/2005/gmd">
 <gmd:contact><gmd:CI_ResponsibleParty><gmd:organisationName><gco:CharacterString>EPA</gco:CharacterString>
  </gmd:organisationName></gmd:CI_ResponsibleParty></gmd:contact>
 <gmd:dateStamp><gco:Date>2024-01-01</gco:Date></gmd:dateStamp>
 <gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>
  <gmd:title><gco:CharacterString>Survey: depth &amp; imagery café</gco:CharacterString></gmd:title>
  <gmd:date><gmd:CI_Date><gmd:date><gco:Date>2025-09-06</gco:Date></gmd:date><gmd:dateType>revision</gmd:dateType>
  </gmd:CI_Date></gmd:date></gmd:CI_Citation></gmd:citation>
  <gmd:abstract><gco:CharacterString>Hydrographic survey.</gco:CharacterString></gmd:abstract>
 </gmd:MD_DataIdentification></gmd:identificationInfo>
</gmi:MI_Metadata>"""


def test_a_datasets_text_comes_from_iso_where_it_was_not_transformed() -> None:
    found = dataset(source_raw=ISO, status="error")
    assert found.title == "Survey: depth & imagery café"
    assert found.description == "Hydrographic survey."
    assert found.publisher == "EPA"
    assert found.modified_at == datetime(2025, 9, 6, tzinfo=UTC)
    assert (found.keywords, found.license, found.landing_page) == (None, None, None)


def test_the_newer_iso_is_read_too() -> None:
    text = """<mdb:MD_Metadata xmlns:mdb="http://standards.iso.org/iso/19115/-3/mdb/2.0" xmlns:cit="c"
     xmlns:mri="m" xmlns:gco="g"><mdb:contact><cit:CI_Responsibility><cit:party><cit:CI_Organisation><cit:name>
     <gco:CharacterString>NOAA</gco:CharacterString></cit:name></cit:CI_Organisation></cit:party>
     </cit:CI_Responsibility></mdb:contact><mdb:identificationInfo><mri:MD_DataIdentification><mri:citation>
     <cit:CI_Citation><cit:title><gco:CharacterString>Tides</gco:CharacterString></cit:title><cit:date><cit:CI_Date>
     <cit:date><gco:DateTime>2025-09-06T01:00:00Z</gco:DateTime></cit:date></cit:CI_Date></cit:date>
     </cit:CI_Citation></mri:citation></mri:MD_DataIdentification></mdb:identificationInfo></mdb:MD_Metadata>"""
    found = dataset(source_raw=text)
    assert (found.title, found.publisher) == ("Tides", "NOAA")
    assert found.modified_at == datetime(2025, 9, 6, 1, tzinfo=UTC)


def test_entity_bombs_are_refused() -> None:
    bomb = (
        '<!DOCTYPE a [<!ENTITY b "boom"><!ENTITY c "&b;&b;&b;&b;">]>'
        "<a><identificationInfo><citation><title>&c;</title></citation></identificationInfo></a>"
    )
    assert dataset(source_raw=bomb).title is None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"{}", b'{"id": null}', b'{"id": 7}', b'{"id": ""}', b'{"id": "\xff"}'],
)
@pytest.mark.parametrize("type_", list(EntityType))
def test_what_is_no_element_is_rejected(type_: EntityType, body: bytes) -> None:
    (found,) = entities(type_, body)
    assert isinstance(found, Rejection)
    assert found.body == body
    assert found.reason


def test_a_type_that_the_portal_does_not_have_is_rejected() -> None:
    (found,) = entities(EntityType.PERSON, {"id": "x"})
    assert isinstance(found, Rejection)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    type_=st.sampled_from(list(EntityType)),
    element=st.fixed_dictionaries(
        {"id": st.just("x")},
        optional=dict.fromkeys(
            sorted({*JOB, *RECORD, *SOURCE, "severity", "organization_type"} - {"id"}), JSON
        ),
    ),
    payload=st.dictionaries(st.sampled_from(sorted(PAYLOAD)), JSON),
)
def test_no_element_raises(type_: EntityType, element: dict[str, Any], payload: dict[str, Any]) -> None:
    assert entities(type_, element)
    known = {"action": "create", "harvest_source_id": "s", "identifier": "i", "record_type": "dataset"}
    found = entities(type_, {**element, **known, "source_raw": json.dumps(payload), "source_transform": None})
    if type_ is EntityType.HARVEST_RECORD and isinstance(found[0], HarvestRecord):
        assert isinstance(found[1], Dataset)


@settings(max_examples=200, deadline=None)
@given(text=st.text())
def test_no_payload_raises(text: str) -> None:
    assert entities(EntityType.HARVEST_RECORD, {**RECORD, "source_raw": text})


def test_every_rule_names_a_place_and_every_table_a_type() -> None:
    assert set(ADAPTER.tables) == set(EntityType) - {EntityType.PERSON}
    for type_, table in ADAPTER.tables.items():
        assert table.entity.type is type_
        for rule in table.rules:
            assert rule.pointer == "" or rule.pointer.startswith("/")
            assert rule.pointer or rule.note
