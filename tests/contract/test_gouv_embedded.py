from __future__ import annotations

import json
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from udata_portal import NOW, Desk, Udata, desk, item, job, positions

from adapters.data_gouv_fr import ADAPTER
from gateway.errors import PortalUnavailable, PortalUnreadable
from gateway.model.entities import HarvestJob, HarvestRecord
from gateway.model.enums import EntityType
from gateway.ports import Crawl, End, Page, Pass, Scope
from gateway.testing import FakePortal, MemoryKnown, Reply, client_for, portal_for

MEGABYTE = 2**20


def portal(*items: Any, generation: str = "V10") -> Udata:
    """A portal with two jobs; the newer one holds *items*."""
    udata = Udata(generation=generation)
    udata.add("s", job("j", hours=1, total=len(items)), job("k", hours=2))
    udata.items["j"] = list(items)
    return udata


@asynccontextmanager
async def instead(udata: Udata, **answers: Any) -> AsyncIterator[Desk]:
    """Put other answers in the place of jobs."""
    async with desk(udata) as at_work:
        for name, answer in answers.items():
            at_work.portal.answers[f"/harvest/job/{name}/"] = answer
        yield at_work


async def test_items_are_the_portals_bytes_named_by_their_place() -> None:
    items = [item("same"), item("same"), item(None), {**item("x"), "title": 'é  \\ " ]}'}]
    async with desk(portal(*items)) as at_work:
        made = await at_work.run()
        assert at_work.end(made, "records", "j").proved
        rows = at_work.known.of(HarvestRecord)
        assert [rows[f"j/{n}"].remote_id for n in range(4)] == ["same", "same", None, "x"]
        for position, one in enumerate(items):
            document = at_work.known.documents[EntityType.HARVEST_RECORD, f"j/{position}"]
            assert document.body == json.dumps(one).encode()
            assert (document.parent, document.position, document.counted) == ("j", position, None)
            assert (document.fetch.endpoint, document.fetch.mask) == ("/harvest/job/j/", None)


async def test_pages_hold_two_thousand_and_cannot_be_gone_on_from() -> None:
    async with desk(portal(*(item(f"r{n}") for n in range(4500)))) as at_work:
        made = await at_work.run()
        assert made.pages["records", "j"] == 3
        assert positions(at_work.known, "j") == list(range(4500))
        assert at_work.asked["/job/j/"] == 1


ROW = json.dumps({**item("r" * 400), "errors": [{"message": "m" * 400}]}).encode()


async def streamed(request: web.Request) -> web.StreamResponse:
    """Answer with a job of as many items as its name says, never whole in memory."""
    name = request.path.strip("/").rpartition("/")[2]
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"id": "' + name.encode() + b'", "items": [')
    for _ in range(int(name) // 500):
        await response.write(b",".join([ROW] * 500) + b",")
    await response.write(ROW + b'], "status": "done"}')
    return response


async def peak_of(crawl: Crawl, name: str) -> int:
    """Return the most bytes that were held at once while a job's items were read page by page."""
    scope = Scope("records", EntityType.HARVEST_RECORD, name, within=EntityType.HARVEST_JOB, whole=True)
    tracemalloc.start()
    try:
        seen = 0
        async for one in crawl.read(scope, None):
            if isinstance(one, Page):
                assert len(one.elements) <= 2000
                assert one.cursor is None
                seen += len(one.elements)
            else:
                assert one == End(proved=True, covers=(name,))
        assert seen == int(name) + 1
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_memory_does_not_grow_with_the_job() -> None:
    small, large = "5000", "50000"
    async with FakePortal({f"/harvest/job/{name}/": streamed for name in (small, large)}) as server:
        settings = portal_for(ADAPTER, server.base_url)
        known = MemoryKnown(ADAPTER, NOW)
        known.wire = {"wire": "V10", "trailingSlash": True}
        async with client_for(settings, NOW) as client:
            crawl = ADAPTER.crawl(settings, client, known, Pass.POLL, NOW)
            await anext(aiter(crawl.scopes()))
            peaks = [await peak_of(crawl, name) for name in (small, large)]
        assert int(large) * len(ROW) > 40 * MEGABYTE
        assert peaks[0] < 12 * MEGABYTE
        assert peaks[1] < peaks[0] + MEGABYTE


async def test_an_item_that_is_none_is_rejected_alone() -> None:
    items = [item("a"), "poison", item("b"), None, [1], {"remote_id": "x", "kwargs": {"k": ["\0"]}}]
    async with desk(portal(*items)) as at_work:
        made = await at_work.run()
        assert positions(at_work.known, "j") == [0, 2, 5]
        assert [(one.native_id, one.body) for one in at_work.known.rejections] == [
            ("j/1", b'"poison"'),
            ("j/3", b"null"),
            ("j/4", b"[1]"),
        ]
        assert at_work.end(made, "records", "j").proved
        assert at_work.known.of(HarvestRecord)["j/5"].kwargs == {"k": ["\ufffd"]}
        assert at_work.known.of(HarvestJob)["j"].total == 6


async def test_an_item_that_no_reader_takes_is_rejected_alone() -> None:
    deep = b"[" * 150 + b"]" * 150
    body = (
        b'{"id":"j","items":[{"remote_id":"a"},{"x":NaN},{"x":"\xff"},{"x":' + deep + b'},{"remote_id":"b"}]}'
    )
    async with instead(portal(*[{"status": "done"}] * 5), j=Reply(body)) as at_work:
        made = await at_work.run()
        assert positions(at_work.known, "j") == [0, 4]
        assert [one.position for one in at_work.known.rejections] == [1, 2, 3]
        assert at_work.end(made, "records", "j").proved


@pytest.mark.parametrize("status", [404, 500])
async def test_a_job_that_cannot_be_shown_stops_nothing_and_buries_nothing(status: int) -> None:
    async with desk(portal(item("a"))) as at_work:
        await at_work.run()
        at_work.portal.answers["/harvest/job/j/"] = Reply({"message": "no"}, status)
        made = await at_work.run()
        end = at_work.end(made, "records", "j")
        assert (end.proved, end.covers) == (False, ())
        assert str(status) in end.reason
        assert at_work.end(made, "records", "k").proved
        assert at_work.known.gone == set()


async def test_a_job_that_breaks_off_keeps_what_came_and_is_read_again() -> None:
    whole = json.dumps({"id": "j", "items": [item("a"), item("b"), item("c")]}).encode()
    async with instead(portal(item("a"), item("b"), item("c")), j=Reply(whole[:-40])) as at_work:
        made = await at_work.run()
        end = at_work.end(made, "records", "j")
        assert (end.proved, end.covers) == (False, ())
        assert positions(at_work.known, "j") == [0, 1]
        assert at_work.end(made, "records", "k").proved
        at_work.portal.answers["/harvest/job/j/"] = Reply(whole)
        made = await at_work.run(Pass.POLL)
        assert at_work.end(made, "records", "j").proved
        assert positions(at_work.known, "j") == [0, 1, 2]


async def test_a_connection_that_breaks_off_is_the_portals_absence() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = 1000
        await response.prepare(request)
        await response.write(b'{"id": "j", "items": [{"remote_id": "a"},')
        assert request.transport is not None
        request.transport.close()
        return response

    async with instead(portal(item("a")), j=cut) as at_work:
        with pytest.raises(PortalUnavailable):
            await at_work.run()
        assert at_work.asked["/job/j/"] == 3
        assert positions(at_work.known, "j") == []


@pytest.mark.parametrize(
    "body", [b"<!doctype html><title>Maintenance</title>", b"[]", b'{"id": "j", "it', b""]
)
async def test_an_answer_that_is_no_job_is_kept_whole(body: bytes) -> None:
    async with instead(portal(item("a")), j=Reply(body, media_type="text/html")) as at_work:
        with pytest.raises(PortalUnreadable):
            await at_work.run()
        (kept,) = at_work.known.rejections
        assert (kept.body, kept.parent, kept.fetch.endpoint) == (body, "j", "/harvest/job/j/")


LIES: Mapping[str, Any] = {
    "another job": {"id": "k", "items": [item("a")]},
    "fewer than counted": {"id": "j", "items": []},
    "more than counted": {"id": "j", "items": [item("a"), item("b")]},
    "no items": {"id": "j"},
    "null": {"id": "j", "items": None},
}


@pytest.mark.parametrize("name", LIES)
async def test_an_answer_that_does_not_fit_proves_nothing(name: str) -> None:
    async with instead(portal(item("a")), j=Reply(LIES[name])) as at_work:
        made = await at_work.run()
        end = at_work.end(made, "records", "j")
        assert (end.proved, end.covers) == (False, ())
        assert end.reason
        assert at_work.known.wire["wire"] == "V10"


async def test_a_job_without_items_is_covered_without_a_request_at_any_age() -> None:
    udata = Udata(generation="V10")
    udata.add("s", job("young", hours=1, total=0), job("old", hours=24 * 200, total=0))
    async with desk(udata) as at_work:
        made = await at_work.run(settings={"backfill_days": None})
        assert at_work.end(made, "records").covers == ("young", "old")
        assert not any("/job/" in path for path in at_work.portal.paths)


async def test_a_place_in_the_pages_of_a_younger_portal_is_none() -> None:
    udata = portal(*(item(f"r{n}") for n in range(12_000)), generation="V17")
    async with desk(udata) as at_work:
        await at_work.run(pages=None, wanted=lambda scope: scope.stream != "records")
        reading = at_work.known.begin(Scope("records", EntityType.HARVEST_RECORD, "j"))
        at_work.known.take(reading, [], {"page": 2})
        udata.generation = "V10"
        made = await at_work.run()
        assert at_work.end(made, "records", "j").proved
        assert positions(at_work.known, "j") == list(range(12_000))


async def test_a_younger_portals_missing_list_of_items_is_looked_for_in_the_job_and_proves_nothing() -> None:
    udata = portal(item("a"), generation="V17")
    async with desk(udata) as at_work:
        at_work.portal.answers["/harvest/job/j/items/"] = Reply({}, 404)
        made = await at_work.run()
        assert not at_work.end(made, "records", "j").proved
        assert (at_work.asked["/job/j/items/"], at_work.asked["/job/j/"]) == (1, 1)
        assert at_work.known.wire["wire"] == "V17"
        assert at_work.end(made, "records", "k").proved
