"""What a refused source or run of data.gouv.fr costs a pass: itself alone, unless the portal refuses all."""

from __future__ import annotations

import pytest
from udata_portal import Udata, desk, job

from gateway.errors import PortalRefused, PortalUnreadable
from gateway.model.entities import HarvestJob, HarvestRecord
from gateway.ports import ADDRESSLESS, Pass
from gateway.testing import Reply

STATUSES = (400, 401, 403, 410, 414, 422)
FORBIDDEN = (401, 403)


def portal(generation: str, *names: str) -> Udata:
    """Return a portal of these sources with a run each."""
    udata = Udata(generation=generation)
    for name in names:
        udata.add(name, job(f"job-{name}"))
    return udata


def refusal(status: int) -> Reply:
    return Reply({"message": "no"}, status)


@pytest.mark.parametrize("kind", Pass)
@pytest.mark.parametrize("status", STATUSES)
async def test_one_refused_source_costs_no_other(status: int, kind: Pass) -> None:
    udata = portal("V17", "a", "b", "c")
    async with desk(udata) as at_work:
        await at_work.run()
        for name in "abc":
            udata.start(name, job(f"new-{name}", hours=1))
            at_work.portal.answers[f"/harvest/job/new-{name}/items/"] = udata.answer
        at_work.portal.answers["/harvest/source/b/jobs/"] = refusal(status)
        made = await at_work.run(kind)
        assert [scope.key for scope, end in made.ends if not end.proved] == ["b"]
        assert str(status) in at_work.end(made, "jobs", "b").reason
        jobs = set(at_work.known.of(HarvestJob))
        assert jobs == {"job-a", "job-b", "job-c", "new-a", "new-c"}
        assert {record.job for record in at_work.known.of(HarvestRecord).values()} == jobs
        assert not at_work.known.gone


@pytest.mark.parametrize("generation", ["V17", "V10"])
@pytest.mark.parametrize("status", STATUSES)
async def test_items_of_one_run_that_are_refused_cost_no_other(status: int, generation: str) -> None:
    udata = portal(generation, "a", "b", "c")
    async with desk(udata) as at_work:
        for path in ("/harvest/job/job-b/", "/harvest/job/job-b/items/"):
            at_work.portal.answers[path] = refusal(status)
        made = await at_work.run()
        assert [(scope.stream, scope.key) for scope, end in made.ends if not end.proved] == [
            ("records", "job-b")
        ]
        records = at_work.known.of(HarvestRecord).values()
        assert {record.job for record in records} == {"job-a", "job-c"}


@pytest.mark.parametrize("names", ["a", "ab", "abcdef"])
@pytest.mark.parametrize("where", ["source", "job"])
@pytest.mark.parametrize("status", FORBIDDEN)
async def test_a_portal_that_refuses_all_sources_or_runs_is_left(status: int, where: str, names: str) -> None:
    udata = portal("V17", *names)
    async with desk(udata) as at_work:
        for name in names:
            path = f"/harvest/source/{name}/jobs/" if where == "source" else f"/harvest/job/job-{name}/items/"
            at_work.portal.answers[path] = refusal(status)
        with pytest.raises(PortalRefused):
            await at_work.run()
        listed = "/jobs/" if where == "source" else "/items/"
        assert len([path for path in at_work.portal.paths if listed in path]) == min(len(names), 3)


async def test_a_portal_that_takes_no_address_is_left() -> None:
    names = [f"s{number:02}" for number in range(30)]
    udata = portal("V17", *names)
    async with desk(udata) as at_work:
        for name in names:
            at_work.portal.answers[f"/harvest/source/{name}/jobs/"] = refusal(410)
        with pytest.raises(PortalUnreadable):
            await at_work.run()
        assert len([path for path in at_work.portal.paths if "/jobs/" in path]) == 25


@pytest.mark.parametrize("kind", Pass)
async def test_sources_and_runs_whose_ids_are_dots_are_not_asked_for(kind: Pass) -> None:
    udata = portal("V17", "a", "..", ".")
    udata.add("b", job("job-b"), job("..", hours=13))
    async with desk(udata) as at_work:
        made = await at_work.run(kind)
        unproved = {(scope.stream, scope.key): end.reason for scope, end in made.ends if not end.proved}
        assert unproved == dict.fromkeys([("jobs", ".."), ("jobs", "."), *([("records", "..")])], ADDRESSLESS)
        assert set(at_work.known.of(HarvestJob)) == {"job-a", "job-b", ".."}
        assert {record.job for record in at_work.known.of(HarvestRecord).values()} == {"job-a", "job-b"}
        asked = {path.partition("?")[0] for path in at_work.portal.paths}
        assert not asked & {"/harvest/jobs/", "/harvest/source/jobs/", "/harvest/items/"}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", ["old", ".."])
async def test_an_open_run_that_cannot_be_read_by_itself_hides_no_news(name: str, status: int) -> None:
    udata = Udata()
    udata.add("a", job(name, status="initialized", hours=5))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.sources.clear()
        udata.add("a", job("new", hours=1))
        at_work.portal.answers["/harvest/job/new/items/"] = udata.answer
        at_work.portal.answers[f"/harvest/job/{name}/"] = refusal(status)
        await at_work.run(Pass.POLL)
        assert set(at_work.known.of(HarvestJob)) == {name, "new"}
        assert not at_work.known.gone
