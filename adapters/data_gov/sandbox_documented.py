"""The interface of Data.gov as its published documentation has it, over the world of the sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from adapters.data_gov import sandbox_answers as answers
from adapters.data_gov.sandbox_gateway import BEHIND
from adapters.data_gov.sandbox_validate import Validator
from gateway.sandbox import changes_shown as shown
from gateway.sandbox.changes import Changes
from gateway.sandbox.changes_time import moment
from gateway.sandbox.changes_view import Row, View
from gateway.sandbox.portal import Now

XML = "application/xml; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
VALIDATOR = Validator(inline="json_text", schemas=("dcatus1.1: federal dataset",), named=True)
_DATES = ("date_created", "date_finished")

Item = Callable[[View, str], Any]
"""Makes what is answered out of a path's id; None where there is nothing of that id."""


class Documented:
    """Answers every request for the portal with the state of its world at the clock."""

    def __init__(self, world: Changes, now: Now) -> None:
        self._world = world
        self._now = now

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Return the answer to any method and path: what is not documented is not there."""
        path = request.path.removeprefix(f"{BEHIND}/") if request.path.startswith(f"{BEHIND}/") else ""
        if path == "validate" and request.method == "POST":
            return await VALIDATOR.answer(request)
        if request.method not in answers.SAFE:
            return answers.missing(request)
        return self._read(request, path)

    def _read(self, request: web.Request, path: str) -> web.Response:
        view = self._world.at(self._now())
        for pattern, item in _ITEMS:
            if found := pattern.fullmatch(path):
                value = item(view, "".join(found.groups()))
                return answers.missing(request) if value is None else answers.data(request, value)
        if found := _RAW.fullmatch(path):
            return _raw(request, view, found[1])
        return answers.missing(request)


def element(row: Row) -> Row:
    """Return a row as the documentation writes one: instants in ISO 8601, with milliseconds that are nought."""
    return {**row, **{key: _instant(row[key]) for key in _DATES if key in row}}


def _instant(at: int | None) -> str | None:
    return None if at is None else moment(at).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _organizations(view: View, _: str) -> list[Row]:
    return [shown.organization(view, found) for found in view.organizations]


def _organization(view: View, native: str) -> Row | None:
    found = next((one for one in view.organizations if one.id == native), None)
    return None if found is None else shown.organization(view, found)


def _sources(view: View, _: str) -> list[Row]:
    return [shown.source(view, found) for found in view.sources]


def _source(view: View, native: str) -> Row | None:
    found = view.source_of(native)
    return None if found is None else shown.source(view, found)


def _jobs(view: View, native: str) -> list[Row] | None:
    found = view.source_of(native)
    return None if found is None else [element(shown.job(view, run)) for run in view.runs_of(found)[::-1]]


def _job(view: View, native: str) -> Row | None:
    run = view.run_of(native)
    return None if run is None else element(shown.job(view, run))


def _errors(view: View, native: str) -> list[Row] | None:
    run = view.run_of(native)
    return None if run is None else [element(row) for row in shown.errors(view, run)]


def _record(view: View, native: str) -> Row | None:
    row = view.record_of(native)
    return None if row is None else element(shown.record(view, row))


def _transformed(view: View, native: str) -> Row | None:
    row = view.record_of(native)
    content = None if row is None else view.content(row)
    return None if content is None else content.transform


def _raw(request: web.Request, view: View, native: str) -> web.Response:
    row = view.record_of(native)
    content = None if row is None else view.content(row)
    if content is None:
        return answers.missing(request)
    return answers.answer(request, content.raw.encode(), media_of(content.raw))


def media_of(text: str) -> str:
    """Return the media type of a payload, told by what it is."""
    if text.lstrip().startswith("<"):
        return XML
    try:
        json.loads(text)
    except ValueError:
        return PLAIN
    return answers.JSON


_ITEMS: tuple[tuple[re.Pattern[str], Item], ...] = tuple(
    (re.compile(pattern), item)
    for pattern, item in (
        (r"organizations?/", _organizations),
        (r"organization/([^/]+)", _organization),
        (r"harvest_sources/", _sources),
        (r"harvest_source/([^/]+)", _source),
        (r"harvest_source/([^/]+)/jobs", _jobs),
        (r"harvest_job/([^/]+)", _job),
        (r"harvest_job/([^/]+)/errors", _errors),
        (r"harvest_record/([^/]+)", _record),
        (r"harvest_record/([^/]+)/transformed", _transformed),
    )
)
_RAW = re.compile(r"harvest_record/([^/]+)/raw")
