"""Lists of Data.gov that look whole and are not: an id used twice, nothing at all, fewer rows than were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from contract.gov_mirror import FULL, Mirror, mirrored

from gateway.testing import Reply

Edit = Callable[[list[Any]], list[Any]]


def spoilt(mirror: Mirror, matches: str, edit: Edit) -> Callable[[web.Request], Reply | None]:
    """Return a fault that lets *edit* change the rows of every list whose address holds *matches*."""
    names = {
        "/organization": "organizations",
        "/harvest_sources": "sources",
        "/harvest_record_errors": "errors",
    }

    def answer(request: web.Request) -> Reply | None:
        path = request.raw_path
        if matches not in path or "count=true" in path:
            return None
        name = next((name for start, name in names.items() if start in path), "jobs")
        portal = mirror.portal
        if portal.documented:
            if name == "jobs" and "/errors" in path:
                name = "errors"
            rows = portal._said(portal.rows[name]).body
        else:
            rows = portal.reply(name, dict(request.query)).body
        return Reply(edit(rows)) if isinstance(rows, list) else None

    return answer


def an_id_twice(rows: list[Any]) -> list[Any]:
    return [*rows[:-1], {**rows[-1], "id": rows[0]["id"]}] if len(rows) > 1 else rows


def nothing(rows: list[Any]) -> list[Any]:
    return rows[:0]


def ten(rows: list[Any]) -> list[Any]:
    return rows[:10]


def unproved(made: Any) -> set[str]:
    return {scope.stream for scope, end in made.ends if not end.proved}


@pytest.mark.parametrize(
    ("path", "stream"), [("/organization", "organizations"), ("/harvest_sources", "sources")]
)
@pytest.mark.parametrize("documented", [False, True])
async def test_an_id_used_twice_hides_a_row_and_buries_none(path: str, stream: str, documented: bool) -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = documented
        for name in ("t", "u"):
            mirror.portal.source(name)
            mirror.portal.rows["organizations"].append({"id": f"o-{name}", "name": name, "source_count": 0})
        await mirror.follow(FULL)
        mirror.portal.faults.append(spoilt(mirror, path, an_id_twice))
        made = await mirror.follow(FULL, hours=1)
        assert stream in unproved(made)
        assert not mirror.known.gone
        mirror.portal.faults.clear()
        assert unproved(await mirror.follow(FULL, hours=1)) <= {"records"}
        mirror.holds(stream)


@pytest.mark.parametrize("edit", [an_id_twice, nothing])
async def test_jobs_of_a_source_that_are_hidden_are_not_gone(edit: Edit) -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = True
        for number in range(3):
            mirror.portal.harvested(f"job-{number}", 0, days=3 + number)
        await mirror.follow(FULL)
        mirror.portal.faults.append(spoilt(mirror, "/jobs", edit))
        made = await mirror.follow(FULL, hours=1)
        assert "jobs" in unproved(made)
        assert not mirror.known.gone


@pytest.mark.parametrize("edit", [an_id_twice, nothing])
async def test_errors_of_a_job_that_are_hidden_are_not_gone(edit: Edit) -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = True
        mirror.portal.failed("job-1", 3, days=3)
        await mirror.follow(FULL)
        mirror.portal.faults.append(spoilt(mirror, "/errors", edit))
        made = await mirror.follow(FULL, hours=1)
        assert "errors" in unproved(made)
        assert not mirror.known.gone


@pytest.mark.parametrize("edit", [an_id_twice, nothing, ten])
async def test_errors_of_records_that_are_hidden_are_not_gone(edit: Edit) -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 1, days=1, records_errored=1, records_updated=0)
        mirror.portal.errors("job-1", 12, days=1)
        await mirror.follow(FULL)
        mirror.portal.faults.append(spoilt(mirror, "/harvest_record_errors/", edit))
        made = await mirror.follow(FULL, hours=1)
        assert "errors" in unproved(made)
        assert not mirror.known.gone


async def test_a_page_that_comes_once_more_is_no_end() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 1, days=1, records_errored=1, records_updated=0)
        mirror.portal.errors("job-1", 104, days=1)
        await mirror.follow(FULL)

        def first(request: web.Request) -> Reply | None:
            if "/harvest_record_errors/" not in request.path or request.query.get("page") != "1":
                return None
            return mirror.portal.reply("errors", {**request.query, "page": "0"})

        mirror.portal.faults.append(first)
        made = await mirror.follow(FULL, hours=1)
        assert "errors" in unproved(made)
        assert not mirror.known.gone


async def test_a_new_job_behind_an_id_used_twice_is_found_later() -> None:
    async with mirrored() as mirror:
        for number in range(3):
            mirror.portal.harvested(f"job-{number}", 0, days=6 - number)
        await mirror.follow(FULL)
        mirror.portal.harvested("job-9", 0, days=0.02)
        mirror.portal.faults.append(spoilt(mirror, "/harvest_jobs/", an_id_twice))
        made = await mirror.follow(FULL, hours=1)
        assert "jobs" in unproved(made)
        assert not mirror.known.gone
