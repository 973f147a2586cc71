"""Data.gov's table: the captures in the order in which they are asked, each with ids that fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from acceptance.wire.case import Asked, Case
from acceptance.wire.shape import Latitude
from acceptance.wire.survey import GovWorld, Row, first

LATITUDE = Latitude(
    nullable={
        "action": "string",
        "aliases": "array",
        "ckan_id": "string",
        "code_repo_url": "string",
        "collection_parent_url": "string",
        "date_created": "string",
        "date_finished": "string",
        "dcatus_catalog": "object",
        "description": "string",
        "harvest_record_id": "string",
        "job_type": "string",
        "logo": "string",
        "message": "string",
        "notification_emails": "array",
        "organization_type": "string",
        "parent_identifier": "string",
        "records_added": "integer",
        "records_deleted": "integer",
        "records_errored": "integer",
        "records_ignored": "integer",
        "records_total": "integer",
        "records_updated": "integer",
        "records_validated": "integer",
        "records_warned": "integer",
        "source_hash": "string",
        "source_raw": "string",
        "source_transform": "object",
        "status": "string",
        "type": "string",
    },
    free=frozenset({"dcatus_catalog", "source_transform"}),
)
"""The database's own nullability; catalogues and payloads are the publishers'."""
PAYLOAD = Latitude(nullable={}, free=frozenset({""}))
"""An answer that is a publisher's payload: only that it is an object."""

ORGANIZATION, ORGANIZATION_SLUG, ALIAS = "6513270e-269e-4d37-b2a7-4de452e6b438", "nasa", "NOAA"
SOURCE, OTHER_SOURCE = "93f448b3-a5aa-4c81-8f42-6dcbb394fb36", "7afb2c68-774b-45d7-ba52-9ba3fe3bfada"
JOB, UPPER_JOB = "10eb42c6-dc9d-402f-a182-84ae7556665c", "10EB42C6-DC9D-402F-A182-84AE7556665C"
JOB_IN_PROGRESS, JOB_WITH_ERROR = (
    "72da7111-2c0c-48bd-bfaa-6a69eec353b0",
    "d76920a0-4569-4781-9d47-b31a5b55f508",
)
DCAT, ISO = "886e6633-ba8b-4b16-9c3d-e9b216da1d83", "9459e5f8-8391-4355-a1ab-78d2bb1fc54a"
DELETED, ISO_DELETED = "12c7ac91-23ee-40c6-b51a-91f433ddb20b", "e19ca8aa-461a-41bf-901d-581a9a16453e"
FAILED, WARNED = "97b6d8f2-9196-4889-8f32-d049f4c4c2d4", "72218fdc-44df-46ff-a854-14242f733b05"
DUPLICATE, SERIES = "1669a05b-b782-4956-9d29-47ec0c79b733", "fd5f4c82-9b85-4508-8a6f-d67286258428"
RECORD_ERROR, JOB_ERROR = "f5f554ed-8323-4ef5-8ba2-e1619fb9af50", "32bd46f2-3428-4557-a3ef-5835c52a4cc1"

Ids = Mapping[str, str]
World = Asked[GovWorld]


def _is_dcat(world: GovWorld) -> Callable[[Row], bool]:
    return lambda row: world.standard(row).startswith("dcatus1.1")


def _organization(asked: World) -> Ids:
    """An organization with sources, and one with an alias."""
    rows = asked.world.organizations
    busy = first(rows, "organization with 5 sources", lambda each: each["source_count"] > 4)
    named = first(rows, "organization with an alias", lambda each: any(each["aliases"] or ()))
    return {
        ORGANIZATION: busy["id"],
        f"organization/{ORGANIZATION_SLUG}": f"organization/{busy['slug']}",
        f"organization/{ALIAS}": f"organization/{next(filter(None, named['aliases'])).replace(' ', '%20')}",
    }


def _source(asked: World) -> Ids:
    """A DCAT-US source with deletes, and another source with records."""
    world = asked.world
    deleted = first(world.records["deleted"], "delete of a DCAT-US source", _is_dcat(world))
    created = first(world.records["created"], "created record")
    return {SOURCE: deleted["harvest_source_id"], OTHER_SOURCE: created["harvest_source_id"]}


def _job(asked: World) -> Ids:
    """An ended DCAT-US job with errors of records."""
    world = asked.world
    with_errors = {error["harvest_job_id"] for error in world.record_errors}
    job = first(
        world.jobs,
        "complete job with record errors",
        lambda each: each["status"] == "complete" and each["id"] in with_errors and _is_dcat(world)(each),
    )
    return {JOB: job["id"], UPPER_JOB: job["id"].upper()}


def _job_in_progress(asked: World) -> Ids:
    """A job that is running."""
    return {
        JOB_IN_PROGRESS: first(asked.world.jobs, "running job", lambda job: job["status"] == "in_progress")[
            "id"
        ]
    }


def _job_with_error(asked: World) -> Ids:
    """A job with an error of its own, and that error."""
    error = first(asked.world.job_errors, "job error")
    return {JOB_WITH_ERROR: error["harvest_job_id"], JOB_ERROR: error["id"]}


def _dcat(asked: World) -> Ids:
    """A published DCAT-US record with its payload."""
    world = asked.world
    is_dcat = _is_dcat(world)
    record = first(
        world.records["created"],
        "DCAT-US record with payload",
        lambda each: is_dcat(each) and each["source_raw"] and not each["source_transform"],
    )
    return {DCAT: record["id"]}


def _iso(asked: World) -> Ids:
    """An ISO record with payload and transformation, and an ISO delete."""
    rows = asked.world.records["iso"]
    record = first(
        rows, "transformed ISO record", lambda each: each["source_transform"] and each["source_raw"]
    )
    deleted = first(rows, "ISO delete", lambda each: each["action"] == "delete")
    return {ISO: record["id"], ISO_DELETED: deleted["id"]}


def _deleted(asked: World) -> Ids:
    """A DCAT-US delete without errors."""
    world = asked.world
    with_errors = {error["harvest_record_id"] for error in world.record_errors}
    is_dcat = _is_dcat(world)
    record = first(
        world.records["deleted"],
        "DCAT-US delete",
        lambda each: is_dcat(each) and each["id"] not in with_errors,
    )
    return {DELETED: record["id"]}


def _failed(asked: World) -> Ids:
    """A failed record with errors, and one with warnings."""
    world = asked.world
    errors = {
        error["harvest_record_id"]: error for error in world.record_errors if error["severity"] == "error"
    }
    failed = first(
        world.records["failed"],
        "failed update with errors",
        lambda each: each["id"] in errors and each["source_raw"],
    )
    warning = first(
        world.record_errors,
        "warning of a record",
        lambda each: each["severity"] == "warning" and each["harvest_record_id"],
    )
    return {
        FAILED: failed["id"],
        WARNED: warning["harvest_record_id"],
        RECORD_ERROR: errors[failed["id"]]["id"],
    }


def _duplicate(asked: World) -> Ids:
    """A record that was refused as a duplicate: without action and payload, in a DCAT-US source."""
    world = asked.world
    is_dcat = _is_dcat(world)
    record = first(
        world.records["failed"],
        "duplicate in a DCAT-US source",
        lambda each: each["action"] is None and not each["source_raw"] and is_dcat(each),
    )
    return {DUPLICATE: record["id"]}


def _series(asked: World) -> Ids:
    """A series of DCAT-US 3."""
    return {SERIES: first(asked.world.records["series"], "data series")["id"]}


case: Any = Case
plain: Case[GovWorld] = Case()

CASES: dict[str, Case[GovWorld]] = {
    "delete_job_unauth": case(_job),
    "get_with_gateway_key": case(_job, {"X-Api-Key": "DEMO_KEY"}),
    "harvest_error_job": case(_job_with_error),
    "harvest_error_record": case(_failed),
    "harvest_job_bad_id_404": plain,
    "harvest_job_errors_by_job": case(_job_with_error),
    "harvest_job_errors_csv_bad_400": case(_job),
    "harvest_job_errors_csv_job": case(_job_with_error),
    "harvest_job_errors_csv_missing_job": plain,
    "harvest_job_errors_csv_missing_record": plain,
    "harvest_job_errors_csv_record": case(_job),
    "harvest_job_errors_list": plain,
    "harvest_job_in_progress": case(_job_in_progress),
    "harvest_job_missing_404": plain,
    "harvest_job_upper_id_404": case(_job),
    "harvest_jobs_asc": plain,
    "harvest_jobs_bad_facet_400": plain,
    "harvest_jobs_bad_source_404": plain,
    "harvest_jobs_bad_status_400": plain,
    "harvest_jobs_by_source": case(_source),
    "harvest_jobs_count_zero_404": plain,
    "harvest_jobs_default": plain,
    "harvest_jobs_finished_since": plain,
    "harvest_jobs_in_op": plain,
    "harvest_jobs_in_progress": plain,
    "harvest_jobs_is_null": plain,
    "harvest_jobs_like": plain,
    "harvest_jobs_new_count": plain,
    "harvest_jobs_per_page_1000": plain,
    "harvest_jobs_per_page_garbage": plain,
    "harvest_jobs_since": plain,
    "harvest_jobs_unknown_column_400": plain,
    "harvest_record_dcat3_series": case(_series),
    "harvest_record_dcat_transformed_404": case(_dcat),
    "harvest_record_delete": case(_deleted),
    "harvest_record_delete_raw": case(_deleted),
    "harvest_record_delete_transformed_404": case(_deleted),
    "harvest_record_duplicate": case(_duplicate),
    "harvest_record_duplicate_raw": case(_duplicate),
    "harvest_record_error": case(_failed),
    "harvest_record_error_errors": case(_failed),
    "harvest_record_errors_bad_severity_400": case(_failed),
    "harvest_record_errors_by_job": case(_job),
    "harvest_record_errors_by_source_400": case(_source),
    "harvest_record_errors_orphan_like": plain,
    "harvest_record_errors_since": plain,
    "harvest_record_errors_warning": plain,
    "harvest_record_iso": case(_iso),
    "harvest_record_iso_delete_raw": case(_iso),
    "harvest_record_iso_raw": case(_iso),
    "harvest_record_missing_404": plain,
    "harvest_record_no_errors_404": case(_deleted),
    "harvest_record_raw_missing_404": plain,
    "harvest_record_warning_errors": case(_failed),
    "harvest_records_by_hash": plain,
    "harvest_records_by_job": case(_job),
    "harvest_records_by_job_count": case(_job),
    "harvest_records_by_source": case(_source),
    "harvest_records_data_series": plain,
    "harvest_records_deletes": case(_source),
    "harvest_records_live_count": case(_source),
    "harvest_records_null_action_count": plain,
    "harvest_records_since": plain,
    "harvest_records_total": plain,
    "harvest_source_one_via_facet": case(_source),
    "harvest_sources_all": plain,
    "harvest_sources_by_org": case(_organization),
    "harvest_sources_count": plain,
    "harvest_sources_iso": plain,
    "harvest_sources_page0": plain,
    "harvest_sources_page1_404": plain,
    "head_record": case(_dcat),
    "if_none_match": case(_job, {"If-None-Match": '"anything"'}),
    "method_405": plain,
    "no_trailing_slash_308": plain,
    "organization_404": plain,
    "organization_alias": case(_organization),
    "organization_list": plain,
    "organization_slug": case(_organization),
    "organizations_all": plain,
    "organizations_source_count_facet": plain,
    "put_job_json_unauth_401": case(_job),
    "redirect_unversioned_308": plain,
    "seed_harvest_job_errors": case(_job),
    "seed_harvest_job_id": case(_job),
    "seed_harvest_record_id": case(_dcat),
    "seed_harvest_record_raw": case(_dcat),
    "seed_harvest_record_transformed": case(_iso),
    "seed_harvest_source_id": case(_source),
    "seed_harvest_source_jobs": case(_source),
    "seed_harvest_sources": plain,
    "seed_organization_id": case(_organization),
    "seed_organization_list_singular": plain,
    "seed_organizations": plain,
    "seed_validate_json_text_is_422": plain,
    "seed_validate_paste": plain,
    "unknown_route_404": plain,
    "v2_404": plain,
    "validate_no_body": plain,
    "validate_url_500": plain,
    "validate_v3_422": plain,
}
PAYLOADS = frozenset({"seed_harvest_record_raw", "seed_harvest_record_transformed"})
"""Captures whose answer is a payload."""
