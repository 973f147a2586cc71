from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web
from udata_portal import Udata, desk, job, positions, source

from adapters.data_gouv_fr import wire
from gateway.errors import PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch.client import BudgetSpent
from gateway.model.document import Document
from gateway.model.entities import HarvestJob, HarvestSource, Organization, Person
from gateway.model.enums import EntityType
from gateway.testing import Reply

KEY = "udata_secret"


async def test_reads_are_public_slashed_masked_and_stay_at_home() -> None:
    udata = Udata()
    udata.add("s", job("j", total=12_000))
    async with desk(udata) as at_work:
        await at_work.run(settings={"api_key": KEY})
        sent = at_work.portal.requests
        assert [request.path for request in sent] == [
            "/harvest/backends/",
            "/harvest/sources/?deleted=1&page=1&page_size=1000",
            "/harvest/source/s/jobs/?page=1&page_size=500",
            "/harvest/job/j/items/?page=1&page_size=10000",
            "/harvest/job/j/items/?page=2&page_size=10000",
        ]
        assert not any(KEY in value for request in sent for value in request.headers.values())
        assert sent[1].headers["X-Fields"] == wire.SOURCES_MASK
        assert positions(at_work.known, "j") == list(range(12_000))


async def test_whom_a_source_names_is_a_document_of_its_own() -> None:
    somebody = {"class": "User", "id": "u1", "first_name": "A"}
    organization = {"class": "Organization", "id": "o1", "name": "Rivières  é"}
    validation = {"state": "accepted", "by": {**somebody, "id": "u2"}, "on": None, "comment": None}
    udata = Udata()
    udata.add("a", organization=organization)
    udata.add("b", organization=organization, owner=somebody, validation=validation)
    async with desk(udata) as at_work:
        await at_work.run()
        known = at_work.known
        assert set(known.of(Organization)) == {"o1"}
        assert set(known.of(Person)) == {"u1", "u2"}
        assert known.documents[EntityType.ORGANIZATION, "o1"].body == json.dumps(organization).encode()
        assert known.documents[EntityType.HARVEST_SOURCE, "a"].body == json.dumps(udata.sources[1]).encode()


def many() -> Udata:
    """A portal with two pages of sources."""
    return Udata(sources=[source(f"s{n}", last_job=None) for n in range(wire.SOURCES_PAGE + 3)])


async def test_a_list_that_shifts_is_read_once_more() -> None:
    udata = many()
    inserted: list[int] = []

    def shift(path: str, page: int) -> None:
        if path.endswith("/sources/") and page == 2 and not inserted:
            inserted.append(page)
            udata.add("new")

    udata.before_page = shift
    async with desk(udata) as at_work:
        made = await at_work.run()
        assert at_work.end(made, "sources").proved
        assert len(at_work.known.of(HarvestSource)) == wire.SOURCES_PAGE + 4
        assert at_work.asked["/sources/"] == 2 + 2


async def test_a_row_that_bears_its_neighbours_id_changes_no_neighbour() -> None:
    udata = Udata()
    udata.add("s", *(job(f"j{n}", hours=n + 1, status="done" if n else "failed") for n in range(3)))
    async with desk(udata) as at_work:
        await at_work.run()

        def repeated(envelope: dict[str, Any]) -> dict[str, Any]:
            first, *others = envelope["data"]
            if first.get("id") != "j0":
                return envelope
            return {**envelope, "data": [first, *others[:-1], {**others[-1], "id": "j0"}]}

        udata.edit = repeated
        made = await at_work.run()
        assert not at_work.end(made, "jobs", "s").proved
        assert at_work.known.gone == set()
        assert at_work.known.of(HarvestJob)["j0"].native_status == "failed"
        assert {one.native_id for one in at_work.known.rejections} == {"j0"}
        udata.edit = lambda envelope: envelope
        assert at_work.end(await at_work.run(), "jobs", "s").proved


async def test_a_list_that_keeps_shifting_proves_nothing_and_is_left() -> None:
    udata = many()

    def shift(path: str, page: int) -> None:
        if path.endswith("/sources/") and page == 2:
            udata.add(f"new{len(udata.sources)}")

    udata.before_page = shift
    async with desk(udata) as at_work:
        made = await at_work.run()
        assert not at_work.end(made, "sources").proved
        assert {f"s{n}" for n in range(wire.SOURCES_PAGE + 3)} <= set(at_work.known.of(HarvestSource))
        assert at_work.asked["/sources/"] == 2 + 2


async def test_a_row_lost_between_pages_hides_no_other() -> None:
    udata = many()
    removed: list[str] = []

    def remove(path: str, page: int) -> None:
        if path.endswith("/sources/") and page == 2 and not removed:
            removed.append(udata.sources.pop(0)["id"])

    async with desk(udata) as at_work:
        await at_work.run()
        udata.before_page = remove
        made = await at_work.run()
        assert at_work.asked["/sources/"] == 2 + 2
        assert at_work.end(made, "sources").proved
        assert at_work.known.gone == set()  # it was named before it went
        await at_work.run()
        assert at_work.known.gone == {(EntityType.HARVEST_SOURCE, removed[0])}


async def test_a_list_whose_last_page_is_no_more_is_read_once_more() -> None:
    udata = many()
    del udata.sources[wire.SOURCES_PAGE + 1 :]

    def remove(path: str, page: int) -> None:
        if path.endswith("/sources/") and page == 2:
            udata.sources.pop(0)

    udata.before_page = remove
    async with desk(udata) as at_work:
        made = await at_work.run()
        assert at_work.asked["/sources/"] == 2 + 1
        assert at_work.end(made, "sources").proved


@pytest.mark.parametrize("lie", [-1, 7])
async def test_a_lying_total_proves_nothing(lie: int) -> None:
    udata = Udata()
    udata.add("s", job("j"))
    udata.edit = lambda envelope: {**envelope, "total": envelope["total"] + lie}
    async with desk(udata) as at_work:
        made = await at_work.run()
        assert not any(end.proved for scope, end in made.ends if scope.stream != "backends")
        assert positions(at_work.known, "j") == [0, 1]


async def test_an_envelope_without_next_page_is_paged_by_its_total() -> None:
    udata = many()
    udata.edit = lambda envelope: {key: value for key, value in envelope.items() if key != "next_page"}
    async with desk(udata) as at_work:
        made = await at_work.run()
        assert at_work.end(made, "sources").proved
        assert at_work.asked["/sources/"] == 2


async def test_a_portal_that_always_has_more_is_left() -> None:
    udata = Udata()
    udata.add("a")
    udata.edit = lambda envelope: {**envelope, "next_page": "http://more"}

    async def same(_: web.Request) -> web.StreamResponse:
        return Reply({"data": udata.sources, "total": 1, "next_page": "http://more"}).response()

    async with desk(udata) as at_work:
        at_work.portal.answers["/harvest/sources/"] = same
        made = await at_work.run()
        assert at_work.asked["/sources/"] == 2
        assert at_work.end(made, "sources").proved


async def test_one_sources_broken_list_costs_no_other_source() -> None:
    udata = Udata()
    udata.add("a", job("ja"))
    udata.add("b", job("jb"))
    async with desk(udata) as at_work:
        at_work.portal.answers["/harvest/source/b/jobs/"] = Reply({}, 500)
        made = await at_work.run()
        assert set(at_work.known.of(HarvestJob)) == {"ja"}
        end = at_work.end(made, "jobs", "b")
        assert (end.proved, end.covers) == (False, ())
        at_work.portal.answers["/harvest/source/b/jobs/"] = Reply({}, 404)
        made = await at_work.run()
        assert not at_work.end(made, "jobs", "b").proved


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 500), PortalUnavailable),
        (Reply({}, 503), PortalUnavailable),
        (Reply({}, 404), PortalRefused),
        (Reply({}, 401), PortalRefused),
        (Reply({}, 400), PortalUnreadable),
        (Reply(b"", 308, headers={"Location": "/api/1/harvest/sources/"}), PortalUnreadable),
        (Reply(b"<html>", media_type="text/html"), PortalUnreadable),
        (Reply({}), PortalUnreadable),
        (Reply([]), PortalUnreadable),
        (Reply(b'{"data": [{"id": "a"'), PortalUnreadable),
    ],
)
@pytest.mark.parametrize("path", ["/harvest/sources/", "/harvest/backends/"])
async def test_a_portal_without_its_main_lists_is_at_fault(
    reply: Reply, error: type[Exception], path: str
) -> None:
    udata = Udata()
    udata.add("s", job("j"))
    if reply.body == [] and path.endswith("backends/"):
        return
    async with desk(udata) as at_work:
        at_work.portal.answers[path] = reply
        with pytest.raises(error):
            await at_work.run()


@pytest.mark.parametrize("path", ["/harvest/sources/", "/harvest/source/s/jobs/", "/harvest/job/j/items/"])
async def test_an_unreadable_page_is_kept_whole(path: str) -> None:
    page = b"<!doctype html><title>Maintenance</title>"
    udata = Udata()
    udata.add("s", job("j"))
    async with desk(udata) as at_work:
        at_work.portal.answers[path] = Reply(page, media_type="text/html")
        with pytest.raises(PortalUnreadable):
            await at_work.run()
        (kept,) = at_work.known.rejections
        assert (kept.body, kept.fetch.endpoint.partition("?")[0]) == (page, path)


async def test_rows_without_a_usable_id_are_rejected_and_prove_nothing() -> None:
    udata = Udata()
    udata.add("good", job("j"))
    bad: list[Any] = [{}, {"id": None}, {"id": 7}, {"id": ""}, {"id": "a\0b"}, "text", None, [1]]
    udata.sources.extend(bad)
    async with desk(udata) as at_work:
        made = await at_work.run()
        assert len(at_work.known.rejections) == len(bad)
        assert set(at_work.known.of(HarvestSource)) == {"good"}
        assert not at_work.end(made, "sources").proved
        assert at_work.asked["/sources/"] == 1


async def test_a_source_whose_jobs_are_all_gone_is_known_to_have_none() -> None:
    udata = Udata()
    udata.add("a", job("a1"))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.sources[0]["last_job"] = None
        await at_work.run()
        assert at_work.known.gone == {(EntityType.HARVEST_JOB, "a1")}
        assert at_work.asked["/source/a/jobs/"] == 0


async def test_ids_cannot_lead_out_of_their_list() -> None:
    udata = Udata()
    udata.add("../../me?x=1#", job("j"))
    async with desk(udata) as at_work:
        await at_work.run()
        assert all(path.startswith("/harvest/") for path in at_work.portal.paths)
        assert any("%2F" in path for path in at_work.portal.paths)


async def test_a_spent_budget_ends_the_pass_where_it_is() -> None:
    udata = Udata()
    udata.add("a", job("ja"))
    udata.add("b", job("jb"))
    async with desk(udata) as at_work:
        with pytest.raises(BudgetSpent):
            await at_work.run(client={"max_requests": 3})
        assert len(at_work.portal.requests) == 3
        assert await at_work.known.scopes_read("jobs") == {"b"}
        with pytest.raises(BudgetSpent):
            await at_work.run(client={"max_requests": 3})
        assert await at_work.known.scopes_read("jobs") == {"a", "b"}


async def test_documents_are_the_portals_bytes() -> None:
    udata = Udata()
    udata.add("s", job("j"))
    async with desk(udata) as at_work:
        await at_work.run()
        document = at_work.known.documents[EntityType.HARVEST_RECORD, "j/1"]
        assert isinstance(document, Document)
        assert document.body == json.dumps(udata.items["j"][1]).encode()
        assert (document.parent, document.position) == ("j", 1)
        assert at_work.known.documents[EntityType.HARVEST_JOB, "j"].parent == "s"
