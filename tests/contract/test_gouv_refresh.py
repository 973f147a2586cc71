"""One source or run of a udata portal, read by itself: with how few requests, and what is made of odd answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from udata_portal import NOW, Desk, Udata, desk, job

from adapters.data_gouv_fr import ADAPTER
from gateway.errors import PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.model.entities import HarvestJob, HarvestSource
from gateway.model.enums import EntityType, JobStatus
from gateway.ports import Fresh, Wanted
from gateway.testing import Reply, client_for, portal_for

SOURCE, JOB = EntityType.HARVEST_SOURCE, EntityType.HARVEST_JOB
PATHS = ("source/s/", "source/s", "source/old/", "source/old", "job/k/")


def udata(generation: str = "V17") -> Udata:
    made = Udata(generation=generation)
    made.add("s", job("j", hours=12), job("i", hours=24))
    return made


async def refresh(at: Desk, wanted: Wanted) -> list[Fresh]:
    """Read *wanted* anew into the store, and forget what was asked before."""
    for path in PATHS:
        at.portal.answers.setdefault(f"/harvest/{path}", at.udata.answer)
    at.portal.requests.clear()
    portal = portal_for(ADAPTER, at.portal.base_url)
    async with client_for(portal, NOW) as client:
        found = [fresh async for fresh in ADAPTER.refresh(portal, client, at.known, wanted, NOW)]
    for fresh in found:
        at.known.take(at.known.begin(fresh.scope), fresh.elements, None)
    return found


@pytest.mark.parametrize(
    ("generation", "path"), [("V17", "/source/s/"), ("V10", "/source/s/"), ("V9", "/source/s")]
)
async def test_a_quiet_source_costs_a_request_and_one_with_news_two(generation: str, path: str) -> None:
    async with desk(udata(generation)) as at:
        await at.run()
        await refresh(at, Wanted(SOURCE, "s"))
        assert at.asked == {path: 1}
        at.udata.start("s", job("k", hours=1, status="initialized"))
        await refresh(at, Wanted(SOURCE, "s"))
        assert at.asked == {path: 1, "/source/s/jobs/": 1}
        assert at.known.of(HarvestJob)["k"].source == "s"
        at.udata.jobs["s"][0].update(status="failed")
        await refresh(at, Wanted(JOB, "k", "s"))
        assert at.asked == {"/job/k/": 1}
        assert at.known.of(HarvestJob)["k"].wire_status is JobStatus.FAILED
        assert at.known.of(HarvestJob)["k"].total == 2


@pytest.mark.parametrize(("before", "after"), [("V10", "V17"), ("V17", "V10")])
async def test_a_portal_that_was_upgraded_since(before: str, after: str) -> None:
    async with desk(udata(before)) as at:
        await at.run()
        at.udata.generation = after
        at.udata.start("s", job("k", hours=1))
        await refresh(at, Wanted(SOURCE, "s"))
        await refresh(at, Wanted(JOB, "k", "s"))
        assert at.known.of(HarvestJob)["k"].total == 2
        assert at.known.documents[JOB, "k"].parent == "s"
        assert at.known.rejections == []


async def test_a_run_tells_its_source_where_that_is_not_known() -> None:
    async with desk(udata()) as at:
        await at.run()
        found = await refresh(at, Wanted(JOB, "j"))
        assert found[0].scope.key == "s"


@pytest.mark.parametrize("status", [404, 500])
async def test_a_run_that_is_not_shown_is_nothing(status: int) -> None:
    async with desk(udata()) as at:
        await at.run()
        at.portal.answers["/harvest/job/j/"] = Reply({"message": "no"}, status)
        assert await refresh(at, Wanted(JOB, "j", "s")) == []
        assert len(at.portal.requests) == 1, "a run that there is none of costs no tries"
        assert at.known.gone == set()


@pytest.mark.parametrize(
    ("generation", "answers"),
    [
        ("V17", {"source/s/": Reply({"message": "no"}, 404)}),
        ("V9", {"source/s": Reply({"message": "no"}, 500)}),
        ("V17", {"source/s/": Reply({}, 308), "source/s": Reply({}, 308)}),
        ("V17", {"source/s/": Reply({"id": "of a slug", "last_job": None})}),
    ],
)
async def test_a_source_that_is_not_shown_is_nothing(generation: str, answers: Mapping[str, Any]) -> None:
    async with desk(udata(generation)) as at:
        await at.run()
        at.portal.answers.update({f"/harvest/{path}": reply for path, reply in answers.items()})
        assert await refresh(at, Wanted(SOURCE, "s")) == []
        assert set(at.known.of(HarvestSource)) == {"s"}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({"message": "broken"}, 500), PortalUnavailable),
        (Reply(b"<html>", media_type="text/html"), PortalUnreadable),
        (Reply([]), PortalUnreadable),
        (Reply({"slug": "s"}), PortalUnreadable),
        (Reply({"id": "s"}, 418), PortalUnreadable),
    ],
)
async def test_what_is_no_source(reply: Reply, error: type[Exception]) -> None:
    async with desk(udata()) as at:
        await at.run()
        at.portal.answers["/harvest/source/s/"] = reply
        with pytest.raises(error):
            await refresh(at, Wanted(SOURCE, "s"))


@pytest.mark.parametrize(
    ("status", "error"), [(401, PortalRefused), (403, PortalRefused), (410, PortalUnreadable)]
)
async def test_a_refusal_is_told_to_who_asked_for_one_source(status: int, error: type[Exception]) -> None:
    async with desk(udata()) as at:
        await at.run()
        at.udata.start("s", job("k", hours=1))
        at.portal.answers["/harvest/source/s/jobs/"] = Reply({}, status)
        with pytest.raises(error):
            await refresh(at, Wanted(SOURCE, "s"))


@pytest.mark.parametrize("kind", [SOURCE, JOB])
async def test_nothing_is_asked_for_an_id_of_dots(kind: EntityType) -> None:
    async with desk(udata()) as at:
        assert await refresh(at, Wanted(kind, "..", "s")) == []
        assert not at.portal.requests
