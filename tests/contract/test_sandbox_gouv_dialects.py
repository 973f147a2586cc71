"""The sandbox data.gouv.fr as it spoke before: items inside of jobs, paths without a slash, whole data services."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from adapters.data_gouv_fr.sandbox import ADMIN_KEY, GUEST_KEY, SANDBOX, USER_KEY
from gateway.sandbox.control import Running, running
from gateway.sandbox.instants import millis
from gateway.sandbox.inventory_runs import Run
from gateway.sandbox.inventory_world import InventoryWorld

EPOCH = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
COUNTED = "data{*,items{status}},*"
GIVEN = {"name": "Été à la mer", "url": "https://data.example.fr/catalog.jsonld", "backend": "dcat"}
OLDER = ("v16", "v9")
ITEM = {
    "args",
    "created",
    "dataservice",
    "dataset",
    "ended",
    "errors",
    "logs",
    "remote_id",
    "started",
    "status",
}
SERVICE = {
    *("acronym", "archived_at", "authorization_request_url", "availability", "base_api_url", "contact_point"),
    *("created_at", "datasets", "deleted_at", "description", "endpoint_description_url", "format", "harvest"),
    *("has_token", "id", "is_restricted", "license", "metadata_modified_at", "organization", "owner"),
    *("private", "rate_limiting", "self_api_url", "self_web_url", "slug", "tags", "title"),
}


class Portal:
    """Asks the sandbox, without following redirects."""

    def __init__(self, sandbox: Running, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session
        assert isinstance(sandbox.world, InventoryWorld)
        self.world = sandbox.world

    async def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        key: str | None = None,
        mask: str | None = None,
        body: Any = None,
    ) -> tuple[int, Any]:
        headers = {name: value for name, value in (("X-API-KEY", key), ("X-Fields", mask)) if value}
        async with self.session.request(
            method,
            f"{self.sandbox.base_url}/harvest{path}",
            allow_redirects=False,
            headers=headers,
            json=body,
        ) as response:
            json = response.content_type == "application/json"
            return response.status, await response.json() if json else await response.text()

    async def json(self, path: str, **options: Any) -> Any:
        status, body = await self.ask(path, **options)
        assert status == 200, body
        return body

    async def speak(self, dialect: str) -> None:
        async with self.session.post(
            f"{self.sandbox.control_url}/dialect", json={"dialect": dialect}
        ) as response:
            assert response.status == 200

    @property
    def at(self) -> int:
        return millis(self.sandbox.clock())

    def place(self, place: int) -> str:
        """Return the id of the source at a place of the world."""
        return next(source.id for source in self.world.existing(self.at) if source.place == place)

    def dangling(self) -> Run:
        """Return a run with an item whose dataset is gone without a trace."""
        world, at = self.world, self.at
        runs = (run for source in world.existing(at) for run in world.runs(source, at))
        return next(
            run for run in runs if run.dangling is not None and len(world.entries(run, at)) > run.dangling
        )


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    async with (
        running(SANDBOX, seed=1, scale=1, epoch=EPOCH) as sandbox,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield Portal(sandbox, session)


@pytest.fixture(params=OLDER)
async def older(portal: Portal, request: pytest.FixtureRequest) -> Portal:
    portal.sandbox.speak(str(request.param))
    return portal


def path_of(portal: Portal, source: str) -> str:
    slash = "" if portal.sandbox.control.dialect == "v9" else "/"
    return f"/source/{source}{slash}"


async def test_ids_and_instants_stay_in_every_dialect(portal: Portal) -> None:
    jobs = f"/source/{portal.place(1)}/jobs/?page_size=3"
    said = []
    for dialect in ("v17", "v16", "v9", "v17"):
        await portal.speak(dialect)
        sources = (await portal.json("/sources/?deleted=1&page_size=100"))["data"]
        found = (await portal.json(jobs))["data"]
        told = [(row["id"], row["created_at"], (row["last_job"] or {}).get("id")) for row in sources]
        said.append((told, [(job["id"], job["created"], job["ended"], job["status"]) for job in found]))
    assert said == [said[0]] * 4


async def test_jobs_hold_their_items_and_name_their_source(older: Portal) -> None:
    source = await older.json(path_of(older, older.place(1)))
    page = await older.json(f"/source/{source['id']}/jobs/?page_size=4")
    for job in page["data"]:
        assert job["source"] == source["name"]
        assert isinstance(job["items"], list)
        assert await older.json(f"/job/{job['id']}/") == job
        assert (await older.ask(f"/job/{job['id']}/items/"))[0] == 404
    assert "slug" not in source
    last = {**page["data"][0], "errors": [], "items": [], "source": None}
    assert source["last_job"] == last


async def test_embedded_items_are_the_linked_ones(portal: Portal) -> None:
    jobs = f"/source/{portal.place(1)}/jobs/?page_size=1&page=2"
    linked = (await portal.json(jobs))["data"][0]
    items = (await portal.json(f"/job/{linked['id']}/items/?page_size=1000"))["data"]
    portal.sandbox.speak("v16")
    assert (await portal.json(jobs))["data"][0]["items"] == items
    counted = (await portal.json(jobs, mask=COUNTED))["data"][0]["items"]
    assert counted == [{"status": item["status"]} for item in items]
    words = Counter(item["status"] for item in counted)
    assert {word: words[word] for word in linked["items"]["by_status"]} == linked["items"]["by_status"]
    assert len(counted) == linked["items"]["total"]


async def test_masks_work_inside_of_items(older: Portal) -> None:
    source = older.place(1)
    job = (await older.json(f"/source/{source}/jobs/?page_size=1&page=2"))["data"][0]
    masked = await older.json(f"/job/{job['id']}/", mask="id,items{remote_id,dataset{id},errors{message}}")
    assert set(masked) == {"id", "items"}
    for item, whole in zip(masked["items"], job["items"], strict=True):
        dataset = whole["dataset"] and {"id": whole["dataset"]["id"]}
        errors = [{"message": error["message"]} for error in whole["errors"]]
        assert item == {"remote_id": whole["remote_id"], "dataset": dataset, "errors": errors}
    bare = await older.json(f"/source/{source}/jobs/", mask="data{id,status},total")
    assert set(bare["data"][0]) == {"id", "status"}


async def test_a_dangling_reference_breaks_what_looks_at_it(older: Portal) -> None:
    run = older.dangling()
    jobs = f"/source/{run.source.id}/jobs/?page_size=100"
    assert (await older.ask(f"/job/{run.id}/"))[0] == 500
    assert (await older.ask(jobs))[0] == 500
    assert (await older.ask(f"/job/{run.id}/", mask="*,items{dataset{id}}"))[0] == 500
    assert len((await older.json(f"/job/{run.id}/", mask="*,items{status}"))["items"]) > 3
    listed = await older.json(jobs, mask=COUNTED)
    assert run.id in {job["id"] for job in listed["data"]}
    assert (await older.ask(f"/job/{run.id}/", mask="items{*}"))[0] == 500


async def test_the_owner_may_be_an_organization(older: Portal) -> None:
    source = await older.json(path_of(older, older.place(2)))
    body = source["organization"]["id"]
    found = await older.json(f"/sources/?owner={body}&page_size=100")
    assert source["id"] in {row["id"] for row in found["data"]}
    assert {row["organization"]["id"] for row in found["data"]} == {body}
    everybody = (await older.json("/sources/"))["total"]
    assert (await older.json(f"/sources/?organization={body}"))["total"] == everybody > found["total"]
    person = (await older.json(path_of(older, older.place(40))))["owner"]["id"]
    assert (await older.json(f"/sources/?owner={person}"))["total"] >= 1


async def test_a_missing_job_is_the_portals_fault(older: Portal) -> None:
    assert await older.ask("/job/0000000000000000000000ff/") == (500, {"message": "Internal Server Error"})


async def test_forms_are_whole_and_give_lists_of_reasons(older: Portal) -> None:
    status, refused = await older.ask("/sources/", "POST", key=USER_KEY, body={"name": "x"})
    assert (status, refused["errors"]) == (
        400,
        {"url": ["Field is required"], "backend": ["Field is required"]},
    )
    full = {**GIVEN, "description": "Bleu", "autoarchive": False}
    status, made = await older.ask("/sources/", "POST", key=USER_KEY, body=full)
    assert (status, made["description"]) == (201, "Bleu")
    path = path_of(older, made["id"])
    status, changed = await older.ask(path, "PUT", key=USER_KEY, body={**GIVEN, "name": "Hiver"})
    assert (status, changed["name"], changed["description"], changed["autoarchive"]) == (
        200,
        "Hiver",
        None,
        True,
    )
    assert (await older.ask(path, "PUT", key=USER_KEY, body={"name": "Printemps"}))[0] == 400
    assert (await older.ask(path, "DELETE", key=USER_KEY))[0] == 204
    assert (await older.json(path))["deleted"]


async def test_udata_16_has_slashes_permissions_and_slugs_in_links(portal: Portal) -> None:
    portal.sandbox.speak("v16")
    source = (await portal.json("/sources/?page_size=1"))["data"][0]
    assert set(source["permissions"]) == {"delete", "edit", "preview", "run", "schedule", "validate"}
    for path in ("/backends", "/sources", f"/source/{source['id']}"):
        assert (await portal.ask(path))[0] == 308
    for path in ("/job_status", "/job_status/", "/source/nope/"):
        assert (await portal.ask(path))[0] == 404
    page = await portal.json(f"/source/{portal.place(1)}/jobs/?page_size=1", mask="next_page")
    assert portal.place(1) not in page["next_page"]
    assert (await portal.json("/sources/?q=geocatalogue"))["total"] < (await portal.json("/sources/"))[
        "total"
    ]
    status, job = await portal.ask(f"/source/{portal.place(1)}/preview/", key=ADMIN_KEY)
    assert (status, job["id"], isinstance(job["source"], str)) == (200, None, True)


async def test_udata_9_wants_a_slash_on_three_paths_only(portal: Portal) -> None:
    portal.sandbox.speak("v9")
    source = portal.place(1)
    newest = (await portal.json(f"/source/{source}"))["last_job"]["id"]
    for path in ("/sources", f"/source/{source}/jobs", f"/job/{newest}"):
        assert (await portal.ask(path))[0] == 308
        assert (await portal.ask(f"{path}/"))[0] == 200
    for path in ("/backends", "/job_status", f"/source/{source}"):
        assert (await portal.ask(path))[0] == 200
        assert (await portal.ask(f"{path}/"))[0] == 404
    for path in ("/validate", "/schedule"):
        assert (await portal.ask(f"/source/{source}{path}", "POST"))[0] == 401
        assert (await portal.ask(f"/source/{source}{path}/", "POST"))[0] == 404
    assert (await portal.ask(f"/source/{source}/run", "POST"))[0] == 404


async def test_udata_9_tells_the_words_of_jobs(portal: Portal) -> None:
    portal.sandbox.speak("v9")
    words = await portal.json("/job_status")
    assert words == ["pending", "initializing", "initialized", "processing", "done", "done-errors", "failed"]
    assert {"extra_configs", "features", "filters", "id", "label"} == set((await portal.json("/backends"))[0])


async def test_udata_9_fails_where_there_is_no_source(portal: Portal) -> None:
    portal.sandbox.speak("v9")
    renamed = next(source for source in portal.world.existing(portal.at) if source.place == 3)
    for name in ("nope", "0000000000000000000000ff", renamed.names[0][2]):
        for path in (f"/source/{name}", f"/source/{name}/jobs/"):
            assert await portal.ask(path) == (500, {"message": "Internal Server Error"})
    found = await portal.json(f"/source/{renamed.names[1][2]}")
    assert found["id"] == renamed.id
    page = await portal.json(f"/source/{renamed.id}/jobs/?page_size=1", mask="next_page")
    assert urlsplit(page["next_page"]).path.endswith(f"/source/{renamed.id}/jobs/")


async def test_udata_9_shows_data_services_whole(portal: Portal) -> None:
    job = f"/job/{(await portal.json(f'/source/{portal.place(1)}/jobs/'))['data'][1]['id']}/"
    await portal.speak("v16")
    known = (await portal.json(job))["items"]
    await portal.speak("v9")
    items = (await portal.json(job))["items"]
    services = [(old["dataservice"], new["dataservice"]) for old, new in zip(known, items, strict=True)]
    services = [(old, new) for old, new in services if old is not None]
    assert services
    for old, new in services:
        assert set(new) == SERVICE
        assert {name: new[name] for name in old if name != "class"} == {
            name: value for name, value in old.items() if name != "class"
        }
        assert set(new["contact_point"]) == {"email", "id", "name", "organization", "owner"}
        assert new["harvest"]["remote_id"]
    assert all(set(item) == ITEM for item in items)
    assert [item["dataset"] for item in items] == [item["dataset"] for item in known]
    errors = [error for item in items for error in item["errors"]]
    assert errors
    assert all(set(error) == {"level", "message"} and error["level"] == "ERROR" for error in errors)


async def test_udata_9_says_nothing_of_permissions(portal: Portal) -> None:
    portal.sandbox.speak("v9")
    for source in (await portal.json("/sources/?page_size=100", key=ADMIN_KEY))["data"]:
        assert "permissions" not in source
        assert "permissions" not in (source["organization"] or {})


async def test_udata_9_previews_show_datasets_whole_to_anybody(portal: Portal) -> None:
    portal.sandbox.speak("v9")
    path = f"/source/{portal.place(1)}/preview"
    assert (await portal.ask(path))[0] == 401
    status, job = await portal.ask(path, key=GUEST_KEY)
    assert status == 200
    for item in job["items"]:
        assert set(item) == ITEM
        assert {"contact_point", "harvest", "resources", "internal", "temporal_coverage"} <= set(
            item["dataset"]
        )
        assert not {"permissions", "quality", "metrics", "contact_points"} & set(item["dataset"])
    status, made = await portal.ask("/source/preview", "POST", key=GUEST_KEY, body=GIVEN)
    assert (status, made["source"], made["id"]) == (200, GIVEN["name"], None)
