"""The harvester's own interface: which path answers what, its endless redirects included."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from adapters.data_gov import sandbox_answers as answers
from adapters.data_gov import sandbox_csv, sandbox_items, sandbox_openapi
from adapters.data_gov.sandbox_lists import Lists
from adapters.data_gov.sandbox_tables import TABLES
from adapters.data_gov.sandbox_validate import Validator
from gateway.sandbox.changes import Changes
from gateway.sandbox.changes_view import View
from gateway.sandbox.portal import Now

API = "/api/v1/"
VALIDATOR = Validator()
Item = Callable[[web.Request, View, str], web.Response]

_ITEMS: tuple[tuple[re.Pattern[str], Item], ...] = tuple(
    (re.compile(pattern), item)
    for pattern, item in (
        (r"organization/([^/]+)", sandbox_items.organization),
        (r"harvest_job/([^/]+)", sandbox_items.job),
        (r"harvest_record/([^/]+)", sandbox_items.record),
        (r"harvest_record/([^/]+)/raw", sandbox_items.raw),
        (r"harvest_record/([^/]+)/transformed", sandbox_items.transformed),
        (r"harvest_record/([^/]+)/errors", sandbox_items.record_errors),
        (r"harvest_error/([^/]+)", sandbox_items.error),
    )
)
_CSV = re.compile(r"harvest_job/([^/]+)/errors/([^/]+)")
_SLASHED = frozenset({*TABLES, "organization_list"})
_WRITTEN = re.compile(r"(organization|harvest_source|harvest_job|harvest_record|harvest_error)(/.*)?")
_PAGES = re.compile(
    r"/|/(login|metrics/|organizations/|harvest_sources/)|/(harvest_job|harvest_source|organization)/[^/]+"
)


class Real:
    """Answers every request for the portal with the state of its world at the clock."""

    def __init__(self, world: Changes, now: Now) -> None:
        self._world = world
        self._now = now
        self._lists = Lists()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Return the answer to any method and path."""
        path = request.path
        if path == "/openapi.json":
            return answers.data(request, sandbox_openapi.document(f"{request.url.origin()}/"))
        if path.startswith(API):
            return await (self._api(request, path.removeprefix(API)) or _astray(request))
        if path.startswith("/api/"):
            return await _astray(request)
        return (
            answers.page(request, "Harvester")
            if _PAGES.fullmatch(path)
            else answers.page(request, "Not Found", 404)
        )

    def _api(self, request: web.Request, path: str) -> Awaitable[web.StreamResponse] | None:
        """Return the answer of a route of the interface, None where there is none."""
        if path == "validate" and request.method == "POST":
            return VALIDATOR.answer(request)
        if request.method not in answers.SAFE:
            return _done(_refused(request)) if _WRITTEN.fullmatch(path) else None
        if path.rstrip("/") in _SLASHED:
            return self._list(request, path)
        view = self._world.at(self._now())
        if found := _CSV.fullmatch(path):
            return sandbox_csv.errors(request, view, *found.groups())
        for pattern, item in _ITEMS:
            if found := pattern.fullmatch(path):
                return _done(item(request, view, found[1]))
        return None

    def _list(self, request: web.Request, path: str) -> Awaitable[web.StreamResponse] | None:
        if path in _SLASHED:
            query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
            return _done(answers.moved(request, f"{request.url.origin()}{request.rel_url.raw_path}/{query}"))
        if path.removesuffix("/") not in _SLASHED:
            return None
        view = self._world.at(self._now())
        if path == "organization_list/":
            return _done(sandbox_items.organization_list(request, view))
        return _done(self._lists.answer(request, view, path.removesuffix("/")))


async def _done(response: web.StreamResponse) -> web.StreamResponse:
    return response


async def _astray(request: web.Request) -> web.StreamResponse:
    """Return what every other path below ``/api/`` gets: a redirect to a version that it has already."""
    rest = request.rel_url.raw_path.removeprefix("/api/")
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    return answers.moved(request, f"{API}{rest}{query}")


def _refused(request: web.Request) -> web.StreamResponse:
    """Return what a write gets from a portal that knows nobody."""
    if "X-Api-Key" in request.headers:
        return answers.words(request, "error: Unauthorized", 401)
    if request.method == "PUT" or request.content_type == answers.JSON:
        return answers.words(request, "error: X-API-Key header missing", 401)
    return answers.moved(request, "/login", 302)
