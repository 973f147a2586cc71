"""A first load, a poll and a reconcile of Data.gov: the fewest requests, and what they prove."""

from __future__ import annotations

from contract.gov_mirror import FULL, POLL, mirrored, once
from contract.gov_portal import at, empty

from gateway.model.entities import HarvestError, HarvestRecord


async def test_a_first_load_reads_everything_with_the_fewest_requests() -> None:
    async with mirrored() as mirror:
        for day in range(1, 11):
            mirror.portal.harvested(f"job-{day:02}", 30, days=day)
        mirror.portal.harvested("quiet", 0, days=11)
        mirror.portal.job_error("job-01", days=1)
        made = await mirror.follow(FULL)
        assert mirror.portal.asked == [
            "/organization_list/",
            "/harvest_sources/?paginate=false",
            "/harvest_jobs/?order_by=asc&per_page=100&page=0",
            *(
                "/harvest_records/?facets=date_created ge 2026-11-12T12:00:00,date_created lt 2026-11-21T12:01:07"
                f"&order_by=asc&per_page=100&page={page}"
                for page in range(4)
            ),
            "/harvest_job_errors/?order_by=asc&per_page=100&page=0",
        ]
        mirror.holds("organizations", "sources", "jobs", "records")
        assert all(end.proved for _, end in made.ends)
        assert await mirror.known.scopes_read("records") == mirror.portal.ids("jobs")
        assert await mirror.known.scopes_read("errors") == mirror.portal.ids("jobs")


async def test_a_quiet_poll_is_five_requests() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 3, days=1)
        await mirror.follow(FULL)
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert mirror.portal.asked == [
            "/organization_list/",
            "/harvest_sources/?paginate=false",
            "/harvest_jobs/?facets=status ne complete,status ne error&order_by=asc&per_page=100&page=0",
            "/harvest_jobs/?facets=date_finished ge 2026-11-22T11:57:00&order_by=asc&per_page=100&page=0",
            "/harvest_job_errors/?facets=date_created ge 2026-11-22T11:57:00&order_by=asc&per_page=100&page=0",
        ]
        mirror.holds("jobs", "records")


async def test_a_poll_reads_the_rows_of_what_ended_meanwhile() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("old", 3, days=1)
        running = mirror.portal.job("running", at(hours=1))
        mirror.portal.records("running", 2, days=1 / 24, status=None)
        await mirror.follow(FULL)
        assert set(mirror.known.of(HarvestRecord)) == {"r1", "r2", "r3"}, "rows of running jobs are dropped"
        running.update(status="complete", date_finished=at(hours=-0.5), records_added=2, records_errored=1)
        mirror.portal.records("running", 1, days=0, status="error")
        mirror.portal.errors("running", 4, days=0)
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert [path for path in mirror.portal.asked if "record" in path] == [
            "/harvest_records/?harvest_job_id=running&order_by=asc&per_page=100&page=0",
            "/harvest_record_errors/?harvest_job_id=running&order_by=asc&per_page=100&page=0",
        ]
        mirror.holds("jobs", "records")
        assert set(mirror.known.of(HarvestError)) == mirror.portal.ids("errors")


async def test_a_reconcile_reads_all_jobs_again() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 2, days=3)
        mirror.portal.harvested("job-2", 2, days=1)
        await mirror.follow(FULL)
        mirror.portal.rows["records"][0]["status"] = "error"  # an administrator's hand
        await mirror.follow(FULL, hours=1)
        assert mirror.known.of(HarvestRecord)["r1"].native_status == "error"


async def test_what_vanished_is_found_by_a_reconcile_and_proved_by_the_lists() -> None:
    async with mirrored() as mirror:
        mirror.portal.source("t")
        mirror.portal.harvested("job-1", 3, days=2)
        mirror.portal.harvested("job-2", 3, days=1, harvest_source_id="t")
        await mirror.follow(FULL)
        for name in ("jobs", "records"):
            mirror.portal.rows[name] = [
                row
                for row in mirror.portal.rows[name]
                if "job-2" not in (row["id"], row.get("harvest_job_id"))
            ]
        mirror.portal.rows["sources"].pop()
        assert mirror.portal.asked
        made = await mirror.follow(FULL, hours=1)
        assert not [path for path in mirror.portal.asked if "count" in path]
        assert all(end.proved for _, end in made.ends)
        mirror.holds("sources", "jobs")


async def test_empty_lists_of_sources_prove_nothing() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 1, days=2)
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/organization_list/", empty("organizations")))
        mirror.portal.faults.append(once("/harvest_sources/", empty("sources")))
        made = await mirror.follow(POLL, hours=1)
        assert [end.proved for scope, end in made.ends][:2] == [False, False]
        mirror.holds("sources", "organizations")


async def test_an_empty_portal_is_read_too() -> None:
    async with mirrored() as mirror:
        for rows in mirror.portal.rows.values():
            rows.clear()
        made = await mirror.follow(FULL)
        assert all(end.proved for _, end in made.ends)
        assert len(mirror.portal.asked) == 4
