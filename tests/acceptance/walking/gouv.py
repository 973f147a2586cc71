"""data.gouv.fr's examples on the portal's paths, as the generation of the documentation lays them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from acceptance.walking.leaves import Address
from acceptance.walking.wire import Bodies, Told, Wire

BACKENDS = "GET /harvest/backends answer"
JOB = "GET /harvest/job/{ident}/ answer"
STATUSES = "GET /harvest/job_status answer"
PREVIEW = "POST /harvest/source/preview answer"
REQUEST = "POST /harvest/source/preview request"
SOURCE = "GET /harvest/source/{ident} answer"

_CONFIG = {
    "config": {
        "filters": [{"key": "text", "value": "text"}],
        "features": {"text": False},
        "extra_configs": [{"key": "text", "value": "text"}],
    }
}


def _items(job: dict[str, Any]) -> dict[str, Any]:
    """Return a job whose items are about one thing each: the example's is about a dataset and a data service."""
    return {**job, "items": [one for item in job["items"] for one in _apart(item)]}


def _apart(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {**item, "dataservice": None}
    yield {**item, "dataset": None}


def _page(*rows: dict[str, Any]) -> dict[str, Any]:
    ends = {"next_page": None, "previous_page": None}
    return {"data": list(rows), "page": 1, "page_size": 1000, "total": len(rows), **ends}


def _answers(bodies: Bodies) -> list[Told]:
    job, preview = _items(bodies[JOB]), _items(bodies[PREVIEW])
    source = {**bodies[SOURCE], "last_job": _items(bodies[SOURCE]["last_job"])}
    jobs = _page(*sorted((job, preview), key=lambda one: one["created"], reverse=True))
    return [
        {"path": "/harvest/backends", "body": [bodies[BACKENDS]]},
        {"path": "/harvest/backends/", "body": {"message": "Not found"}, "status": 404},
        {"path": "/harvest/job_status", "body": bodies[STATUSES]},
        {"path": "/harvest/sources/", "body": _page(source)},
        {"path": f"/harvest/source/{source['id']}/jobs/", "body": jobs},
        {"path": f"/harvest/job/{job['id']}/", "body": job},
        # A preview is a job that the portal does not keep: here it does, so that its items are read.
        {"path": f"/harvest/job/{preview['id']}/", "body": preview},
    ]


GOUV = Wire(
    portal="data-gouv-fr",
    dialect="v9",
    answers=_answers,
    same=(
        # A job says the name of its source, and a source its newest job.
        (Address(JOB, "/source"), Address(SOURCE, "/name")),
        (Address(PREVIEW, "/source"), Address(SOURCE, "/name")),
        (Address(SOURCE, "/last_job"), Address(JOB, "")),
        (Address(BACKENDS, "/id"), Address(SOURCE, "/backend")),
        (Address(REQUEST, ""), Address(SOURCE, "")),
    ),
    named={SOURCE: _CONFIG},
    heavy=r"/data/\d+/(last_job/)?items/.*",
)
