"""A Data.gov that shows what it is told to show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count

from aiohttp import web
from faults.poisoning.fronts import RUN, Broken, Element, Templates, encoded

from gateway.fetch import decode, parting
from gateway.fetch.decode import DecodeError
from gateway.model.enums import EntityType

ORGANIZATIONS, SOURCES, JOBS = "organization_list", "harvest_sources", "harvest_jobs"
RECORDS, ERRORS, JOB_ERRORS = "harvest_records", "harvest_record_errors", "harvest_job_errors"
_TYPES = {
    ORGANIZATIONS: EntityType.ORGANIZATION,
    SOURCES: EntityType.HARVEST_SOURCE,
    JOBS: EntityType.HARVEST_JOB,
    RECORDS: EntityType.HARVEST_RECORD,
    ERRORS: EntityType.HARVEST_ERROR,
    JOB_ERRORS: EntityType.HARVEST_ERROR,
}
_WHOLE = frozenset({ORGANIZATIONS, SOURCES})
"""Lists that come in one answer."""
_OF_JOB = frozenset({RECORDS, ERRORS, JOB_ERRORS})


class GovFront:
    """The portal."""

    adapter = "data-gov"
    name = "poison-gov"

    def __init__(self, templates: Templates) -> None:
        self.lists: Mapping[str, int] = {
            RECORDS: 800,
            ERRORS: 150,
            JOB_ERRORS: 60,
            JOBS: 12,
            ORGANIZATIONS: 60,
            SOURCES: 60,
        }
        self.rows: dict[str, list[bytes]] = {}
        self.broken: dict[str, Broken] = {}
        self._templates = templates
        self._numbers = count(1)
        self._organization = {**templates.of(EntityType.ORGANIZATION), "id": self._name()}
        self._source = {**templates.of(EntityType.HARVEST_SOURCE), "id": self._name()}
        self._job: Element = {}
        self._at = ""

    def begin(self, now: datetime) -> bytes:
        """Empty the lists, let a new run of the source have ended just before *now*, and return its id."""
        self.rows = {name: [] for name in _TYPES}
        self.broken = {}
        self._at = _stamp(now - timedelta(minutes=9))
        self._job = {
            **self._templates.of(EntityType.HARVEST_JOB),
            "id": self._name(),
            "harvest_source_id": self._source["id"],
            "job_type": "harvest",
            "status": "complete",
            "date_created": _stamp(now - timedelta(minutes=10)),
            "date_finished": _stamp(now - timedelta(minutes=8)),
            "records_added": 5,
            "records_errored": 1,
        }
        return str(self._job["id"]).encode()

    def element(self, listed: str) -> Element:
        """Return a good element of a list, with an id of its own."""
        found = {**self._templates.of(_TYPES[listed]), "id": self._name()}
        if listed in _OF_JOB:
            found |= {"harvest_job_id": RUN, "date_created": self._at}
        if listed == RECORDS:
            found |= {"harvest_source_id": self._source["id"], "identifier": found["id"]}
        if listed == JOBS:
            found |= {"harvest_source_id": self._source["id"], "records_added": 0, "records_updated": 0}
            found |= {"records_deleted": 0, "records_errored": 0, "records_warned": 0, "status": "complete"}
        return found

    def page(self, listed: str) -> bytes:
        """Return a list's first page as it is now."""
        return b"[" + b", ".join(self._shown(listed)[:100]) + b"]"

    def splits(self, listed: str, body: bytes) -> bool:
        """Whether a page of that list can be taken apart."""
        return self._taken_apart(listed, body) is not None

    def parts(self, listed: str, rows: Sequence[bytes]) -> list[bytes] | None:
        """Return the rows as a page of that list is taken apart, None where it cannot be."""
        return self._taken_apart(listed, b"[" + b", ".join(rows) + b"]")

    def _taken_apart(self, listed: str, body: bytes) -> list[bytes] | None:
        """Return a page's rows; where fewer cannot be asked for, also with rows that are no JSON."""
        try:
            return (parting if listed in _WHOLE else decode).elements(body)
        except DecodeError:
            return None

    def app(self) -> web.Application:
        """Return what serves it."""
        app = web.Application()
        for name in _TYPES:
            app.router.add_get(f"/{name}/", self._list(name))
        app.router.add_get("/harvest_job/{job}", self._one_job)
        return app

    def _list(self, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            if (broken := self.broken.get(name)) is not None and self._asked(request):
                return broken.answer()
            rows = self._shown(name) if self._asked(request) else []
            if "count" in request.query:
                return web.json_response({"count": len(rows), "type": name}) if rows else _none(name)
            if "page" in request.query or "per_page" in request.query:
                size = int(request.query.get("per_page", "10"))
                start = int(request.query.get("page", "0")) * size
                rows = rows[start : start + size]
            if not rows:
                return _none(name)
            return web.Response(body=b"[" + b", ".join(rows) + b"]", content_type="application/json")

        return handle

    def _asked(self, request: web.Request) -> bool:
        """Whether the rows that the portal shows are among those that are asked for."""
        job, facets = request.query.get("harvest_job_id"), request.query.get("facets", "")
        return job in {None, self._job["id"]} and "status ne" not in facets

    def _shown(self, name: str) -> list[bytes]:
        own: Mapping[str, Element] = {
            ORGANIZATIONS: self._organization,
            SOURCES: self._source,
            JOBS: self._job,
        }
        return [*([encoded(own[name])] if name in own else ()), *self.rows[name]]

    def _name(self) -> str:
        return f"00000000-0000-4000-8000-{next(self._numbers):012x}"

    async def _one_job(self, request: web.Request) -> web.Response:
        if request.match_info["job"] == self._job["id"]:
            return web.json_response(self._job)
        return web.json_response({"error": "Not Found"}, status=404)


def _none(name: str) -> web.Response:
    return web.Response(status=404, text=f"No {name} found for this query", content_type="text/html")


def _stamp(when: datetime) -> str:
    return when.strftime("%a, %d %b %Y %H:%M:%S GMT")
