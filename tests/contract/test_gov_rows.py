"""The records and errors of Data.gov's jobs: read by job or by window, taken once, counted where in doubt."""

from __future__ import annotations

from aiohttp import web
from contract.gov_mirror import FULL, POLL, mirrored, once
from contract.gov_portal import empty

from gateway.model.entities import HarvestError, HarvestRecord
from gateway.testing import Reply


async def test_rows_of_jobs_that_count_none_are_the_same_by_either_way_of_reading() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 3, days=3)
        mirror.portal.harvested("quiet", 0, days=2)
        mirror.portal.harvested("job-2", 3, days=1)
        mirror.portal.records("quiet", 1, days=2, action="delete", status="dataset_pending")
        made = await mirror.follow(FULL)
        assert {record.job for record in mirror.known.of(HarvestRecord).values()} == {"job-1", "job-2"}
        assert all(end.proved for _, end in made.ends)


async def test_a_poll_reads_many_small_jobs_by_one_window() -> None:
    async with mirrored() as mirror:
        await mirror.follow(FULL)
        for minute in range(5):
            mirror.portal.harvested(f"job-{minute}", 4, days=-0.01 * (minute + 1))
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=2)
        assert len([path for path in mirror.portal.asked if path.startswith("/harvest_records/")]) == 1
        mirror.holds("records")


async def test_a_poll_does_not_read_twice() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 130, days=1)
        mirror.portal.harvested("job-2", 30, days=2)
        mirror.portal.rows["records"].pop()  # one could not be read by the portal: a count, not a record
        await mirror.follow(FULL)
        counts = [path for path in mirror.portal.asked if "count" in path]
        window = "date_created ge 2026-11-20T12:00:00,date_created lt 2026-11-21T12:01:27"
        assert counts == [f"/harvest_records/?facets={window}&count=true"]
        await mirror.follow(POLL, hours=1)
        assert not [path for path in mirror.portal.asked if "record" in path]


async def test_ties_at_page_borders_are_taken_once_and_counted() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 250, days=1)
        honest = mirror.portal.reply

        def swapped(request: web.Request) -> Reply | None:
            if "/harvest_records/" not in request.path or request.query.get("page") != "1":
                return None
            rows = honest("records", dict(request.query)).body
            before = honest("records", {**request.query, "page": "0"}).body
            return Reply([before[-1], *rows[1:]])  # a tie that changed places: one row twice, one never

        mirror.portal.faults.append(swapped)
        made = await mirror.follow(FULL)
        (end,) = [end for scope, end in made.ends if scope.stream == "records"]
        assert not end.proved
        assert end.covers == ()
        assert len(mirror.known.of(HarvestRecord)) == 249
        mirror.portal.faults.clear()
        await mirror.follow(POLL, hours=1)
        mirror.holds("records")


async def test_a_window_that_is_not_proved_covers_the_jobs_whose_counters_agree() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 60, days=2)
        mirror.portal.harvested("job-2", 60, days=1)
        honest = mirror.portal.reply

        def short(request: web.Request) -> Reply | None:
            if "/harvest_records/" in request.path and request.query.get("page") == "1":
                return Reply(honest("records", dict(request.query)).body[1:])
            return None

        mirror.portal.faults.append(short)
        await mirror.follow(FULL)
        assert await mirror.known.scopes_read("records") == {"job-1"}
        mirror.portal.faults.clear()
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert [path for path in mirror.portal.asked if "/harvest_records/" in path] == [
            "/harvest_records/?harvest_job_id=job-2&order_by=asc&per_page=100&page=0"
        ]
        mirror.holds("records")


async def test_errors_are_not_counted_where_none_are_stored() -> None:
    async with mirrored() as mirror:
        for day in range(1, 5):
            mirror.portal.harvested(f"job-{day}", 1, days=day, records_errored=9)
            mirror.portal.records(f"job-{day}", 9, days=day, status="error")
            mirror.portal.errors(f"job-{day}", 60, days=day)
        made = await mirror.follow(FULL)
        assert [path.partition("asc")[2] for path in mirror.portal.asked if "record_errors" in path] == [
            f"&per_page=100&page={page}" for page in range(3)
        ]
        assert all(end.proved for _, end in made.ends)
        await mirror.follow(FULL, hours=1)
        assert [path for path in mirror.portal.asked if "record_errors" in path and "count=true" in path]


async def test_errors_without_an_end_are_counted_where_some_are_stored() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 1, days=1, records_errored=1, records_updated=0)
        mirror.portal.errors("job-1", 3, days=1)
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/harvest_record_errors/", empty("errors")))
        made = await mirror.follow(FULL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "errors"] == [False]
        assert set(mirror.known.of(HarvestError)) == mirror.portal.ids("errors")


async def test_job_errors_without_an_end_are_counted() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 0, days=1, status="error")
        mirror.portal.job_error("job-1", days=1)
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/harvest_job_errors/", empty("job_errors")))
        made = await mirror.follow(FULL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "job_errors"] == [False]
        assert set(mirror.known.of(HarvestError)) == mirror.portal.ids("job_errors")
