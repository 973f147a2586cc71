"""A data.gouv.fr that shows what it is told to show, with its items beside or inside of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count

from aiohttp import web
from faults.poisoning.fronts import Broken, Element, Templates, encoded

from gateway.fetch.decode import DecodeError
from gateway.fetch.parting import envelope
from gateway.fetch.splitting import Members
from gateway.model.enums import EntityType

SOURCES, JOBS, ITEMS = "sources", "jobs", "items"
_TYPES = {
    SOURCES: EntityType.HARVEST_SOURCE,
    JOBS: EntityType.HARVEST_JOB,
    ITEMS: EntityType.HARVEST_RECORD,
}


STATUSES = ["pending", "initializing", "initialized", "processing", "done", "done-errors", "failed"]
_LISTS: Mapping[str, Mapping[str, int]] = {
    "v17": {ITEMS: 800, JOBS: 40, SOURCES: 60},
    "v16": {ITEMS: 800},
    "v9": {ITEMS: 800, JOBS: 40, SOURCES: 60},
}


class GouvFront:
    """The portal; its *wire* says whether its runs hold their items (before v17), and where its backends are."""

    adapter = "data-gouv-fr"

    def __init__(self, templates: Templates, wire: str) -> None:
        self.name = f"poison-gouv-{wire}"
        self.lists = _LISTS[wire]
        self.rows: dict[str, list[bytes]] = {}
        self.broken: dict[str, Broken] = {}
        self._templates = templates
        self._embedded = wire != "v17"
        self._slash = "" if wire == "v9" else "/"
        self._numbers = count(1)
        self._source = {**self._of(SOURCES), "id": self._name(), "deleted": None}
        self._job: Element = {}

    def begin(self, now: datetime) -> bytes:
        """Empty the lists, let a new run of the source have ended just before *now*, and return its id."""
        self.rows = {SOURCES: [], JOBS: [], ITEMS: []}
        self.broken = {}
        self._job = self._run(now)
        self._source["last_job"] = self._job
        return str(self._job["id"]).encode()

    def element(self, listed: str) -> Element:
        """Return a good element of a list, with an id of its own."""
        found = {**self._of(listed), "id": self._name()}
        if listed == SOURCES:
            return {**found, "last_job": None}
        if listed == JOBS:
            items = {"items": [{"status": "done"}, {"status": "failed"}]} if self._embedded else {}
            return {**found, "created": "2024-01-01T00:00:00+00:00", **items}
        return {key: value for key, value in found.items() if key != "id"} | {"remote_id": found["id"]}

    def page(self, listed: str) -> bytes:
        """Return a list's first page as it is now."""
        if listed == ITEMS and self._embedded:
            return self._whole_job()
        return self._page(self._shown(listed))

    def splits(self, listed: str, body: bytes) -> bool:
        """Whether a page can be taken apart."""
        try:
            if listed == ITEMS and self._embedded:
                members = Members(BytesIO(body), "items")
                return list(members) is not None and members.found
            envelope(body, "data")
        except DecodeError:
            return False
        return True

    def parts(self, listed: str, rows: Sequence[bytes]) -> list[bytes] | None:
        """Return the rows as a page of that list is taken apart, None where it cannot be."""
        body = b'{"data":[' + b",".join(rows) + b"]}"
        try:
            if listed == ITEMS and self._embedded:
                return list(Members(BytesIO(body), "data"))
            return envelope(body, "data")[1]
        except DecodeError:
            return None

    def app(self) -> web.Application:
        """Return what serves it."""
        app = web.Application()
        app.router.add_get(f"/harvest/backends{self._slash}", self._backends)
        app.router.add_get("/harvest/sources/", self._sources)
        app.router.add_get("/harvest/source/{source}/jobs/", self._jobs)
        app.router.add_get("/harvest/job/{job}/", self._one_job)
        if not self._slash:
            app.router.add_get("/harvest/job_status", self._statuses)
        if not self._embedded:
            app.router.add_get("/harvest/job/{job}/items/", self._items)
        return app

    def _run(self, now: datetime) -> Element:
        ended = now - timedelta(minutes=5)
        job = {**self._of(JOBS), "id": self._name(), "status": "done", "errors": []}
        job |= {name: ended.isoformat() for name in ("created", "started", "ended")}
        counters = {"total": 5, "by_status": {"done": 5}, "by_type": {}}
        return {**job, "items": [{"status": "done"}] * 5 if self._embedded else counters}

    def _shown(self, listed: str) -> list[bytes]:
        own = {SOURCES: [encoded(self._source)], JOBS: [encoded(self._job)], ITEMS: []}
        return [*own[listed], *self.rows[listed]]

    def _whole_job(self) -> bytes:
        others = {key: value for key, value in self._job.items() if key != "items"}
        return encoded(others)[:-1] + b', "items": [' + b", ".join(self.rows[ITEMS]) + b"]}"

    def _of(self, listed: str) -> Element:
        return self._templates.of(_TYPES[listed])

    def _name(self) -> str:
        return f"{next(self._numbers):024x}"

    @staticmethod
    def _page(rows: Sequence[bytes]) -> bytes:
        head = f'"total": {len(rows)}, "next_page": null, "previous_page": null, "page": 1, "page_size": 1000'
        return b'{"data": [' + b", ".join(rows) + b"], " + head.encode() + b"}"

    def _answer(self, listed: str, body: bytes) -> web.Response:
        broken = self.broken.get(listed)
        return broken.answer() if broken else web.Response(body=body, content_type="application/json")

    async def _backends(self, _: web.Request) -> web.Response:
        listed = self._templates.all(EntityType.HARVEST_BACKEND)
        return web.Response(body=encoded(listed), content_type="application/json")

    async def _statuses(self, _: web.Request) -> web.Response:
        return web.json_response(STATUSES)

    async def _sources(self, _: web.Request) -> web.Response:
        return self._answer(SOURCES, self.page(SOURCES))

    async def _jobs(self, request: web.Request) -> web.Response:
        if request.match_info["source"] != self._source["id"]:
            return web.Response(body=self._page(()), content_type="application/json")
        return self._answer(JOBS, self.page(JOBS))

    async def _items(self, request: web.Request) -> web.Response:
        if request.match_info["job"] != self._job["id"]:
            return web.Response(body=self._page(()), content_type="application/json")
        return self._answer(ITEMS, self.page(ITEMS))

    async def _one_job(self, request: web.Request) -> web.Response:
        name = request.match_info["job"]
        if name != self._job["id"]:
            items = [] if self._embedded else {"total": 0, "by_status": {}, "by_type": {}}
            return web.json_response({**self._job, "id": name, "items": items})
        if self._embedded:
            return self._answer(ITEMS, self._whole_job())
        return web.json_response(self._job)
