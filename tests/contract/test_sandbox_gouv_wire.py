"""The sandbox data.gouv.fr on the wire: paging, slashes, masks, errors, headers, as the facts say of the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from adapters.data_gouv_fr.sandbox import ADMIN_KEY, SANDBOX
from gateway.sandbox.control import Running, running
from gateway.sandbox.instants import DAY, millis
from gateway.sandbox.inventory_world import InventoryWorld

EPOCH = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


class Portal:
    """Asks the sandbox, without following redirects."""

    def __init__(self, sandbox: Running, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session
        assert isinstance(sandbox.world, InventoryWorld)
        self.world = sandbox.world

    async def ask(self, path: str, *, method: str = "GET", **options: Any) -> aiohttp.ClientResponse:
        response = await self.session.request(
            method, self.sandbox.base_url + path, allow_redirects=False, **options
        )
        await response.read()
        return response

    async def json(self, path: str, **options: Any) -> Any:
        response = await self.ask(path, **options)
        assert response.status == 200, await response.text()
        return await response.json()

    @property
    def at(self) -> int:
        return millis(self.sandbox.clock())


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    jar = aiohttp.DummyCookieJar()
    async with (
        running(SANDBOX, seed=1, scale=1, epoch=EPOCH) as sandbox,
        aiohttp.ClientSession(cookie_jar=jar) as session,
    ):
        yield Portal(sandbox, session)


async def test_pages_of_sources_are_whole_and_in_order(portal: Portal) -> None:
    whole = await portal.json("/harvest/sources/?deleted=1&page_size=2147483648")
    rows: list[Any] = []
    for page in range(1, 99):
        part = await portal.json(f"/harvest/sources/?deleted=1&page_size=7&page={page}")
        rows += part["data"]
        assert (part["previous_page"] is None) == (page == 1)
        if part["next_page"] is None:
            break
        assert parse_qs(urlsplit(part["next_page"]).query)["page"] == [str(page + 1)]
    assert rows == whole["data"]
    assert whole["total"] == len(rows) == len({row["id"] for row in rows})
    created = [row["created_at"] for row in rows]
    assert created == sorted(created, reverse=True)
    assert list(rows[0]) == sorted(rows[0])


async def test_paging_errors(portal: Portal) -> None:
    assert (await portal.ask("/harvest/sources/?page=99")).status == 404
    assert (await portal.ask(f"/harvest/sources/?page_size={10**20}")).status == 500
    for bad in ("0", "-1", "abc", "%20"):
        response = await portal.ask(f"/harvest/sources/?page_size={bad}")
        assert response.status == 400
        assert list((await response.json())["errors"]) == ["page_size"]
    empty = await portal.json("/harvest/sources/?owner=0000000000000000000000ff")
    assert (empty["data"], empty["total"], empty["next_page"]) == ([], 0, None)


async def test_any_value_of_deleted_adds_the_deleted(portal: Portal) -> None:
    visible = (await portal.json("/harvest/sources/?page_size=100"))["total"]
    for value in ("1", "0", "false"):
        assert (await portal.json(f"/harvest/sources/?deleted={value}&page_size=100"))["total"] == visible + 3
    assert (await portal.json("/harvest/sources/?deleted=&page_size=100"))["total"] == visible
    assert (await portal.json("/harvest/sources/?sort=name&page_size=100"))["total"] == visible


async def test_a_deleted_source_is_still_readable_until_it_is_purged(portal: Portal) -> None:
    sources = (await portal.json("/harvest/sources/?deleted=1&page_size=100"))["data"]
    deleted = next(row for row in sources if row["deleted"] and row["deleted"].startswith("2026-11-13"))
    path = f"/harvest/source/{deleted['id']}/"
    assert await portal.json(path) == deleted
    assert (await portal.json(f"{path}jobs/"))["total"] >= 0
    portal.sandbox.advance(5)
    assert (await portal.ask(path)).status == 404


async def test_jobs_are_newest_first_and_their_pages_name_the_slug(portal: Portal) -> None:
    source = next(s for s in portal.world.existing(portal.at) if s.place == 0)
    path = f"/harvest/source/{source.id}/jobs/?page_size=5"
    page = await portal.json(path)
    created = [job["created"] for job in page["data"]]
    assert created == sorted(created, reverse=True)
    slug = portal.world.view(source, portal.at).slug
    assert urlsplit(page["next_page"]).path == f"/api/1/harvest/source/{slug}/jobs/"
    assert {job["source"]["id"] for job in page["data"]} == {source.id}
    last = (await portal.json(f"/harvest/source/{slug}/"))["last_job"]
    assert last == {**page["data"][0], "errors": [], "source": {"class": "NoneType", "id": None}}


async def test_a_running_job_grows(portal: Portal) -> None:
    source = next(s for s in portal.world.existing(portal.at) if s.place == 0)
    job = (await portal.json(f"/harvest/source/{source.id}/jobs/"))["data"][0]
    assert (job["status"], job["ended"]) == ("initialized", None)
    before = await portal.json(f"/harvest/job/{job['id']}/items/?page_size=1000")
    assert before["total"] == job["items"]["total"] > 0
    portal.sandbox.advance(1 / 24)
    after = await portal.json(f"/harvest/job/{job['id']}/items/?page_size=1000")
    assert after["total"] > before["total"]
    assert after["data"][: before["total"] - 1] == before["data"][:-1]
    assert (await portal.json(f"/harvest/job/{job['id']}/"))["ended"]


async def test_items_by_status_agree_with_the_counters(portal: Portal) -> None:
    source = next(s for s in portal.world.existing(portal.at) if s.place == 1)
    job = next(
        j
        for j in (await portal.json(f"/harvest/source/{source.id}/jobs/"))["data"]
        if j["status"] == "done-errors"
    )
    path = f"/harvest/job/{job['id']}/items/"
    for status, count in job["items"]["by_status"].items():
        assert (await portal.json(f"{path}?status={status}"))["total"] == count
    items = (await portal.json(f"{path}?page_size=500"))["data"]
    assert len(items) == job["items"]["total"]
    assert sum(item["dataservice"] is not None for item in items) <= job["items"]["by_type"]["dataservice"]
    assert (await portal.ask(f"{path}?status=bogus")).status == 400


async def test_missing_and_malformed_jobs(portal: Portal) -> None:
    for path in ("/harvest/job/0000000000000000000000ff/", "/harvest/job/0000000000000000000000ff/items/"):
        response = await portal.ask(path)
        assert (response.status, await response.json()) == (500, {"message": "Internal Server Error"})
    assert (await portal.ask("/harvest/job/nope/")).status == 400


async def test_a_dangling_reference_breaks_the_page_that_holds_it(portal: Portal) -> None:
    world, at = portal.world, portal.at
    run = next(
        run
        for source in world.existing(at)
        for run in world.runs(source, at)
        if run.dangling is not None and len(world.entries(run, at)) > run.dangling + 1
    )
    assert run.dangling is not None
    path = f"/harvest/job/{run.id}/items/"
    assert run.created < at - 30 * DAY
    assert (await portal.ask(f"{path}?page_size=1000")).status == 500
    assert (await portal.ask(f"{path}?page_size=1&page={run.dangling + 1}")).status == 500
    assert (await portal.ask(f"{path}?page_size=1&page={run.dangling}")).status == 200
    assert (await portal.ask(f"/harvest/job/{run.id}/")).status == 200


async def test_slashes_slugs_and_unknown_paths(portal: Portal) -> None:
    response = await portal.ask("/harvest/sources?page=2")
    assert (response.status, response.headers["Location"]) == (
        308,
        f"{portal.sandbox.base_url}/harvest/sources/?page=2",
    )
    renamed = next(s for s in portal.world.existing(portal.at) if s.place == 3)
    old, new = renamed.names[0][2], renamed.names[1][2]
    moved = await portal.ask(f"/harvest/source/{old}/jobs/")
    assert (moved.status, moved.headers["Location"]) == (308, f"/api/1/harvest/source/{new}/jobs/")
    assert set(await (await portal.ask("/harvest/job_status")).json()) == {"error", "status"}
    missing = await portal.ask("/harvest/source/nope/")
    assert (missing.status, set(await missing.json())) == (404, {"message"})
    page = await portal.ask("/harvest/source/nope/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status, page.content_type) == (404, "text/html")


async def test_methods(portal: Portal) -> None:
    refused = await portal.ask("/harvest/sources/", method="PATCH")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, OPTIONS, POST, HEAD")
    options = await portal.ask("/harvest/sources/", method="OPTIONS")
    assert (options.status, options.headers["Allow"]) == (200, "GET, OPTIONS, POST, HEAD")
    head, whole = await portal.ask("/harvest/sources/", method="HEAD"), await portal.ask("/harvest/sources/")
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert await head.read() == b""


async def test_headers(portal: Portal) -> None:
    plain = await portal.ask("/harvest/backends/")
    assert plain.headers["Server"] == "gunicorn"
    assert plain.headers["Vary"] == "Origin, Cookie"
    assert plain.headers["Content-Type"] == "application/json"
    assert not {"ETag", "Last-Modified", "Set-Cookie", "Access-Control-Allow-Origin"} & set(plain.headers)
    assert plain.headers["Date"] == "Sun, 22 Nov 2026 06:30:00 GMT"
    crossed = await portal.ask("/harvest/backends/", headers={"Origin": "https://example.org"})
    assert crossed.headers["Access-Control-Allow-Origin"] == "*"
    keyed = await portal.ask("/harvest/backends/", headers={"X-API-KEY": ADMIN_KEY})
    assert keyed.headers["Set-Cookie"].startswith("session=")
    wrong = await portal.ask("/harvest/backends/", headers={"X-API-KEY": "nope"})
    assert (wrong.status, wrong.headers["WWW-Authenticate"]) == (401, 'Bearer realm="uData"')


async def test_masks(portal: Portal) -> None:
    async def masked(mask: str) -> Any:
        return await portal.json("/harvest/sources/?page_size=3", headers={"X-Fields": mask})

    assert await masked("{id}") == {}
    assert set(await masked("data{id},total")) == {"data", "total"}
    row = (await masked("data{*,permissions{none}}"))["data"][0]
    assert row["permissions"] == {}
    assert "last_job" in row
    bad = await portal.ask("/harvest/sources/", headers={"X-Fields": "{id"})
    assert (bad.status, await bad.json()) == (400, {"message": "Mask parse error: Missing closing bracket"})
    hidden = await portal.ask("/harvest/sources/?page=0", headers={"X-Fields": "total"})
    assert set(await hidden.json()) == {"message"}


async def test_instants_have_a_fraction_only_where_there_is_one(portal: Portal) -> None:
    seen = set()
    for source in (await portal.json("/harvest/sources/?page_size=100"))["data"]:
        job = source["last_job"]
        if job:
            seen.add(len(job["created"]))
            assert job["created"].endswith("+00:00")
            assert datetime.fromisoformat(job["created"]) <= EPOCH + timedelta(days=1)
    assert seen == {25, 32}


async def test_words_are_searched_in_every_source(portal: Portal) -> None:
    found = (await portal.json("/harvest/sources/?q=geocatalogue&page_size=100"))["data"]
    assert found
    assert all("géocatalogue" in row["name"].lower() for row in found)
    assert (await portal.json("/harvest/sources/?q=geocatalogue%20zzz"))["total"] == 0


async def test_links_are_made_of_the_host_that_was_asked(portal: Portal) -> None:
    headers = {"Host": "www.portal.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    page = await portal.json("/harvest/sources/?page_size=2&lang=fr", headers=headers)
    assert page["next_page"] == "https://www.portal.example/api/1/harvest/sources/?page_size=2&lang=fr&page=2"


async def test_the_same_clock_gives_the_same_bytes(portal: Portal) -> None:
    first = await (await portal.ask("/harvest/sources/?page_size=1000&deleted=1")).read()
    portal.sandbox.advance(2)
    async with running(SANDBOX, seed=1, scale=1, epoch=EPOCH) as other:
        again = Portal(other, portal.session)
        assert await (await again.ask("/harvest/sources/?page_size=1000&deleted=1")).read() == first
        other.advance(2)
        for path in ("/harvest/sources/?page_size=1000&deleted=1", "/harvest/backends/"):
            assert await (await again.ask(path)).read() == await (await portal.ask(path)).read()
