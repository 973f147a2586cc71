"""Data.gov's answers that are not as they should be: rows and pages of rubbish, counts without numbers, old dates."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from contract.gov_mirror import FULL, mirrored, once
from contract.gov_portal import NOW, PATHS, empty

from adapters.data_gov import ADAPTER
from gateway.errors import PortalUnreadable
from gateway.model.entities import HarvestRecord
from gateway.testing import FakePortal, MemoryKnown, Reply, client_for, harvest, portal_for


async def test_a_row_that_cannot_be_read_costs_no_neighbour() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 120, days=1)
        honest = mirror.portal.reply

        def poisoned(request: web.Request) -> Reply | None:
            if "/harvest_records/" not in request.path or "count" in request.query:
                return None
            reply = honest("records", dict(request.query))
            if reply.status != 200:
                return None
            return Reply(json.dumps(reply.body).encode().replace(b'"i57"', b"NaN"))

        mirror.portal.faults.append(poisoned)
        made = await mirror.follow(FULL)
        assert set(mirror.known.of(HarvestRecord)) == mirror.portal.ids("records") - {"r57"}
        (rejection,) = mirror.known.rejections
        assert rejection.position == 56
        assert b"r57" in rejection.body
        assert not [end for scope, end in made.ends if scope.stream == "records" and not end.covers]


async def test_rows_that_are_no_elements_are_rejected_alone() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 2, days=1)
        rows = [*mirror.portal.rows["jobs"], 7, None, {"id": None}, {"name": "no id"}]
        mirror.portal.faults.append(once("/harvest_jobs/", Reply(rows)))
        await mirror.follow(FULL)
        mirror.holds("jobs", "records")
        assert [rejection.position for rejection in mirror.known.rejections] == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ["organization_list", "harvest_sources", "harvest_jobs", "harvest_records"])
async def test_a_list_with_a_row_that_cannot_be_read_buries_nothing(name: str) -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 3, days=1)
        await mirror.follow(FULL)

        def poisoned(request: web.Request) -> Reply | None:
            if name not in request.path or "count" in request.query:
                return None
            stream = next(stream for stream, path in PATHS.items() if name in path)
            return Reply(["poison", *mirror.portal.reply(stream, dict(request.query)).body[1:]])

        mirror.portal.faults.append(poisoned)
        await mirror.follow(FULL, hours=1)
        assert mirror.known.rejections
        assert not mirror.known.gone


@pytest.mark.parametrize("body", [b"{}", b"7", b'{"error": "no"}', b'"' + b"x" * 10, b"[NaN]", b""])
async def test_a_portal_of_rubbish_is_unreadable(body: bytes) -> None:
    async with mirrored() as mirror:
        mirror.portal.faults.append(once("/harvest_jobs/", Reply(body), times=99))
        with pytest.raises(PortalUnreadable):
            await mirror.follow(FULL)


async def test_pages_for_people_are_unreadable() -> None:
    async with mirrored() as mirror:
        mirror.portal.faults.append(once("/harvest_jobs/", Reply(b"<html>", 200, "text/html"), 9))
        with pytest.raises(PortalUnreadable, match="text/html"):
            await mirror.follow(FULL)


async def test_a_count_without_a_number_is_unreadable() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 130, days=1)
        mirror.portal.rows["records"].pop()
        mirror.portal.faults.append(once("count=true", Reply({"count": "3"})))
        with pytest.raises(PortalUnreadable):
            await mirror.follow(FULL)


async def test_the_documented_portal_of_old_dates_is_read() -> None:
    """Lists that ignore pages, ISO dates, no counters but four: what the published documentation describes."""
    job = {
        "id": "job-1",
        "harvest_source_id": "source-1",
        "status": "complete",
        "date_created": "2026-04-29T06:00:00.000Z",
        "date_finished": "2026-04-29T06:05:23.000Z",
        "records_added": 1,
        "records_updated": 0,
        "records_deleted": 0,
        "records_errored": 0,
    }
    record = {
        "id": "record-1",
        "identifier": "i",
        "status": "success",
        "action": "create",
        "date_created": "2026-04-29T06:02:45.000Z",
        "harvest_job_id": "job-1",
        "harvest_source_id": "source-1",
        "ckan_name": "example",
    }
    answers = {
        "/organization_list/": [{"id": "o"}],
        "/harvest_sources/": [{"id": "source-1"}],
        "/harvest_jobs/": [job],
        "/harvest_records/": [record],
        "/harvest_record_errors/": empty("errors"),
        "/harvest_job_errors/": empty("job_errors"),
    }
    known = MemoryKnown(ADAPTER, NOW)
    async with FakePortal(answers, api_path="/v2") as fake:
        portal = portal_for(ADAPTER, fake.base_url)
        async with client_for(portal, NOW) as client:
            await harvest(ADAPTER, portal, client, known, FULL)
    assert set(known.of(HarvestRecord)) == {"record-1"}
    assert known.of(HarvestRecord)["record-1"].catalog_name == "example"
