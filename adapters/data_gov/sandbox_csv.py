"""The CSV downloads of a job's errors, sent in chunks as the portal does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from aiohttp import web

from adapters.data_gov import sandbox_answers as answers
from gateway.sandbox.changes_runs import Run
from gateway.sandbox.changes_time import moment
from gateway.sandbox.changes_view import View

JOB_HEAD = ("harvest_job_id", "date_created", "job_error_type", "message", "harvest_job_error_id")
RECORD_HEAD = (
    "record_error_id",
    "identifier",
    "title",
    "harvest_record_id",
    "record_error_type",
    "severity",
    "message",
    "date_created",
)


async def errors(request: web.Request, view: View, native: str, kind: str) -> web.StreamResponse:
    """Send the errors of a job; of a job that there is not, job errors break off after the head."""
    if kind not in {"job", "record"}:
        return answers.words(request, "Invalid error type. Must be 'job' or 'record'", 400)
    run = view.run_of(native)
    response = web.StreamResponse(headers=answers.headers(request.method, 200))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f"attachment; filename={native}_{kind}_errors.csv"
    response.enable_chunked_encoding()
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    await response.write(_lines([JOB_HEAD if kind == "job" else RECORD_HEAD]))
    if run is None and kind == "job":
        if request.transport is not None:
            request.transport.close()
        return response
    if run is not None:
        await response.write(_lines(_job(view, run) if kind == "job" else _record(view, run)))
    await response.write_eof()
    return response


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _date(instant: int) -> str:
    return moment(instant).replace(tzinfo=None).isoformat(" ", "microseconds")


def _job(view: View, run: Run) -> Iterator[tuple[Any, ...]]:
    for number in view.job_errors:
        row = view.job_error(number)
        if row["harvest_job_id"] == run.id:
            yield row["harvest_job_id"], _date(row["date_created"]), row["type"], row["message"], row["id"]


def _record(view: View, run: Run) -> Iterator[tuple[Any, ...]]:
    for number in view.errors_of(run):
        row = view.record_error(number)
        identifier, title = _subject(view, row["harvest_record_id"])
        about = (row["type"], row["severity"], row["message"], _date(row["date_created"]))
        yield row["id"], identifier, title, row["harvest_record_id"], *about


def _subject(view: View, record: str | None) -> tuple[str | None, str | None]:
    row = view.record_of(record) if record else None
    if row is None:
        return None, None
    content = view.content(row)
    title = (content.payload or {}).get("title") if content else None
    return view.facts(row)["identifier"], title if isinstance(title, str) else None
