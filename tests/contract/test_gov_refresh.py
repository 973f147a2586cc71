"""One source or job of Data.gov, read by itself: with how few requests, and what is made of odd answers."""

from __future__ import annotations

import pytest
from contract.gov_mirror import Mirror, mirrored
from contract.gov_portal import at

from adapters.data_gov import ADAPTER
from gateway.errors import PortalUnavailable
from gateway.model.entities import HarvestJob
from gateway.model.enums import EntityType, JobStatus
from gateway.ports import Fresh, Pass, Wanted
from gateway.testing import Reply, client_for, portal_for

SOURCE, JOB = EntityType.HARVEST_SOURCE, EntityType.HARVEST_JOB
FIRST = ["/harvest_sources/?facets=id eq s", "/harvest_jobs/?harvest_source_id=s&per_page=100"]


async def refresh(mirror: Mirror, wanted: Wanted) -> list[Fresh]:
    """Read *wanted* anew into the store, and forget what was asked before."""
    mirror.portal.fake.requests.clear()
    portal = portal_for(ADAPTER, mirror.portal.fake.base_url)
    async with client_for(portal, mirror.known.now) as client:
        found = [
            fresh async for fresh in ADAPTER.refresh(portal, client, mirror.known, wanted, mirror.known.now)
        ]
    for fresh in found:
        mirror.known.take(mirror.known.begin(fresh.scope), fresh.elements, None)
    return found


async def test_a_source_comes_with_its_jobs_and_why_they_failed() -> None:
    async with mirrored() as mirror:
        mirror.portal.job("j", at(days=2), at(days=1))
        await mirror.follow(Pass.RECONCILE)
        await refresh(mirror, Wanted(SOURCE, "s"))
        assert mirror.portal.asked == FIRST
        mirror.portal.job("k", at(hours=2), at(hours=1), status="error")
        mirror.portal.job_error("k", hours=1)
        await refresh(mirror, Wanted(SOURCE, "s"))
        asked = mirror.portal.asked
        assert asked[:2] == FIRST
        assert [path.partition("?")[0] for path in asked[2:]] == ["/harvest_job_errors/"]
        assert (await mirror.known.newest_jobs())["s"].native_id == "k"
        await refresh(mirror, Wanted(SOURCE, "s"))
        assert mirror.portal.asked == FIRST, "the errors of a job that had ended are known"


async def test_an_open_job_that_no_page_shows_is_asked_for_by_itself() -> None:
    async with mirrored() as mirror:
        opened = mirror.portal.job("j", at(days=1))
        await mirror.follow(Pass.RECONCILE)
        opened.update(status="complete", date_finished=at(hours=1))
        mirror.portal.rows["jobs"].clear()
        await refresh(mirror, Wanted(SOURCE, "s"))
        assert mirror.portal.asked == [*FIRST, "/harvest_job/j"]
        assert mirror.known.of(HarvestJob)["j"].wire_status is JobStatus.SUCCEEDED


async def test_a_job_that_is_not_shown_is_nothing() -> None:
    async with mirrored() as mirror:
        mirror.portal.job("j", at(days=1))
        await mirror.follow(Pass.RECONCILE)
        mirror.portal.fake.answers["/harvest_job/j"] = Reply({"error": "Not Found"}, 404)
        assert await refresh(mirror, Wanted(JOB, "j", "s")) == []
        assert mirror.known.gone == set()


@pytest.mark.parametrize("name", ["s,name ne x", "s name", "", "x" * 65])
async def test_what_is_no_id_is_not_asked_for(name: str) -> None:
    """A filter takes several conditions: an id is never more than one."""
    async with mirrored() as mirror:
        assert await refresh(mirror, Wanted(SOURCE, name)) == []
        assert await refresh(mirror, Wanted(JOB, name)) == []
        assert mirror.portal.asked == []


async def test_a_list_that_breaks_is_the_portals_failure() -> None:
    async with mirrored() as mirror:
        await mirror.follow(Pass.RECONCILE)
        mirror.portal.fake.answers["/harvest_sources/"] = Reply({}, 500)
        with pytest.raises(PortalUnavailable):
            await refresh(mirror, Wanted(SOURCE, "s"))
