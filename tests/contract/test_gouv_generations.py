from __future__ import annotations

from typing import Any

import pytest
from udata_portal import Udata, desk, job, positions

from gateway.errors import PortalRefused
from gateway.model.entities import HarvestJob, HarvestSource
from gateway.model.enums import EntityType
from gateway.ports import Pass
from gateway.testing import Interrupted, Reply

SOURCES = "/harvest/sources/?deleted=1&page=1&page_size=1000"
WORDS = ["pending", "initializing", "processing", "done", "done-errors", "failed"]


def portal(generation: str, **options: Any) -> Udata:
    udata = Udata(generation=generation, **options)
    udata.add("s", job("j", hours=1), job("i", hours=2, status="initialized"))
    return udata


def turned(udata: Udata, into: str, *, at: str) -> None:
    """Let the portal be upgraded, or downgraded, just before it answers on a path."""

    def turn(path: str, _: int) -> None:
        if at in path:
            udata.generation = into

    udata.before_page = turn


FIRST = {
    "V9": [
        "/harvest/backends/",
        "/harvest/backends",
        SOURCES,
        "/harvest/job_status",
        "/harvest/source/s/jobs/?page=1&page_size=100",
        "/harvest/job/j/",
    ],
    "V10": [
        "/harvest/backends/",
        SOURCES,
        "/harvest/job_status/",
        "/harvest/source/s/jobs/?page=1&page_size=100",
        "/harvest/job/j/",
    ],
    "V17": [
        "/harvest/backends/",
        SOURCES,
        "/harvest/source/s/jobs/?page=1&page_size=500",
        "/harvest/job/j/items/?page=1&page_size=10000",
    ],
}
PROBES = {"V9": {"/harvest/backends/", "/harvest/job_status"}, "V10": {"/harvest/job_status/"}, "V17": set()}
NOTED = {
    "V9": {"wire": "V9", "trailingSlash": False, "jobStatuses": WORDS},
    "V10": {"wire": "V10", "trailingSlash": True, "jobStatuses": None},
    "V17": {"wire": "V17", "trailingSlash": True},
}


@pytest.mark.parametrize("generation", ["V9", "V10", "V17"])
async def test_a_first_pass_probes_and_a_second_one_remembers(generation: str) -> None:
    udata = portal(generation, statuses=WORDS if generation == "V9" else None)
    async with desk(udata) as at_work:
        await at_work.run()
        assert at_work.portal.paths == FIRST[generation]
        assert at_work.known.wire == NOTED[generation]
        assert positions(at_work.known, "j") == [0, 1]
        await at_work.run()
        assert at_work.portal.paths == [path for path in FIRST[generation] if path not in PROBES[generation]]
        await at_work.run(Pass.POLL)
        assert at_work.portal.paths == [SOURCES, "/harvest/source/s/jobs/?page=1&page_size=50"]
        assert at_work.known.wire == NOTED[generation]


async def test_embedded_lists_of_jobs_leave_the_items_out_and_count_them() -> None:
    udata = portal("V10")
    udata.items["j"] = [{"status": word} for word in ("done", "failed", "done", "started", "archived")]
    udata.items["j"].append({"status": None})
    async with desk(udata) as at_work:
        await at_work.run()
        (jobs,) = [one for one in at_work.portal.requests if "/jobs/" in one.path]
        assert jobs.headers["X-Fields"] == "data{*,items{status}},*"
        document = at_work.known.documents[EntityType.HARVEST_JOB, "j"]
        assert b"items" not in document.body
        assert document.counted == {
            "total": 6,
            "by_status": {"archived": 1, "done": 2, "failed": 1, "started": 1},
        }
        row = at_work.known.of(HarvestJob)["j"]
        assert (row.total, row.succeeded, row.failed, row.archived, row.skipped) == (6, 2, 1, 1, 0)
        assert (row.pending, row.datasets, row.dataservices) == (1, None, None)
        assert row.source == "s"  # the portal says the source's name


async def test_an_open_job_asked_for_by_name_gives_the_same_document_as_its_list() -> None:
    udata = portal("V10")
    async with desk(udata) as at_work:
        await at_work.run()
        before = at_work.known.documents[EntityType.HARVEST_JOB, "i"]
        udata.jobs["s"] = udata.jobs["s"][:1]
        hidden = {**job("i", hours=2, status="initialized"), "source": "n", "items": udata.items["i"]}
        at_work.portal.answers["/harvest/job/i/"] = Reply({**hidden, "items": [{"status": "done"}] * 2})
        await at_work.run(Pass.POLL)
        (asked,) = [one for one in at_work.portal.requests if one.path == "/harvest/job/i/"]
        assert asked.headers["X-Fields"] == "*,items{status}"
        after = at_work.known.documents[EntityType.HARVEST_JOB, "i"]
        assert after.counted == before.counted == {"total": 2, "by_status": {"done": 2}}


@pytest.mark.parametrize(
    "reply",
    [
        None,
        Reply({"message": "Internal Server Error"}, 500),
        Reply({"message": "no"}, 403),
        Reply({"done": "Done"}),
        Reply(["done", 5]),
        Reply(b"<html>", media_type="text/html"),
        Reply(b"", 308, headers={"Location": "/elsewhere"}),
    ],
)
async def test_a_portal_that_does_not_tell_its_words_is_asked_once(reply: Reply | None) -> None:
    udata = portal("V10", statuses=reply)
    async with desk(udata) as at_work:
        made = await at_work.run()
        assert at_work.asked["/job_status/"] == 1
        assert at_work.known.wire["jobStatuses"] is None
        assert at_work.end(made, "sources").proved
        await at_work.run()
        assert at_work.asked["/job_status/"] == 0


async def test_a_portal_that_is_away_when_it_is_asked_for_its_words_is_asked_again() -> None:
    udata = portal("V10", statuses=Reply({}, 503))
    async with desk(udata) as at_work:
        made = await at_work.run()
        assert "jobStatuses" not in at_work.known.wire
        assert at_work.end(made, "records", "j").proved
        udata.statuses = WORDS
        await at_work.run(Pass.POLL)
        assert at_work.known.wire["jobStatuses"] == WORDS


async def test_nul_in_a_word_does_not_reach_the_notes() -> None:
    async with desk(portal("V10", statuses=["do\0ne"])) as at_work:
        await at_work.run()
        assert at_work.known.wire["jobStatuses"] == ["do\ufffdne"]


async def test_a_slash_is_looked_for_again_where_the_remembered_path_is_gone() -> None:
    udata = portal("V9", statuses=WORDS)
    async with desk(udata) as at_work:
        await at_work.run()
        udata.generation = "V10"
        await at_work.run()
        assert at_work.portal.paths[:4] == [
            "/harvest/backends",
            "/harvest/backends/",
            SOURCES,
            "/harvest/job_status/",
        ]
        assert at_work.known.wire == {"wire": "V10", "trailingSlash": True, "jobStatuses": WORDS}
        udata.generation = "V9"
        await at_work.run()
        assert at_work.portal.paths[:2] == ["/harvest/backends/", "/harvest/backends"]
        assert at_work.known.wire["wire"] == "V9"


async def test_a_portal_without_backends_at_either_path_is_at_fault() -> None:
    udata = portal("V17")
    async with desk(udata) as at_work:
        for path in ("backends", "backends/"):
            at_work.portal.answers[f"/harvest/{path}"] = Reply({}, 404)
        with pytest.raises(PortalRefused):
            await at_work.run()
        assert at_work.portal.paths == ["/harvest/backends/", "/harvest/backends"]
        assert at_work.known.wire == {}


@pytest.mark.parametrize(("before", "after"), [("V9", "V17"), ("V10", "V17"), ("V17", "V10"), ("V17", "V9")])
@pytest.mark.parametrize("kind", list(Pass))
async def test_a_portal_that_changes_between_passes_keeps_everything(
    before: str, after: str, kind: Pass
) -> None:
    udata = portal(before, statuses=WORDS)
    async with desk(udata) as at_work:
        await at_work.run()
        names = at_work.known.rows.keys() - set()
        udata.generation = after
        udata.start("s", job("k", hours=0.5, total=3))
        for path in ("k/", "k/items/"):
            at_work.portal.answers[f"/harvest/job/{path}"] = udata.answer
        await at_work.run(kind)
        # a poll does not ask for backends, so it cannot know of a slash: it knows how items are given
        exact = after if kind is Pass.RECONCILE or after != "V9" else "V10"
        assert at_work.known.wire["wire"] == exact
        assert ("jobStatuses" in at_work.known.wire) is (after != "V17")
        assert at_work.known.gone == set()
        assert names <= at_work.known.rows.keys()
        assert positions(at_work.known, "k") == [0, 1, 2]
        assert at_work.known.of(HarvestJob)["k"].total == 3


@pytest.mark.parametrize("at", ["/source/s/jobs/", "/job/j/"])
@pytest.mark.parametrize(("before", "after"), [("V10", "V17"), ("V17", "V10")])
async def test_a_portal_that_changes_during_a_pass_is_read_on_in_its_new_way(
    at: str, before: str, after: str
) -> None:
    udata = portal(before)
    turned(udata, after, at=at)
    async with desk(udata) as at_work:
        made = await at_work.run()
        assert at_work.known.wire["wire"] == after
        assert at_work.known.wire.keys() == {"wire", "trailingSlash"}
        assert all(end.proved for _, end in made.ends)
        assert positions(at_work.known, "j") == [0, 1]
        assert set(at_work.known.of(HarvestSource)) == {"s"}
        assert at_work.known.of(HarvestJob)["j"].total == 2
        assert at_work.known.rejections == []


async def test_a_list_of_jobs_is_read_again_from_its_start_when_the_portal_changes_while_it_is_paged() -> (
    None
):
    udata = Udata(generation="V10")
    udata.add("s", *(job(f"j{n}", hours=n, total=0) for n in range(1, 151)))
    udata.before_page = lambda path, page: setattr(
        udata, "generation", "V17" if "/jobs/" in path and page == 2 else udata.generation
    )
    async with desk(udata) as at_work:
        made = await at_work.run()
        assert [path for path in at_work.portal.paths if "/jobs/" in path] == [
            "/harvest/source/s/jobs/?page=1&page_size=100",
            "/harvest/source/s/jobs/?page=2&page_size=100",
            "/harvest/source/s/jobs/?page=1&page_size=500",
        ]
        assert at_work.end(made, "jobs", "s").proved
        assert len(at_work.known.of(HarvestJob)) == 150


async def test_a_portal_that_cannot_decide_proves_nothing() -> None:
    udata = portal("V10")

    def flap(path: str, _: int) -> None:
        if "/jobs/" in path:
            udata.generation = "V10" if udata.generation == "V17" else "V17"

    async with desk(udata) as at_work:
        await at_work.run()
        udata.before_page = flap
        made = await at_work.run()
        end = at_work.end(made, "jobs", "s")
        assert (end.proved, end.covers) == (False, ())
        assert "generations" in end.reason
        assert at_work.asked["/source/s/jobs/"] == 3
        assert at_work.known.gone == set()


@pytest.mark.parametrize(("before", "after"), [("V10", "V17"), ("V17", "V10")])
async def test_an_open_job_asked_for_by_name_can_show_the_change_too(before: str, after: str) -> None:
    udata = portal(before)
    async with desk(udata) as at_work:
        await at_work.run()
        (seen, _) = udata.jobs["s"]
        open_job = job("i", hours=2, status="initialized")
        udata.jobs["s"] = [seen]

        def turn(path: str, _: int) -> None:
            if path.endswith("/job/i/"):
                udata.jobs["s"] = [seen, open_job]
                udata.generation = after

        udata.before_page = turn
        made = await at_work.run(Pass.POLL)
        assert at_work.asked["/source/s/jobs/"] == 2
        assert at_work.end(made, "jobs", "s").proved
        assert at_work.known.of(HarvestJob)["i"].total == 2
        assert at_work.known.wire["wire"] == after


@pytest.mark.parametrize(
    ("after", "goes_on"), [("V10", "page=2&page_size=100"), ("V17", "page=1&page_size=500")]
)
async def test_a_place_in_pages_of_another_size_is_none(after: str, goes_on: str) -> None:
    udata = Udata(generation="V10")
    udata.add("s", *(job(f"j{n}", hours=n, total=0) for n in range(1, 301)))
    async with desk(udata) as at_work:
        with pytest.raises(Interrupted):
            await at_work.run(pages=3)
        assert at_work.known.cursors["jobs", "s"] == {"page": 2, "size": 100}
        udata.generation = after
        await at_work.run()
        first = next(path for path in at_work.portal.paths if "/jobs/" in path)
        assert first.endswith(goes_on)
        assert len(at_work.known.of(HarvestJob)) == 300
