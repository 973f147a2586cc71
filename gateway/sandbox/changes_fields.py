"""Rows of the Data.gov-style world in the words of the common model: the second opinion on every column."""

from __future__ import annotations

from typing import Any

from gateway.model.identity import dataset_id
from gateway.sandbox.changes_time import text
from gateway.sandbox.changes_view import Row

Fields = dict[str, Any]

_KINDS = {
    "Federal Government": "FEDERAL_GOVERNMENT",
    "City Government": "CITY_GOVERNMENT",
    "State Government": "STATE_GOVERNMENT",
    "County Government": "COUNTY_GOVERNMENT",
    "University": "UNIVERSITY",
    "Tribal": "TRIBAL",
    "Non-Profit": "NON_PROFIT",
}
_PROTOCOLS = {"document": "DOCUMENT", "waf": "WAF", "waf-collection": "WAF_COLLECTION"}
_STANDARDS = {
    "iso19115_1": ("ISO_19115_1", "ISO", None),
    "iso19115_2": ("ISO_19115_2", "ISO", None),
    "dcatus1.1: federal": ("DCAT_US_1_1", "DCAT", "FEDERAL"),
    "dcatus1.1: non-federal": ("DCAT_US_1_1", "DCAT", "NON_FEDERAL"),
    "dcatus3.0": ("DCAT_US_3_0", "DCAT", None),
}
_SCHEDULES = {
    "daily": (86_400, "Every day"),
    "weekly": (604_800, "Every week"),
    "biweekly": (1_209_600, "Every two weeks"),
    "monthly": (2_629_746, "Every month"),
    "manual": (None, "By hand"),
}
_JOB_KINDS = {
    "harvest": "HARVEST",
    "force_harvest": "FORCE_HARVEST",
    "clear": "CLEAR",
    "validate": "VALIDATE",
}
_STATUSES = {"success": "SUCCEEDED", "error": "FAILED", "dataset_pending": "UNPUBLISHED", None: "PENDING"}
_ACTIONS = {"create": "CREATE", "update": "UPDATE", "delete": "DELETE", None: None}
_COLUMNS = {
    "total": "total",
    "added": "added",
    "updated": "updated",
    "deleted": "deleted",
    "failed": "errored",
    "warned": "warned",
    "unchanged": "ignored",
    "validated": "validated",
}
"""Columns of a job, by the portal's counters."""
_UNCOUNTED = ("succeeded", "archived", "skipped", "pending", "datasets", "dataservices")


def organization(row: Row, sources: int) -> Fields:
    """Return the columns of an organization."""
    kind = row["organization_type"]
    return {
        "portal_url": None,
        "deleted_at": None,
        "name": row["name"],
        "slug": row["slug"],
        "acronym": None,
        "kind": _KINDS[kind] if kind else "UNKNOWN",
        "native_kind": kind,
        "aliases": row["aliases"],
        "badges": None,
        "logo": row["logo"],
        "logo_thumbnail": None,
        "description": row["description"],
        "native_source_count": sources,
        "api_url": None,
    }


def backend_id(source_type: str, schema_type: str) -> str:
    """Return the id under which the pair of types is a backend."""
    return f"{source_type}/{schema_type}"


def backend(source_type: str, schema_type: str) -> Fields:
    """Return the columns of a backend."""
    standard, family, _ = _STANDARDS[schema_type]
    return {
        "portal_url": None,
        "deleted_at": None,
        "label": backend_id(source_type, schema_type),
        "protocol": _PROTOCOLS[source_type],
        "metadata_standard": standard,
        "standard_family": family,
        "filters": [],
        "features": [],
        "extra_configs": [],
    }


def source(row: Row, last_job: str | None, next_run: int | None) -> Fields:
    """Return the columns of a source; *next_run* in microseconds."""
    standard, family, profile = _STANDARDS[row["schema_type"]]
    every, words = _SCHEDULES[row["frequency"]]
    absent = ("portal_url", "deleted_at", "slug", "description", "owner", "config", "active", "auto_archive")
    unvalidated = ("state", "native_state", "by", "on", "comment")
    return {
        **dict.fromkeys(absent),
        **{f"validation_{name}": None for name in unvalidated},
        "name": row["name"],
        "url": row["url"],
        "backend": backend_id(row["source_type"], row["schema_type"]),
        "organization": row["organization_id"],
        "protocol": _PROTOCOLS[row["source_type"]],
        "metadata_standard": standard,
        "standard_family": family,
        "metadata_profile": profile,
        "native_source_type": row["source_type"],
        "native_schema_type": row["schema_type"],
        "collection_parent_url": row["collection_parent_url"],
        "schedule_raw": row["frequency"],
        "schedule_every_seconds": every,
        "schedule_words": words,
        "notification_frequency": row["notification_frequency"].upper(),
        "native_notification_frequency": row["notification_frequency"],
        "notification_emails": row["notification_emails"],
        "created_at": None,
        "last_job": last_job,
        "next_run_at": text(next_run),
    }


def job(row: Row, wire: str, status: str) -> Fields:
    """Return the columns of a job; *wire* and *status* are what its words say and what is derived of them."""
    return {
        "portal_url": None,
        "deleted_at": None,
        "source": row["harvest_source_id"],
        "status": status,
        "wire_status": wire,
        "native_status": row["status"],
        "kind": _JOB_KINDS.get(row["job_type"], "UNKNOWN"),
        "native_kind": row["job_type"],
        "created_at": text(row["date_created"]),
        "started_at": None if row["status"] == "new" else text(row["date_created"]),
        "ended_at": text(row["date_finished"]),
        **{column: row[f"records_{word}"] for column, word in _COLUMNS.items()},
        **dict.fromkeys(_UNCOUNTED),
        "catalog": row["dcatus_catalog"],
    }


def dataset_of(row: Row) -> str | None:
    """Return the id of the dataset that a record is about."""
    if row["action"] is None:
        return None
    return dataset_id(row["harvest_source_id"], row["record_type"], row["identifier"])


def record(row: Row, dataset: str | None, *, over: bool) -> Fields:
    """Return the columns of a record of *dataset*; *over*: its job has ended.

    *row* may have a ``ckan_name``, and no type: a dataset's, then.
    """
    wire = status = _STATUSES[row["status"]]
    if over and wire == "PENDING":
        status = "LOST"
    elif not over and wire == "UNPUBLISHED":
        status = "PENDING"
    delete = row["action"] == "delete"
    return {
        **dict.fromkeys(("portal_url", "deleted_at", "remote_url", "started_at", "args", "kwargs")),
        "job": row["harvest_job_id"],
        "source": row["harvest_source_id"],
        "dataset": dataset,
        "remote_id": row["identifier"],
        "record_type": (row["record_type"] or "dataset").upper(),
        "native_record_type": row["record_type"],
        "status": status,
        "wire_status": wire,
        "native_status": row["status"],
        "action": _ACTIONS[row["action"]],
        "native_action": row["action"],
        "created_at": text(row["date_created"]),
        "ended_at": None if delete else text(row["date_finished"]),
        "hash": row["source_hash"],
        "catalog_id": row["ckan_id"],
        "catalog_name": row.get("ckan_name"),
        "parent_identifier": row["parent_identifier"],
        "logs": [],
        "position": None,
    }


def error(row: Row) -> Fields:
    """Return the columns of an error of a record or of a job."""
    severity = row.get("severity")
    return {
        "portal_url": None,
        "deleted_at": None,
        "job": row["harvest_job_id"],
        "record": row.get("harvest_record_id"),
        "severity": (severity or "error").upper(),
        "native_severity": severity,
        "native_type": row["type"],
        "message": row["message"],
        "created_at": text(row["date_created"]),
        "position": None,
    }
