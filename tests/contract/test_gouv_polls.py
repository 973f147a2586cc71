from __future__ import annotations

import pytest
from udata_portal import Udata, desk, job

from gateway.model.entities import HarvestJob
from gateway.ports import Pass
from gateway.testing import Interrupted, Reply


async def test_a_quiet_poll_is_one_request() -> None:
    udata = Udata()
    udata.add("a", job("ja"))
    udata.add("b", job("jb", hours=49, status="processing"))
    udata.add("never ran")
    async with desk(udata) as at_work:
        await at_work.run()
        await at_work.run(Pass.POLL)
        assert at_work.portal.paths == ["/harvest/sources/?deleted=1&page=1&page_size=1000"]


async def test_a_poll_reads_the_news_alone() -> None:
    udata = Udata()
    udata.add("a", job("a1", hours=30))
    udata.add("b", job("b1", hours=30))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.start("a", job("a3", hours=1), job("a2", hours=2))
        for name in ("a2", "a3"):
            at_work.portal.answers[f"/harvest/job/{name}/items/"] = udata.answer
        await at_work.run(Pass.POLL)
        assert at_work.portal.paths == [
            "/harvest/sources/?deleted=1&page=1&page_size=1000",
            "/harvest/source/a/jobs/?page=1&page_size=50",
            "/harvest/job/a3/items/?page=1&page_size=10000",
            "/harvest/job/a2/items/?page=1&page_size=10000",
        ]


async def test_a_poll_goes_back_to_an_ended_job_that_is_stored() -> None:
    udata = Udata()
    udata.add("a", *(job(f"a{n}", hours=n, total=0) for n in range(200, 260)))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.start("a", *(job(f"a{n}", hours=n, total=0) for n in range(1, 121)))
        await at_work.run(Pass.POLL)
        assert at_work.asked["/source/a/jobs/"] == 3
        assert len(at_work.known.of(HarvestJob)) == 180


async def test_a_poll_that_ends_early_leaves_no_gap() -> None:
    udata = Udata()
    udata.add("a", job("a0", hours=200, total=0))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.start("a", *(job(f"a{n}", hours=n, total=0) for n in range(1, 121)))
        with pytest.raises(Interrupted):
            await at_work.run(Pass.POLL, pages=2)
        assert len(at_work.known.of(HarvestJob)) < 121
        await at_work.run(Pass.POLL)
        assert len(at_work.known.of(HarvestJob)) == 121


async def test_a_page_that_fails_while_polling_leaves_no_gap() -> None:
    udata = Udata()
    udata.add("a", job("a0", hours=200, total=0))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.start("a", *(job(f"a{n}", hours=n, total=0) for n in range(1, 121)))
        at_work.portal.answers["/harvest/source/a/jobs/?page=2&page_size=50"] = Reply({}, 500)
        made = await at_work.run(Pass.POLL)
        assert not at_work.end(made, "jobs", "a").proved
        del at_work.portal.answers["/harvest/source/a/jobs/?page=2&page_size=50"]
        await at_work.run(Pass.POLL)
        assert len(at_work.known.of(HarvestJob)) == 121


async def test_a_poll_follows_open_jobs_and_changed_words() -> None:
    udata = Udata()
    udata.add("a", job("a1", hours=1, status="processing"))
    udata.add("b", job("b1", hours=1, status="pending"))
    async with desk(udata) as at_work:
        await at_work.run()
        await at_work.run(Pass.POLL)
        assert at_work.asked["/source/a/jobs/"] == at_work.asked["/source/b/jobs/"] == 1
        udata.jobs["a"] = [job("a1", hours=1)]
        udata.sources[1]["last_job"]["status"] = "done"
        await at_work.run(Pass.POLL)
        assert at_work.known.of(HarvestJob)["a1"].native_status == "done"
        assert at_work.asked["/job/a1/items/"] == 1


async def test_open_jobs_that_no_page_shows_are_asked_for_by_name() -> None:
    udata = Udata()
    udata.add("a", job("a2", hours=1, status="processing"), job("a1", hours=3))
    async with desk(udata) as at_work:
        await at_work.run()
        ended = job("a2", hours=1)
        udata.jobs["a"] = [job("a3", hours=0.5), job("a1", hours=3)]
        udata.sources[0]["last_job"] = job("a3", hours=0.5)
        udata.items["a3"] = []
        at_work.portal.answers["/harvest/job/a3/items/"] = udata.answer
        at_work.portal.answers["/harvest/job/a2/"] = Reply(ended)
        await at_work.run(Pass.POLL)
        assert at_work.asked["/job/a2/"] == 1
        assert at_work.known.of(HarvestJob)["a2"].native_status == "done"


@pytest.mark.parametrize("status", [404, 500])
async def test_an_open_job_that_is_away_stays_as_it_is(status: int) -> None:
    udata = Udata()
    udata.add("a", job("a2", hours=1, status="processing"), job("a1", hours=3))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.jobs["a"] = udata.jobs["a"][1:]
        at_work.portal.answers["/harvest/job/a2/"] = Reply({}, status)
        await at_work.run(Pass.POLL)
        assert at_work.known.of(HarvestJob)["a2"].native_status == "processing"
        assert at_work.known.gone == set()


async def test_a_source_that_a_poll_meets_first_is_read_whole() -> None:
    udata = Udata()
    udata.add("a", job("a1"))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.add("b", job("b1"))
        for path in ("source/b/jobs", "job/b1/items"):
            at_work.portal.answers[f"/harvest/{path}/"] = udata.answer
        await at_work.run(Pass.POLL)
        assert "/harvest/source/b/jobs/?page=1&page_size=500" in at_work.portal.paths
        assert "b" in await at_work.known.scopes_read("jobs")
