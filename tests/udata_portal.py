"""A small portal that pages as udata does, with whatever should be wrong, and a store in memory before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from adapters.data_gouv_fr import ADAPTER
from adapters.data_gouv_fr.sandbox_mask import apply, parse
from gateway.model.entities import HarvestRecord
from gateway.ports import Pass
from gateway.testing import FakePortal, MemoryKnown, Reply, client_for, harvest, portal_for
from gateway.testing.harvest import MemoryPass

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(**ago: float) -> str:
    return (NOW - timedelta(**ago)).isoformat()


def job(
    name: str, *, hours: float = 12, status: str = "done", total: int = 2, **changes: Any
) -> dict[str, Any]:
    return {
        "id": name,
        "created": at(hours=hours),
        "started": at(hours=hours),
        "ended": at(hours=hours - 0.1) if status in {"done", "done-errors", "failed"} else None,
        "status": status,
        "errors": [],
        "items": {
            "rel": "subsection",
            "href": f"/api/1/harvest/job/{name}/items/",
            "type": "GET",
            "total": total,
            "by_status": {"done": total},
            "by_type": {"dataset": total},
        },
        "source": {"class": "HarvestSource", "id": "s"},
        **changes,
    }


def source(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "slug": name,
        "name": name,
        "backend": "ckan",
        "config": {},
        "created_at": at(days=90),
        "validation": {"state": "accepted", "by": None, "on": None, "comment": None},
        "organization": None,
        "owner": None,
        **changes,
    }


def item(name: str | None) -> dict[str, Any]:
    return {"remote_id": name, "status": "done", "created": at(hours=12), "errors": [], "dataset": None}


@dataclass
class Udata:
    """A small portal: pages as udata makes them, with whatever should be wrong."""

    sources: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    poison: dict[str, set[int]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    generation: str = "V17"
    statuses: Any = None
    """What the portal answers to the question for its jobs' words; None: it has no such path."""
    before_page: Callable[[str, int], None] = lambda _path, _page: None
    edit: Callable[[dict[str, Any]], dict[str, Any]] = lambda envelope: envelope
    longest: int | None = None
    """How long a page is, whatever is asked for; None: as long as that."""

    def add(self, name: str, *jobs: dict[str, Any], **changes: Any) -> None:
        last = {**jobs[0], "errors": [], "source": {"class": "NoneType", "id": None}} if jobs else None
        self.sources.insert(0, source(name, last_job=last, **changes))
        self.jobs[name] = list(jobs)
        for one in jobs:
            total = one["items"]["total"] if isinstance(one["items"], dict) else 0
            self.items.setdefault(one["id"], [item(f"{one['id']}-{n}") for n in range(total)])

    def start(self, name: str, *jobs: dict[str, Any]) -> None:
        """Let a source have newer jobs than before."""
        (old,) = [one for one in self.sources if one["id"] == name]
        listed = [*jobs, *self.jobs[name]]
        self.sources.remove(old)
        self.add(name, *listed)

    async def answer(self, request: web.Request) -> web.StreamResponse:  # noqa: PLR0911 - a path each
        path = request.path.removeprefix("/api/1/harvest")
        parts = path.strip("/").split("/")
        self.before_page(request.path, int(request.query.get("page", 0)))
        match parts:
            case ["backends" | "job_status" as name]:
                return self.top(name, slash=path.endswith("/"))
            case ["sources"]:
                return self.page(request, lambda: [self.told(one) for one in self.sources])
            case ["source", name] if path.endswith("/") is (self.generation != "V9"):
                named = [self.told(one) for one in self.sources if one["id"] == name]
                return (Reply(named[0]) if named else Reply({"message": "none"}, 404)).response()
            case ["source", name, "jobs"]:
                return self.page(request, lambda: [self.shown(one) for one in self.jobs[name]])
            case ["job", name, "items"] if self.generation == "V17" and name not in self.gone:
                return self.page(request, lambda: self.items[name], self.poison.get(name, set()))
            case ["job", name] if name not in self.gone:
                (found,) = [one for jobs in self.jobs.values() for one in jobs if one["id"] == name]
                return Reply(masked(request, self.shown(found))).response()
        unknown = parts[-1] == "items" and self.generation != "V17"
        return Reply({"message": "There is none."}, 404 if unknown else 500).response()

    def top(self, name: str, *, slash: bool) -> web.StreamResponse:
        """Answer on a path that ends in a slash or does not, as the generation has it."""
        wanted = self.generation != "V9"
        if wanted and not slash:
            return Reply({}, 308, headers={"Location": f"/api/1/harvest/{name}/"}).response()
        body = [{"id": "ckan", "label": "CKAN"}] if name == "backends" else self.statuses
        if slash is not wanted or body is None:
            return Reply({"message": "not found"}, 404).response()
        return body.response() if isinstance(body, Reply) else Reply(body).response()

    def told(self, source: dict[str, Any]) -> dict[str, Any]:
        """Return a source as its generation shows its newest run."""
        if self.generation == "V17" or not source.get("last_job"):
            return source
        return {**source, "last_job": {**source["last_job"], "items": [], "source": None}}

    def shown(self, job: dict[str, Any]) -> dict[str, Any]:
        """Return a job as its generation shows it."""
        if self.generation == "V17":
            return job
        return {**job, "items": self.items[job["id"]], "source": "the name of a source"}

    def page(
        self, request: web.Request, listed: Callable[[], list[Any]], poison: set[int] | None = None
    ) -> web.StreamResponse:
        number, size = int(request.query["page"]), int(request.query["page_size"])
        size = min(size, self.longest or size)
        rows = listed()
        start, end = (number - 1) * size, number * size
        if number > 1 and start >= len(rows):
            return Reply({"message": "past the end"}, 404).response()
        if any(start <= position < end for position in poison or ()):
            return Reply({"message": "Internal Server Error"}, 500).response()
        more = f"http://evil.example/?page={number + 1}" if end < len(rows) else None
        envelope = {
            "data": rows[start:end],
            "page": number,
            "page_size": size,
            "total": len(rows),
            "next_page": more,
        }
        return Reply(masked(request, self.edit(envelope))).response()


def masked(request: web.Request, body: Any) -> Any:
    """Return what the request's mask leaves of a job or a list of jobs."""
    mask = request.headers.get("X-Fields")
    return body if mask is None or request.path.endswith("/sources/") else apply(parse(mask), body)


@dataclass
class Desk:
    portal: FakePortal
    udata: Udata
    known: MemoryKnown

    async def run(self, kind: Pass = Pass.RECONCILE, **options: Any) -> MemoryPass:
        settings = options.pop("settings", {})
        client_options = options.pop("client", {})
        portal = portal_for(ADAPTER, self.portal.base_url, **settings)
        self.portal.requests.clear()
        async with client_for(portal, self.known.now, **client_options) as client:
            return await harvest(ADAPTER, portal, client, self.known, kind, **options)

    @property
    def asked(self) -> Counter[str]:
        return Counter(path.removeprefix("/harvest").partition("?")[0] for path in self.portal.paths)

    def end(self, made: MemoryPass, stream: str, key: str = "") -> Any:
        (found,) = [end for scope, end in made.ends if (scope.stream, scope.key) == (stream, key)]
        return found


@asynccontextmanager
async def desk(udata: Udata) -> AsyncIterator[Desk]:
    async with FakePortal({}) as portal:
        for path in ("backends", "backends/", "job_status", "job_status/", "sources/"):
            portal.answers[f"/harvest/{path}"] = udata.answer
        for name, jobs in udata.jobs.items():
            portal.answers[f"/harvest/source/{name}/jobs/"] = udata.answer
            for one in jobs:
                portal.answers[f"/harvest/job/{one['id']}/"] = udata.answer
                portal.answers[f"/harvest/job/{one['id']}/items/"] = udata.answer
        yield Desk(portal, udata, MemoryKnown(ADAPTER, NOW))


def positions(known: MemoryKnown, name: str) -> list[int | None]:
    return sorted(row.position or 0 for row in known.of(HarvestRecord).values() if row.job == name)
