"""A small Data.gov made of rows: the generic lists as the portal serves them, for the crawl's tests."""

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


def at(**ago: float) -> str:
    """Return an instant before NOW as the portal writes it."""
    return (NOW - timedelta(**ago)).strftime("%a, %d %b %Y %H:%M:%S GMT")


def moment(text: str) -> datetime:
    """Return an instant that the portal wrote, without a zone, as its columns are."""
    return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")  # noqa: DTZ007 - naive on purpose


class GovPortal:
    """Rows by list; *faults* are asked first, in order, and answer or return None."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in PATHS}
        self.faults: list[Answer] = []
        self.rows["organizations"].append({"id": "o", "name": "Organization", "source_count": 1})
        self.source("s")
        self.fake = FakePortal({path: self._list(name) for name, path in PATHS.items()}, api_path="/api/v1")
        self._counter = 0

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
        return row

    def harvested(self, name: str, count: int, *, days: float, **changes: Any) -> None:
        """Add an ended job of *count* created records, five a second."""
        seconds = 60 + count // 5
        self.job(name, at(days=days), at(days=days, seconds=-seconds), records_added=count, **changes)
        self.records(name, count, days=days)

    def records(self, job: str, count: int, *, days: float, **changes: Any) -> None:
        for number in range(count):
            self._counter += 1
            self.rows["records"].append(
                {
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
            )

    def errors(self, job: str, count: int, *, days: float) -> None:
        for _ in range(count):
            self._counter += 1
            row = {
                "id": f"e{self._counter}",
                "harvest_job_id": job,
                "harvest_record_id": f"r{self._counter}",
                "severity": "error",
                "type": "ValidationError",
                "date_created": at(days=days, seconds=-1),
            }
            self.rows["errors"].append(row)

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
        async def answer(request: web.Request) -> web.StreamResponse:
            for fault in list(self.faults):
                if (reply := fault(request)) is not None:
                    return reply.response()
            return self.reply(name, dict(parse_qsl(request.query_string))).response()

        return answer

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
