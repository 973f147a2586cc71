"""Two broken rows of Data.gov that are one row together: a page that they shorten is no list's end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from contract.gov_mirror import FULL, POLL, Mirror, mirrored
from contract.gov_portal import at

from gateway.model.entities import HarvestError, HarvestJob, HarvestRecord
from gateway.testing import Reply

LISTS = {"jobs": "/harvest_jobs/", "records": "/harvest_records/", "job_errors": "/harvest_job_errors/"}
TYPES: dict[str, Any] = {"jobs": HarvestJob, "records": HarvestRecord, "job_errors": HarvestError}


def merged(rows: list[dict[str, Any]], first: int) -> bytes:
    """Return a list whose rows *first* and the next are each no JSON, and together one row with two ids."""
    texts = [json.dumps(row) for row in rows]
    texts[first] = texts[first][:-1] + ', "torn": "open}'
    texts[first + 1] = '{",' + texts[first + 1][1:]
    return f"[{', '.join(texts)}]".encode()


def spoilt(mirror: Mirror, name: str) -> Callable[[web.Request], Reply | None]:
    """Return a fault that merges two rows of each page of a list that has more than five."""

    def answer(request: web.Request) -> Reply | None:
        if LISTS[name] not in request.path or "count=true" in request.query_string:
            return None
        rows = mirror.portal.reply(name, dict(request.query)).body
        return Reply(merged(rows, 3)) if isinstance(rows, list) and len(rows) > 5 else None

    return answer


def filled(mirror: Mirror) -> None:
    """Let the portal have more than a page of everything."""
    for number in range(130):
        mirror.portal.job(
            f"job-{number:03}", at(hours=200 - number), at(hours=199.9 - number), status="error"
        )
        mirror.portal.job_error(f"job-{number:03}", hours=199.95 - number)
    mirror.portal.harvested("full", 130, days=0.5)


@pytest.mark.parametrize("name", LISTS)
async def test_what_is_stored_is_not_gone_and_nothing_is_proved(name: str) -> None:
    async with mirrored() as mirror:
        filled(mirror)
        await mirror.follow(FULL)
        mirror.portal.faults.append(spoilt(mirror, name))
        made = await mirror.follow(FULL, hours=1)
        assert {scope.stream for scope, end in made.ends if not end.proved} == {name}
        assert not mirror.known.gone
        assert mirror.known.rejections


@pytest.mark.parametrize("name", LISTS)
async def test_the_rows_beyond_are_read_at_once(name: str) -> None:
    async with mirrored() as mirror:
        filled(mirror)
        mirror.portal.faults.append(spoilt(mirror, name))
        await mirror.follow(FULL)
        every = mirror.portal.ids(name)
        assert len(every - set(mirror.known.of(TYPES[name]))) <= 4, "two of each page"
        assert all(b'"torn"' in one.body for one in mirror.known.rejections)


async def test_a_poll_that_meets_them_puts_them_aside_and_goes_on() -> None:
    async with mirrored() as mirror:
        filled(mirror)
        await mirror.follow(FULL)
        for number in range(12):
            name = f"late-{number:02}"
            mirror.portal.job(name, at(hours=-0.1, seconds=-number), at(hours=-0.2, seconds=-number))
        mirror.portal.faults.append(spoilt(mirror, "jobs"))
        await mirror.follow(POLL, hours=1)
        assert len(mirror.portal.ids("jobs") - set(mirror.known.of(HarvestJob))) == 2
        assert len(mirror.known.rejections) == 1
        mirror.portal.faults.clear()
        await mirror.follow(FULL, hours=1)
        mirror.holds("jobs")


async def test_a_row_that_holds_things_with_ids_is_no_two_rows() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 3, days=2)
        for row in mirror.portal.rows["records"]:
            row["source_transform"] = {"id": "of a part", "parts": [{"id": 1}, {"id": 2}]}
        made = await mirror.follow(FULL)
        assert all(end.proved for _, end in made.ends)
        assert not mirror.known.rejections
        assert not [path for path in mirror.portal.asked if "count=true" in path]


@pytest.mark.parametrize("documented", [False, True], ids=["real", "documented"])
async def test_a_source_that_is_merged_with_another_is_not_gone(documented: bool) -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = documented
        for number in range(8):
            mirror.portal.source(f"s{number}")
        await mirror.follow(FULL)
        mirror.portal.fake.answers["/harvest_sources/"] = Reply(merged(mirror.portal.rows["sources"], 3))
        made = await mirror.follow(POLL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "sources"] == [False]
        assert not mirror.known.gone
        assert len(mirror.known.rejections) == 1
