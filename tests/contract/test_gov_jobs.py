"""Data.gov's jobs, running, ended, planned or gone: none is missed, and none is buried unproved."""

from __future__ import annotations

from aiohttp import web
from contract.gov_mirror import FULL, POLL, mirrored, once
from contract.gov_portal import at, empty

from gateway.model.entities import HarvestJob
from gateway.testing import Reply


async def test_stored_open_jobs_that_no_list_names_are_read_by_id() -> None:
    async with mirrored() as mirror:
        running = mirror.portal.job("running", at(hours=3))
        mirror.portal.job("plan", at(days=-1), status="new")
        mirror.portal.job("dropped", at(days=-2), status="new")
        await mirror.follow(FULL)
        running.update(status="complete", date_finished=at(hours=2))  # written late: before the overlap
        mirror.portal.rows["jobs"] = [row for row in mirror.portal.rows["jobs"] if row["id"] != "dropped"]
        mirror.portal.fake.answers["/harvest_job/dropped"] = Reply({"error": "Not Found"}, 404)
        assert mirror.portal.asked
        made = await mirror.follow(POLL, hours=1)
        assert [path for path in mirror.portal.asked if "/harvest_job/" in path] == [
            "/harvest_job/dropped",
            "/harvest_job/running",
        ]
        assert set(mirror.known.of(HarvestJob)) == {"running", "plan"}
        assert mirror.known.of(HarvestJob)["running"].ended_at is not None
        assert [end.vanished for scope, end in made.ends if scope.stream == "jobs"] == [("dropped",)]


async def test_a_running_job_that_is_not_found_is_left() -> None:
    async with mirrored() as mirror:
        mirror.portal.job("running", at(hours=3))
        await mirror.follow(FULL)
        mirror.portal.rows["jobs"].clear()
        mirror.portal.fake.answers["/harvest_job/running"] = Reply({"error": "Not Found"}, 404)
        await mirror.follow(POLL, hours=1)
        assert set(mirror.known.of(HarvestJob)) == {"running"}


async def test_a_running_job_that_cannot_be_read_is_no_job_that_is_gone() -> None:
    async with mirrored() as mirror:
        mirror.portal.job("running", at(hours=3))
        await mirror.follow(FULL)
        mirror.portal.rows["jobs"].clear()
        mirror.portal.fake.answers["/harvest_job/running"] = Reply(b"", 500)
        made = await mirror.follow(POLL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "jobs"] == [False]
        assert set(mirror.known.of(HarvestJob)) == {"running"}
        assert not mirror.known.gone


async def test_a_job_that_ends_between_the_lists_is_taken_as_ended() -> None:
    async with mirrored() as mirror:
        running = mirror.portal.job("running", at(hours=3))
        await mirror.follow(FULL)

        def ends(request: web.Request) -> None:
            if "date_finished" in request.raw_path:
                running.update(status="complete", date_finished=at(hours=-1))

        mirror.portal.faults.append(ends)
        await mirror.follow(POLL, hours=1)
        assert mirror.known.of(HarvestJob)["running"].native_status == "complete"


async def test_a_single_job_that_is_missed_is_counted() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 0, days=2)
        mirror.portal.harvested("job-2", 0, days=1)
        await mirror.follow(FULL)
        mirror.portal.rows["jobs"].pop()
        assert mirror.portal.asked
        await mirror.follow(FULL, hours=1)
        assert "/harvest_jobs/?count=true" in mirror.portal.asked
        mirror.holds("jobs")


async def test_a_list_that_ends_too_soon_proves_nothing() -> None:
    async with mirrored() as mirror:
        for number in range(250):
            mirror.portal.harvested(f"job-{number:03}", 0, days=3 - number / 1000)
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("&page=1", empty("jobs")))
        made = await mirror.follow(FULL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "jobs"] == [False]
        mirror.holds("jobs")


async def test_a_server_that_ignores_pages_is_read_once() -> None:
    async with mirrored() as mirror:
        for number in range(150):
            mirror.portal.harvested(f"job-{number:03}", 0, days=3)
        mirror.portal.faults.append(
            lambda request: (
                Reply(mirror.portal.rows["jobs"]) if request.path.endswith("/harvest_jobs/") else None
            )
        )
        await mirror.follow(FULL)
        mirror.holds("jobs")
        assert len([path for path in mirror.portal.asked if "/harvest_jobs/" in path]) == 2
