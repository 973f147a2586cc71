"""A Data.gov as its published documentation has it, that shows what it is told to show: records one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from aiohttp import web
from faults.poisoning.fronts import RUN, Broken, Element, Templates, encoded

from gateway.fetch.decode import DecodeError, value
from gateway.fetch.parting import elements
from gateway.model.enums import EntityType

ORGANIZATIONS, SOURCES, JOBS, ERRORS, RECORDS = (
    "organizations",
    "harvest_sources",
    "jobs of",
    "errors",
    "record",
)
_TYPES = {
    ORGANIZATIONS: EntityType.ORGANIZATION,
    SOURCES: EntityType.HARVEST_SOURCE,
    JOBS: EntityType.HARVEST_JOB,
    ERRORS: EntityType.HARVEST_ERROR,
    RECORDS: EntityType.HARVEST_RECORD,
}
_IDS = "00000000-0000-4000-8000-"


class DocumentedFront:
    """The portal. A row of RECORDS is the whole answer to one request, and a row of ERRORS names it."""

    adapter = "data-gov"
    name = "poison-gov-documented"

    def __init__(self, templates: Templates) -> None:
        self.lists: Mapping[str, int] = {ERRORS: 300, RECORDS: 150, JOBS: 60, ORGANIZATIONS: 60, SOURCES: 20}
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
            "status": "complete",
            "date_created": _stamp(now - timedelta(minutes=10)),
            "date_finished": _stamp(now - timedelta(minutes=8)),
            "records_errored": 1,
        }
        return str(self._job["id"]).encode()

    def element(self, listed: str) -> Element:
        """Return a good element of a list, with an id of its own."""
        found = {**self._templates.of(_TYPES[listed]), "id": self._name()}
        if listed in {ERRORS, RECORDS}:
            found |= {"harvest_job_id": RUN, "date_created": self._at}
        if listed == RECORDS:
            found |= {"harvest_source_id": self._source["id"], "identifier": found["id"]}
        if listed == JOBS:
            found |= {"harvest_source_id": self._source["id"], "records_errored": 0, "status": "complete"}
        return found

    def page(self, listed: str) -> bytes:
        """Return a list as it is now, or a record."""
        return self.rows[listed][0] if listed == RECORDS else self._listed(listed)

    def splits(self, listed: str, body: bytes) -> bool:
        """Whether an answer can be taken apart."""
        try:
            return value(body) is not None if listed == RECORDS else elements(body) is not None
        except DecodeError:
            return False

    def parts(self, listed: str, rows: Sequence[bytes]) -> list[bytes] | None:
        """Return the rows as a page of that list is taken apart, None where it cannot be."""
        if listed == RECORDS:
            return [*rows]
        try:
            return elements(b"[" + b", ".join(rows) + b"]")
        except DecodeError:
            return None

    def app(self) -> web.Application:
        """Return what serves it; a 404 says that there is nothing."""
        app = web.Application()
        app.router.add_get("/organizations/", self._organizations)
        app.router.add_get("/harvest_sources/", self._sources)
        app.router.add_get("/harvest_source/{source}/jobs", self._jobs)
        app.router.add_get("/harvest_job/{job}/errors", self._errors)
        app.router.add_get("/harvest_record/{record}", self._record)
        app.router.add_get("/{path:.*}", self._nothing)
        return app

    def _listed(self, listed: str) -> bytes:
        own: Mapping[str, Sequence[Element]] = {
            ORGANIZATIONS: [self._organization],
            SOURCES: [self._source],
            JOBS: [self._job],
            ERRORS: self._naming(),
        }
        return b"[" + b", ".join([*map(encoded, own[listed]), *self.rows[listed]]) + b"]"

    def _naming(self) -> list[Element]:
        """Return an error for each record that the portal has: nothing else tells of them."""
        job, template = self._job["id"], self._templates.of(EntityType.HARVEST_ERROR)
        return [
            {**template, "id": f"of-{name}", "harvest_job_id": job, "harvest_record_id": name}
            for name in self._records()
        ]

    def _records(self) -> dict[str, bytes]:
        """Return the answers for records: under the id that one says, where it is one of ours."""
        if RECORDS in self.broken:
            return {f"{self._job['id']}-broken": b""}
        bodies = enumerate(self.rows[RECORDS])
        return {_id_of(body) or f"{self._job['id']}-{place}": body for place, body in bodies}

    def _name(self) -> str:
        return f"{_IDS}{next(self._numbers):012x}"

    def _answer(self, listed: str, body: bytes) -> web.Response:
        broken = self.broken.get(listed)
        return broken.answer() if broken else web.Response(body=body, content_type="application/json")

    async def _organizations(self, _: web.Request) -> web.Response:
        return self._answer(ORGANIZATIONS, self._listed(ORGANIZATIONS))

    async def _sources(self, _: web.Request) -> web.Response:
        return self._answer(SOURCES, self._listed(SOURCES))

    async def _jobs(self, request: web.Request) -> web.Response:
        if request.match_info["source"] != self._source["id"]:
            return web.json_response([])
        return self._answer(JOBS, self._listed(JOBS))

    async def _errors(self, request: web.Request) -> web.Response:
        if request.match_info["job"] != self._job["id"]:
            return await self._nothing(request)
        return self._answer(ERRORS, self._listed(ERRORS))

    async def _record(self, request: web.Request) -> web.Response:
        body = self._records().get(request.match_info["record"])
        return await self._nothing(request) if body is None else self._answer(RECORDS, body)

    async def _nothing(self, _: web.Request) -> web.Response:
        return web.json_response({"error": "Not Found"}, status=404)


def _id_of(body: bytes) -> str | None:
    """Return the id that an element says, None where it is not one that this portal gives.

    One with a NUL is none: nobody whose database is Postgres can have it, nor be asked for it.
    """
    try:
        found: Any = value(body)
    except DecodeError:
        return None
    name = found.get("id") if isinstance(found, dict) else None
    return name if isinstance(name, str) and name.startswith(_IDS) and "\0" not in name else None


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")
