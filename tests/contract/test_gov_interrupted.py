"""A load of Data.gov that is interrupted or rationed goes on where it was, and loses and repeats nothing."""

from __future__ import annotations

import pytest
from contract.gov_mirror import FULL, POLL, mirrored
from contract.gov_portal import at

from gateway.fetch.client import BudgetSpent
from gateway.model.entities import HarvestError, HarvestJob, HarvestRecord
from gateway.testing import Interrupted


@pytest.mark.parametrize("pages", range(1, 12))
async def test_a_first_load_goes_on_wherever_it_was_interrupted(pages: int) -> None:
    async with mirrored() as mirror:
        for number in range(6):
            mirror.portal.harvested(f"job-{number}", 77, days=9 - number)
            mirror.portal.errors(f"job-{number}", 40, days=9 - number)
            mirror.portal.rows["jobs"][-1]["records_warned"] = 40
        try:
            await mirror.follow(FULL, pages=pages)
        except Interrupted:
            mirror.portal.harvested("late", 5, days=-0.01)
            await mirror.follow(FULL, hours=1)
        mirror.holds("jobs", "records")
        assert set(mirror.known.of(HarvestError)) == mirror.portal.ids("errors")
        assert not mirror.known.gone
        assert await mirror.known.scopes_read("records") == mirror.portal.ids("jobs")


async def test_what_finishes_while_a_first_load_is_interrupted_is_seen() -> None:
    async with mirrored() as mirror:
        jobs = [mirror.portal.job(f"job-{number:03}", at(hours=30, minutes=-number)) for number in range(250)]
        with pytest.raises(Interrupted):
            await mirror.follow(FULL, pages=3)
        jobs[0].update(status="complete", date_finished=at(hours=-1))
        await mirror.follow(FULL, hours=2)
        await mirror.follow(POLL, hours=1)
        assert mirror.known.of(HarvestJob)["job-000"].native_status == "complete"


async def test_plans_are_never_a_cursor() -> None:
    async with mirrored() as mirror:
        for number in range(150):
            mirror.portal.job(f"ended-{number:03}", at(days=9), at(days=8), status="error")
        for number in range(60):
            mirror.portal.job(f"plan-{number:02}", at(days=-number), status="new")
        with pytest.raises(Interrupted):
            await mirror.follow(FULL, pages=4)
        assert mirror.known.cursors["jobs", ""] == {
            "since": "2026-11-22T12:00:00",
            "page": 0,
            "at": "2026-11-22T12:00:00",
        }
        await mirror.follow(FULL, hours=1)
        mirror.holds("jobs")
        assert await mirror.known.watermark("jobs") == {"since": "2026-11-22T12:00:00+00:00"}


async def test_a_resumed_window_is_not_read_again() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 350, days=4)
        mirror.portal.harvested("job-2", 350, days=2)
        with pytest.raises(Interrupted):
            await mirror.follow(FULL, pages=3 + 5)
        assert mirror.portal.asked
        await mirror.follow(FULL, hours=1)
        read = [path for path in mirror.portal.asked if "/harvest_records/" in path]
        assert len(read) == 4, "the last page's second again, the rest, and one count"
        mirror.holds("records")


async def test_rows_that_vanish_while_a_load_is_interrupted_shift_nothing() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 350, days=4)
        mirror.portal.harvested("job-2", 350, days=2)
        with pytest.raises(Interrupted):
            await mirror.follow(FULL, pages=3 + 5)
        mirror.portal.rows["jobs"] = [row for row in mirror.portal.rows["jobs"] if row["id"] != "job-1"]
        mirror.portal.rows["records"] = mirror.portal.rows["records"][350:]
        await mirror.follow(FULL, hours=1)
        assert mirror.portal.ids("records") <= set(mirror.known.of(HarvestRecord))


async def test_one_second_of_many_rows_is_no_dead_end() -> None:
    async with mirrored() as mirror:
        mirror.portal.job("job-1", at(days=1), at(days=1, seconds=-9), records_added=450)
        mirror.portal.records("job-1", 450, days=1)
        for row in mirror.portal.rows["records"]:
            row["date_created"] = at(days=1, seconds=-1)
        for _ in range(20):
            try:
                await mirror.follow(FULL, max_requests=6)
                break
            except BudgetSpent:
                continue
        else:
            pytest.fail("it never ends")
        mirror.holds("records")


async def test_a_rationed_load_costs_hardly_more() -> None:
    async with mirrored() as mirror:
        for number in range(8):
            mirror.portal.harvested(f"job-{number}", 150, days=20 - number)
        spent = 0
        for _ in range(20):
            try:
                await mirror.follow(FULL, hours=1, max_requests=7)
                break
            except BudgetSpent:
                spent += 1
        mirror.holds("records")
        assert (
            len([path for path in mirror.portal.asked if "/harvest_records/" in path]) <= 13 + 2 * spent + 2
        )
