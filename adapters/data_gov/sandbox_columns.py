"""The columns of the sandbox portal's tables: what each holds, and the words of the database's enums."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.data_gov.sandbox_facets import Column, Kind
from gateway.sandbox.changes_runs import COUNTERS

_TEXT, _NUMBER, _DATE, _OTHER = Column(Kind.TEXT), Column(Kind.NUMBER), Column(Kind.DATE), Column(Kind.OTHER)


def _enum(*words: str) -> Column:
    return Column(Kind.TEXT, words)


SEVERITIES = ("error", "warning")

COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "organizations": {
        **dict.fromkeys(("id", "name", "slug", "logo", "description", "code_repo_url"), _TEXT),
        "code_repo_exempt": Column(Kind.FLAG),
        "organization_type": _enum(
            "Federal Government",
            "City Government",
            "State Government",
            "County Government",
            "University",
            "Tribal",
            "Non-Profit",
        ),
        "aliases": _OTHER,
        "source_count": _NUMBER,
    },
    "harvest_sources": {
        **dict.fromkeys(("id", "organization_id", "name", "url", "collection_parent_url"), _TEXT),
        "notification_emails": _OTHER,
        "frequency": _enum("manual", "daily", "weekly", "biweekly", "monthly"),
        "schema_type": _enum(
            "iso19115_1", "iso19115_2", "dcatus1.1: federal", "dcatus1.1: non-federal", "dcatus3.0"
        ),
        "source_type": _enum("document", "waf", "waf-collection"),
        "notification_frequency": _enum("on_error", "always", "on_error_or_update"),
    },
    "harvest_jobs": {
        **dict.fromkeys(("id", "harvest_source_id", "job_type"), _TEXT),
        "status": _enum("in_progress", "complete", "new", "error"),
        "date_created": _DATE,
        "date_finished": _DATE,
        "dcatus_catalog": _OTHER,
        **{f"records_{word}": _NUMBER for word in COUNTERS},
    },
    "harvest_records": {
        **dict.fromkeys(("id", "identifier", "harvest_job_id", "harvest_source_id", "source_hash"), _TEXT),
        **dict.fromkeys(("source_raw", "ckan_id", "parent_identifier"), _TEXT),
        "record_type": _enum("dataset", "data_service", "catalog_record", "data_series"),
        "action": _enum("create", "update", "delete"),
        "status": _enum("error", "success", "dataset_pending"),
        "date_created": _DATE,
        "date_finished": _DATE,
        "source_transform": _OTHER,
    },
    "harvest_record_errors": {
        **dict.fromkeys(("id", "harvest_job_id", "harvest_record_id", "type", "message"), _TEXT),
        "severity": _enum(*SEVERITIES),
        "date_created": _DATE,
    },
    "harvest_job_errors": {
        **dict.fromkeys(("id", "harvest_job_id", "type", "message"), _TEXT),
        "date_created": _DATE,
    },
}
"""By table, by column."""
