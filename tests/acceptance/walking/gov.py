"""Data.gov's examples on the portal's paths, as its documentation has them."""

from __future__ import annotations

from acceptance.walking.leaves import Address
from acceptance.walking.wire import Bodies, Told, Wire

SOURCES = "GET /harvest_sources/ answer"
JOBS = "GET /harvest_source/{source_id}/jobs answer"
ORGANIZATIONS = "GET /organizations/ answer"
ERRORS = "GET /harvest_job/{job_id}/errors answer"
RECORD = "GET /harvest_record/{record_id} answer"
RAW = "GET /harvest_record/{record_id}/raw answer"
TRANSFORMED = "GET /harvest_record/{record_id}/transformed answer"
REQUEST = "POST /validate request"


def _answers(bodies: Bodies) -> list[Told]:
    source, job, record = bodies[SOURCES][0]["id"], bodies[JOBS][0]["id"], bodies[RECORD]["id"]
    return [
        {"path": "/organization_list/", "body": "", "status": 308, "media_type": "text/html"},
        {"path": "/organizations/", "body": bodies[ORGANIZATIONS]},
        {"path": "/harvest_sources/", "body": bodies[SOURCES]},
        {"path": f"/harvest_source/{source}/jobs", "body": bodies[JOBS]},
        {"path": f"/harvest_job/{job}/errors", "body": bodies[ERRORS]},
        {"path": f"/harvest_record/{record}", "body": bodies[RECORD]},
        {"path": f"/harvest_record/{record}/raw", "body": bodies[RAW], "media_type": "text/plain"},
        {"path": f"/harvest_record/{record}/transformed", "body": bodies[TRANSFORMED]},
    ]


_SOURCE, _JOB = Address(SOURCES, "/0/id"), Address(JOBS, "/0/id")

GOV = Wire(
    portal="data-gov",
    dialect="documented",
    answers=_answers,
    same=(
        (Address(SOURCES, "/0/organization_id"), Address(ORGANIZATIONS, "/0/id")),
        (Address(JOBS, "/0/harvest_source_id"), _SOURCE),
        (Address(ERRORS, "/0/harvest_job_id"), _JOB),
        (Address(ERRORS, "/0/harvest_record_id"), Address(RECORD, "/id")),
        (Address(RECORD, "/harvest_job_id"), _JOB),
        (Address(RECORD, "/harvest_source_id"), _SOURCE),
        (Address(f"{REQUEST} 2", ""), Address(REQUEST, "")),
    ),
    named={REQUEST: {"json_text": "text"}},
    described={RAW: "text", TRANSFORMED: {"title": "text", "keyword": ["text"]}},
    records=lambda bodies: [bodies[RECORD]["id"]],
    refusals={"error": ("/harvest_sources/", 500), "error 2": ("/organizations/", 422)},
)
