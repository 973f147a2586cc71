"""A pass over Data.gov as it is documented: what it asks in which order, what proves something, what never does."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from contract.gov_mirror import FULL, POLL, Mirror, mirrored, once
from contract.gov_portal import NOT_FOUND, at, empty

from adapters.data_gov.named import PARTIAL
from adapters.data_gov.rounds import NOTE
from gateway.errors import PortalUnavailable, PortalUnreadable
from gateway.fetch.client import BudgetSpent
from gateway.model.entities import Dataset, HarvestError, HarvestJob, HarvestRecord
from gateway.model.enums import JobStatus
from gateway.testing import Reply

BROKEN = Reply(b"", 500)


def speaking(mirror: Mirror, *sources: str) -> Mirror:
    """Let the portal speak as it is documented, of these sources."""
    mirror.portal.documented = True
    for name in sources:
        mirror.portal.source(name)
    return mirror


def forget(mirror: Mirror, name: str, *ids: str) -> None:
    """Take rows out of one of the portal's lists."""
    mirror.portal.rows[name] = [row for row in mirror.portal.rows[name] if row["id"] not in ids]


async def test_a_first_load_asks_in_order_and_only_where_something_may_be() -> None:
    async with mirrored() as mirror:
        speaking(mirror, "t")
        mirror.portal.failed("job-1", 2, days=3)
        mirror.portal.harvested("fine", 5, days=2)
        mirror.portal.job("broken", at(days=1), at(days=0.9), status="error")
        mirror.portal.job_error("broken", days=1)
        mirror.portal.job("running", at(hours=1))
        made = await mirror.follow(FULL)
        assert mirror.portal.asked == [
            "/organization_list/",
            "/organizations/?paginate=false",
            "/harvest_sources/?paginate=false",
            "/harvest_source/s/jobs?paginate=false",
            "/harvest_source/t/jobs?paginate=false",
            "/harvest_job/broken/errors?paginate=false",
            "/harvest_job/job-1/errors?paginate=false",
            "/harvest_record/r1",
            "/harvest_record/r2",
        ]
        mirror.holds("organizations", "sources", "jobs")
        errors = mirror.known.of(HarvestError)
        assert set(errors) == mirror.portal.ids("errors") | mirror.portal.ids("job_errors")
        named = {error.record for error in errors.values() if error.record}
        assert set(mirror.known.of(HarvestRecord)) == named
        assert mirror.known.of(Dataset) == {}
        assert all(end.proved for _, end in made.ends)
        assert [end.partial for scope, end in made.ends if scope.stream == "records"] == [PARTIAL]
        assert [scope.stream for scope, end in made.ends if end.partial] == ["records"]


async def test_polls_and_reconciles_ask_for_what_can_have_changed() -> None:
    async with mirrored() as mirror:
        speaking(mirror, "t")
        mirror.portal.failed("job-1", 2, days=3)
        await mirror.follow(FULL)
        lists = [
            "/organizations/?paginate=false",
            "/harvest_sources/?paginate=false",
            "/harvest_source/s/jobs?paginate=false",
            "/harvest_source/t/jobs?paginate=false",
        ]
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert mirror.portal.asked == lists
        await mirror.follow(FULL, hours=1)
        assert mirror.portal.asked == [*lists, "/harvest_job/job-1/errors?paginate=false"]
        mirror.portal.failed("job-2", 1, days=-0.05)
        await mirror.follow(POLL, hours=1)
        record = mirror.portal.rows["records"][-1]["id"]
        assert mirror.portal.asked == [
            *lists,
            "/harvest_job/job-2/errors?paginate=false",
            f"/harvest_record/{record}",
        ]
        mirror.holds("jobs", "records")


async def test_a_job_that_does_not_count_its_failures_may_have_some() -> None:
    async with mirrored() as mirror:
        speaking(mirror)
        mirror.portal.job("job-1", at(days=1), at(days=0.9), records_errored=None)
        await mirror.follow(FULL)
        assert "/harvest_job/job-1/errors?paginate=false" in mirror.portal.asked


@pytest.mark.parametrize("none", [Reply([]), NOT_FOUND, empty("jobs")], ids=["array", "json", "html"])
async def test_nothing_is_told_in_three_ways(none: Reply) -> None:
    async with mirrored() as mirror:
        speaking(mirror, "t")
        mirror.portal.none = none
        mirror.portal.job("job-1", at(days=1), at(days=0.9), status="error")
        made = await mirror.follow(FULL)
        assert all(end.proved for _, end in made.ends)
        assert mirror.portal.asked
        for kind, asked in ((POLL, 4), (FULL, 5)):
            made = await mirror.follow(kind, hours=1)
            assert len(mirror.portal.asked) == asked
            assert all(end.proved for _, end in made.ends)


async def test_a_404_proves_nothing_of_what_is_stored() -> None:
    async with mirrored() as mirror:
        speaking(mirror)
        mirror.portal.failed("job-1", 2, days=3)
        await mirror.follow(FULL)
        for matches in ("/jobs", "/errors"):
            mirror.portal.faults.append(once(matches, NOT_FOUND, 1))
            made = await mirror.follow(FULL, hours=1)
            assert [end.proved for _, end in made.ends].count(False) == 1
            assert not mirror.known.gone


async def test_an_empty_array_proves_nothing_of_jobs_that_are_stored() -> None:
    async with mirrored() as mirror:
        speaking(mirror)
        mirror.portal.failed("job-1", 2, days=3)
        await mirror.follow(FULL)
        forget(mirror, "jobs", "job-1")
        made = await mirror.follow(POLL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "jobs"] == [False]
        assert not mirror.known.gone


async def test_plans_vanish_with_a_404() -> None:
    async with mirrored() as mirror:
        speaking(mirror)
        mirror.portal.none = NOT_FOUND
        mirror.portal.job("plan", at(days=-1), status="new")
        await mirror.follow(FULL)
        assert mirror.known.status(mirror.known.of(HarvestJob)["plan"]) is JobStatus.SCHEDULED
        forget(mirror, "jobs", "plan")
        made = await mirror.follow(POLL, hours=1)
        assert all(end.proved for _, end in made.ends)
        mirror.holds("jobs")


async def test_a_record_that_the_portal_does_not_have_is_not_asked_for_again_by_polls() -> None:
    async with mirrored() as mirror:
        speaking(mirror)
        mirror.portal.failed("job-1", 2, days=3)
        purged = mirror.portal.rows["records"][0]["id"]
        forget(mirror, "records", purged)
        await mirror.follow(FULL)
        asked = f"/harvest_record/{purged}"
        assert mirror.portal.asked.count(asked) == 1
        await mirror.follow(POLL, hours=1)
        assert asked not in mirror.portal.asked
        await mirror.follow(FULL, hours=1)
        assert mirror.portal.asked.count(asked) == 1
        assert await mirror.known.stubs(HarvestRecord.type) == [purged]
        mirror.holds("records")


async def test_a_record_that_is_another_is_a_rejection() -> None:
    async with mirrored() as mirror:
        speaking(mirror)
        mirror.portal.failed("job-1", 3, days=3)
        first, second, third = (row["id"] for row in mirror.portal.rows["records"])
        mirror.portal.faults.append(once(f"/harvest_record/{first}", Reply({"id": second})))
        mirror.portal.faults.append(once(f"/harvest_record/{second}", Reply(b'{"id": ')))
        await mirror.follow(FULL)
        assert [one.native_id for one in mirror.known.rejections] == [first, second]
        assert set(mirror.known.of(HarvestRecord)) == {third}
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert not [path for path in mirror.portal.asked if "record" in path]


async def test_a_pass_that_is_spent_among_records_keeps_what_it_found() -> None:
    async with mirrored() as mirror:
        speaking(mirror)
        mirror.portal.failed("job-1", 4, days=3)
        first, second, *_ = sorted(row["id"] for row in mirror.portal.rows["records"])
        forget(mirror, "records", first)
        with pytest.raises(BudgetSpent):
            await mirror.follow(FULL, max_requests=7)
        assert set(mirror.known.of(HarvestRecord)) == {second}
        assert mirror.portal.asked
        await mirror.follow(FULL, hours=1)
        assert [path for path in mirror.portal.asked if "jobs" in path] == [], "a first load goes on"
        assert not [path for path in mirror.portal.asked if path.endswith((first, second))]
        mirror.holds("records")


async def test_a_first_load_gets_on_with_a_small_budget() -> None:
    async with mirrored() as mirror:
        speaking(mirror, *(f"s{number}" for number in range(9)))
        mirror.portal.failed("job-1", 3, days=3)
        for turn in range(9):
            try:
                await mirror.follow(FULL if turn == 0 else POLL, hours=1, max_requests=5)
                break
            except BudgetSpent:
                continue
        else:
            pytest.fail("it never ends")
        mirror.holds("sources", "jobs", "records")
        asked = mirror.portal.asked
        assert len([path for path in asked if "/jobs" in path]) == len(
            {path for path in asked if "/jobs" in path}
        )


async def test_polls_with_a_small_budget_get_round_all_sources() -> None:
    async with mirrored() as mirror:
        speaking(mirror, *(f"s{number}" for number in range(5)))
        await mirror.follow(FULL)
        assert mirror.portal.asked
        mirror.portal.source("new")
        turns: list[list[str]] = []
        for _ in range(3):
            with pytest.raises(BudgetSpent):
                await mirror.follow(POLL, hours=1, max_requests=4)
            turns.append([path.split("/")[2] for path in mirror.portal.asked if "/jobs" in path])
        assert turns == [["new", "s"], ["s0", "s1"], ["s2", "s3"]]
        assert mirror.known.wire[NOTE] == "s3"
        await mirror.follow(POLL, hours=1, max_requests=4)
        assert [path for path in mirror.portal.asked if "/jobs" in path] == [
            "/harvest_source/s4/jobs?paginate=false"
        ]
        assert NOTE not in mirror.known.wire


@pytest.mark.parametrize(
    "fault",
    [
        BROKEN,
        Reply(b"", 413),
        Reply(b'[{"id": NaN}]'),
        Reply(b"", 400, "text/plain"),
        Reply({"error": "Bad Request"}, 400),
        Reply(b"<html>", 414, "text/html"),
        Reply(b"", 431, "text/plain"),
    ],
    ids=["500", "413", "nan", "400", "400-json", "414", "431"],
)
async def test_one_source_that_breaks_costs_no_other(fault: Reply) -> None:
    async with mirrored() as mirror:
        speaking(mirror, "t", "u")
        for name in ("s", "t", "u"):
            mirror.portal.harvested(f"job-{name}", 1, days=2, harvest_source_id=name)
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/harvest_source/t/", fault, 99))
        made = await mirror.follow(FULL, hours=1)
        assert {scope.key for scope, end in made.ends if not end.proved} == {"t"}
        assert len(mirror.known.rejections) == (fault.status == 200)
        mirror.holds("jobs")


async def test_a_job_or_a_record_that_breaks_costs_no_other() -> None:
    async with mirrored() as mirror:
        speaking(mirror)
        mirror.portal.failed("job-1", 2, days=3)
        mirror.portal.failed("job-2", 2, days=2)
        first = mirror.portal.rows["records"][0]["id"]
        mirror.portal.faults.append(once("/harvest_job/job-2/", BROKEN, 99))
        mirror.portal.faults.append(once(f"/harvest_record/{first}", BROKEN, 99))
        made = await mirror.follow(FULL)
        assert [scope.stream for scope, end in made.ends if not end.proved] == ["errors", "records"]
        mirror.portal.faults.clear()
        await mirror.follow(POLL, hours=1)
        mirror.holds("records")


@pytest.mark.parametrize(
    ("matches", "fault", "error"),
    [
        ("/harvest_source/", BROKEN, PortalUnavailable),
        ("/harvest_source/", Reply(b"[NaN"), PortalUnreadable),
        ("/harvest_source/", Reply(b"down", 400, "text/plain"), PortalUnavailable),
        ("/harvest_job/", BROKEN, PortalUnavailable),
        ("/harvest_job/", Reply(b"[NaN"), PortalUnreadable),
        ("/harvest_record/", BROKEN, PortalUnavailable),
    ],
)
async def test_a_portal_that_breaks_everywhere_is_left(matches: str, fault: Reply, error: Any) -> None:
    async with mirrored() as mirror:
        speaking(mirror, "t", "u", "v")
        for number in range(4):
            mirror.portal.failed(f"job-{number}", 1, days=2 + number)
        mirror.portal.faults.append(once(matches, fault, 99))
        with pytest.raises(error):
            await mirror.follow(FULL, attempts=1)
        assert len([path for path in mirror.portal.asked if matches in path]) == 3


async def test_rows_that_are_none_cost_no_neighbour_and_prove_nothing() -> None:
    async with mirrored() as mirror:
        speaking(mirror)
        mirror.portal.failed("job-1", 2, days=3)
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/jobs", Reply(["poison"])))
        mirror.portal.faults.append(once("/errors", Reply([7])))
        made = await mirror.follow(FULL, hours=1)
        assert [scope.stream for scope, end in made.ends if not end.proved] == ["jobs", "errors"]
        assert len(mirror.known.rejections) == 2
        assert not mirror.known.gone


async def test_a_list_of_jobs_that_may_be_a_page_is_asked_for_more_before_it_buries() -> None:
    async with mirrored() as mirror:
        speaking(mirror)
        for number in range(12):
            mirror.portal.harvested(f"job-{number:02}", 0, days=3)
        await mirror.follow(FULL)

        def paged(request: web.Request) -> Reply | None:
            if "/jobs" not in request.path:
                return None
            start = 10 * int(request.query.get("page", "0"))
            return Reply(mirror.portal.rows["jobs"][start : start + 10])

        mirror.portal.faults.append(paged)
        made = await mirror.follow(POLL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "jobs"] == [False]
        mirror.holds("jobs")
        mirror.portal.faults.clear()
        forget(mirror, "jobs", "job-00", "job-01")
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert len([path for path in mirror.portal.asked if "/jobs" in path]) == 2
        mirror.holds("jobs")
