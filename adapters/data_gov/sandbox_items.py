"""The single rows of the sandbox portal: organizations, jobs, records with their payloads, errors."""

from __future__ import annotations

import json

from aiohttp import web

from adapters.data_gov import sandbox_answers as answers
from adapters.data_gov.sandbox_columns import SEVERITIES
from adapters.data_gov.sandbox_lists import bad_severity
from adapters.data_gov.sandbox_tables import TABLES
from adapters.data_gov.sandbox_wire import element, text
from gateway.sandbox.changes_view import View


def organization_list(request: web.Request, view: View) -> web.Response:
    """Return all organizations at once."""
    table = TABLES["organizations"]
    return answers.data(request, [element(table.row(view, key)) for key in table.keys(view)])


def organization(request: web.Request, view: View, word: str) -> web.Response:
    """Return an organization by id, slug or alias."""
    for found in view.organizations:
        if word in {found.id, found.slug} or word in (found.aliases or ()):
            return answers.data(request, element(view.organization(found)))
    return answers.data(request, {"message": "Organization not found"}, 404)


def job(request: web.Request, view: View, native: str) -> web.Response:
    """Return a job."""
    run = view.run_of(native)
    return answers.data(request, element(view.job(run))) if run else answers.missing(request)


def record(request: web.Request, view: View, native: str) -> web.Response:
    """Return a record with its payloads."""
    row = view.record_of(native)
    return answers.missing(request) if row is None else answers.data(request, element(view.record(row)))


def raw(request: web.Request, view: View, native: str) -> web.Response:
    """Return a record's payload; the source's schema type decides what it is called, null is an empty body."""
    row = view.record_of(native)
    if row is None:
        return answers.missing(request)
    found = view.record(row)
    source = view.source_of(found["harvest_source_id"])
    body = found["source_raw"] or ""
    if source is not None and source.iso:
        return answers.answer(request, body.encode(), "application/xml; charset=utf-8")
    try:
        return answers.answer(request, text(json.loads(body)), answers.JSON)
    except ValueError:
        return answers.answer(request, body.encode(), "application/json; charset=utf-8")


def transformed(request: web.Request, view: View, native: str) -> web.Response:
    """Return what an ISO payload was turned into."""
    row = view.record_of(native)
    found = None if row is None else view.record(row)["source_transform"]
    return answers.missing(request) if found is None else answers.data(request, found)


def record_errors(request: web.Request, view: View, native: str) -> web.Response:
    """Return a record's errors; none is a 404."""
    severity = request.query.get("severity")
    if severity and severity not in SEVERITIES:
        return bad_severity(request)
    row = view.record_of(native)
    run = None if row is None else view.run_of(view.facts(row)["harvest_job_id"])
    rows = [view.record_error(number) for number in view.errors_of(run)] if run else []
    found = [e for e in rows if e["harvest_record_id"] == native and severity in {None, "", e["severity"]}]
    return answers.data(request, [element(e) for e in found]) if found else answers.missing(request)


def error(request: web.Request, view: View, native: str) -> web.Response:
    """Return a job error or a record error."""
    number = view.record_error_of(native)
    if number is not None:
        return answers.data(request, element(view.record_error(number)))
    number = view.job_error_of(native)
    return (
        answers.missing(request) if number is None else answers.data(request, element(view.job_error(number)))
    )
