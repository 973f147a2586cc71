"""A small Data.gov made of rows, in either dialect: as the portal serves them, as its documentation has them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.testing import FakePortal, Reply

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATHS = {
    "organizations": "/organization_list/",
    "sources": "/harvest_sources/",
    "jobs": "/harvest_jobs/",
    "records": "/harvest_records/",
    "errors": "/harvest_record_errors/",
    "job_errors": "/harvest_job_errors/",
}
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")
}
Answer = Callable[[web.Request], Reply | None]
NOT_FOUND = Reply({"error": "Not Found"}, 404)
ASTRAY = Reply(b"<html>", 308, "text/html; charset=utf-8", {"Location": "/api/v1/v1/"})
"""What the real dialect answers where it has no endpoint."""
LATER = {"record_type", "source_raw", "source_transform", "severity", "job_type", "dcatus_catalog"}
LATER |= {f"records_{counter}" for counter in ("total", "ignored", "validated", "warned")}
"""Keys that the documentation does not know."""


def at(**ago: float) -> str:
    """Return an instant before NOW as the portal writes it."""
    return (NOW - timedelta(**ago)).strftime("%a, %d %b %Y %H:%M:%S GMT")


def moment(text: str) -> datetime:
    """Return an instant that the portal wrote, without a zone, as its columns are."""
    return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")  # noqa: DTZ007 - naive on purpose


class GovPortal:
    """Rows by list; *faults* are asked first, in order, and answer or return None.

    *documented*: what it speaks; *organizations*: where it lists them then; *absent*: what else it answers there.
    """

    def __init__(self) -> None:
        self.documented = False
        self.organizations = "/organizations/"
        self.absent = NOT_FOUND
        self.none = Reply([])
        """The documented answer where there is nothing to list."""
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in PATHS}
        self.faults: list[Answer] = []
        self.rows["organizations"].append({"id": "o", "name": "Organization", "source_count": 1})
        self.fake = FakePortal({path: self._list(name) for name, path in PATHS.items()}, api_path="/api/v1")
        for path in ("/organizations/", "/organization/"):
            self.fake.answers[path] = self._list("organizations")
        self._counter = 0
        self.source("s")

    @property
    def asked(self) -> list[str]:
        """Return the paths and queries that were asked, and forget them."""
        found = [path.replace("%20", " ").replace("+", " ").replace("%2C", ",") for path in self.fake.paths]
        self.fake.requests.clear()
        return found

    def source(self, name: str) -> None:
        self.rows["sources"].append(
            {
                "id": name,
                "name": name,
                "organization_id": "o",
                "source_type": "waf",
                "schema_type": "dcatus3.0",
            }
        )
        self._served(f"/harvest_source/{name}/jobs", "jobs", "harvest_source_id", name)

    def job(self, name: str, created: str, finished: str | None = None, **changes: Any) -> dict[str, Any]:
        counters = dict.fromkeys(
            ("added", "deleted", "errored", "ignored", "total", "updated", "validated", "warned"), 0
        )
        row = {
            "id": name,
            "harvest_source_id": "s",
            "status": "complete" if finished else "in_progress",
            "job_type": "harvest",
            "date_created": created,
            "date_finished": finished,
            "dcatus_catalog": None,
            **{f"records_{counter}": value for counter, value in counters.items()},
            **changes,
        }
        self.rows["jobs"].append(row)
        self.fake.answers[f"/harvest_job/{name}"] = row
        self._served(f"/harvest_job/{name}/errors", "errors", "harvest_job_id", name)
        return row

    def harvested(self, name: str, count: int, *, days: float, **changes: Any) -> None:
        """Add an ended job of *count* created records, five a second."""
        seconds = 60 + count // 5
        self.job(name, at(days=days), at(days=days, seconds=-seconds), records_added=count, **changes)
        self.records(name, count, days=days)

    def records(self, job: str, count: int, *, days: float, **changes: Any) -> None:
        for number in range(count):
            self._counter += 1
            row = {
                "id": f"r{self._counter}",
                "identifier": f"i{self._counter}",
                "harvest_job_id": job,
                "harvest_source_id": "s",
                "record_type": "dataset",
                "action": "create",
                "status": "success",
                "date_created": at(days=days, seconds=-(1 + number // 5)),
                "date_finished": at(days=days, seconds=-(2 + number // 5)),
                "source_raw": '{"title": "T"}',
                "source_transform": None,
                **changes,
            }
            self.rows["records"].append(row)
            self._served(f"/harvest_record/{row['id']}", "records", "id", row["id"])

    def failed(self, job: str, count: int, *, days: float) -> None:
        """Add an ended job of *count* records that failed, with an error each."""
        self.job(job, at(days=days), at(days=days, seconds=-60), records_errored=count)
        first = self._counter + 1
        self.records(job, count, days=days, status="error")
        for number in range(first, first + count):
            self._error(job, f"r{number}", days=days)

    def errors(self, job: str, count: int, *, days: float) -> None:
        for _ in range(count):
            self._error(job, f"r{self._counter + 1}", days=days)

    def _error(self, job: str, record: str, *, days: float) -> None:
        self._counter += 1
        self.rows["errors"].append(
            {
                "id": f"e{self._counter}",
                "harvest_job_id": job,
                "harvest_record_id": record,
                "severity": "error",
                "type": "ValidationError",
                "date_created": at(days=days, seconds=-1),
            }
        )

    def job_error(self, job: str, **ago: float) -> None:
        self._counter += 1
        self.rows["job_errors"].append(
            {
                "id": f"j{self._counter}",
                "harvest_job_id": job,
                "type": "CompareException",
                "date_created": at(**ago),
            }
        )

    def ids(self, name: str) -> set[str]:
        """Return the ids of a list's rows."""
        return {row["id"] for row in self.rows[name]}

    def _list(self, name: str) -> Callable[[web.Request], Any]:
        def reply(request: web.Request) -> Reply:
            path = request.path.removeprefix("/api/v1")
            if self.documented:
                documented = {self.organizations, "/harvest_sources/"}
                return self._said(self.rows[name]) if path in documented else self.absent
            return (
                self.reply(name, dict(parse_qsl(request.query_string)))
                if path != "/organization/"
                else ASTRAY
            )

        return self._faulty(reply)

    def _served(self, path: str, name: str, key: str, value: str) -> None:
        """Serve what the documentation has at *path*: the rows of a list, or the one row of an id."""

        def reply(_: web.Request) -> Reply:
            lists = (name, "job_errors") if name == "errors" else (name,)
            rows = [row for each in lists for row in self.rows[each] if row.get(key) == value]
            if key == "id":
                return (self._said(rows[0]) if self.documented else Reply(rows[0])) if rows else NOT_FOUND
            return self._said(rows) if self.documented else ASTRAY

        self.fake.answers[path] = self._faulty(reply)

    def _faulty(self, honest: Callable[[web.Request], Reply]) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.StreamResponse:
            for fault in list(self.faults):
                if (reply := fault(request)) is not None:
                    return reply.response()
            return honest(request).response()

        return answer

    def _said(self, rows: Any) -> Reply:
        """Return rows, or one, as documented."""
        if isinstance(rows, dict):
            return Reply(as_documented(rows))
        return Reply([as_documented(row) for row in rows]) if rows else self.none

    def reply(self, name: str, query: dict[str, str]) -> Reply:
        """Return the portal's answer to a list's query."""
        rows = list(self._matching(name, query))
        if query.get("count") == "true" and rows:
            return Reply({"count": len(rows), "type": name})
        if name not in {"organizations", "sources"}:
            rows.sort(key=lambda row: moment(row["date_created"]), reverse=query.get("order_by") != "asc")
        if query.get("paginate") != "false" and name != "organizations":
            size = min(100, max(1, int(query.get("per_page", "10"))))
            page = max(0, int(query.get("page", "0")))
            rows = rows[page * size : (page + 1) * size]
        return Reply(rows) if rows else empty(name)

    def _matching(self, name: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        facets = [facet.split(" ", 2) for facet in query.get("facets", "").split(",") if facet]
        equal = {key: query[key] for key in ("harvest_job_id", "harvest_source_id") if key in query}
        for row in self.rows[name]:
            if all(row.get(key) == value for key, value in equal.items()) and all(
                _holds(row, *facet) for facet in facets
            ):
                yield row


def as_documented(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what the documentation does not know, its dates in ISO 8601."""
    return {
        key: _iso(value) if key.startswith("date_") else value
        for key, value in row.items()
        if key not in LATER
    }


def _iso(text: str | None) -> str | None:
    return None if text is None else moment(text).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def empty(name: str) -> Reply:
    """Return the portal's way to say that nothing was found."""
    return Reply(f"No harvest_{name} found for this query".encode(), 404, "text/html; charset=utf-8")


def _holds(row: dict[str, Any], column: str, op: str, value: str) -> bool:
    found = row.get(column)
    if found is None:
        return False  # as in SQL, NULL is neither equal nor unequal
    if column.startswith("date_"):
        return OPERATORS[op](moment(found), datetime.fromisoformat(value))
    return OPERATORS[op](found, value)
