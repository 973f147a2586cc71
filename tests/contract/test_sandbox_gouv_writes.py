"""What users write to the sandbox data.gouv.fr: a source's life, who may do what, and how mistakes are answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from adapters.data_gouv_fr.sandbox import ADMIN_KEY, GUEST_KEY, SANDBOX, USER_KEY
from gateway.sandbox.control import running
from gateway.sandbox.inventory_world import InventoryWorld

EPOCH = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
GIVEN = {"name": "Été à la mer", "url": "https://data.example.fr/catalog.jsonld", "backend": "dcat"}


class Writer:
    """Writes to a sandbox with one of its keys."""

    def __init__(self, base: str, session: aiohttp.ClientSession, organization: str, other: str) -> None:
        self.base = base
        self.session = session
        self.organization = organization
        self.other = other

    async def __call__(
        self, method: str, path: str, body: Any = None, *, key: str | None = ADMIN_KEY, **headers: str
    ) -> tuple[int, Any]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"X-API-KEY": key} if key else {}
        content = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        async with self.session.request(
            method, f"{self.base}/harvest{path}", headers=sent, allow_redirects=False, **content
        ) as response:
            text = await response.text()
            return (
                response.status,
                await response.json() if text and "json" in response.content_type else text,
            )

    async def made(self, key: str = USER_KEY, **more: Any) -> dict[str, Any]:
        status, source = await self("POST", "/sources/", {**GIVEN, **more}, key=key)
        assert status == 201, source
        made: dict[str, Any] = source
        return made


@pytest.fixture
async def write() -> AsyncIterator[Writer]:
    async with (
        running(SANDBOX, seed=1, scale=1, epoch=EPOCH) as sandbox,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        assert isinstance(sandbox.world, InventoryWorld)
        bodies = sandbox.world.people.organizations
        yield Writer(sandbox.base_url, session, bodies[0].id, bodies[1].id)


async def test_the_life_of_a_source(write: Writer) -> None:
    made = await write.made(organization=write.organization, unknown=1, deleted="2020-01-01T00:00:00Z")
    path = f"/source/{made['id']}/"
    assert (made["slug"], made["validation"]["state"], made["deleted"]) == ("ete-a-la-mer", "pending", None)
    status, listed = await write("GET", "/sources/?page_size=1", key=None)
    assert (status, listed["data"][0]["id"]) == (200, made["id"])
    assert (await write("POST", f"{path}run/"))[0] == 400
    _, accepted = await write("POST", f"{path}validate/", {"state": "accepted", "comment": "ok"})
    assert (accepted["schedule"], accepted["validation"]["state"], accepted["last_job"]) == (
        "0 0 * * *",
        "accepted",
        None,
    )
    _, jobs = await write("GET", f"{path}jobs/", key=None)
    assert (jobs["total"], jobs["data"][0]["status"]) == (1, "done")
    _, items = await write("GET", f"/job/{jobs['data'][0]['id']}/items/", key=None)
    assert items["total"] == jobs["data"][0]["items"]["total"] > 0
    _, answered = await write("POST", f"{path}run/")
    assert answered["last_job"]["id"] == jobs["data"][0]["id"]
    assert (await write("GET", f"{path}jobs/", key=None))[1]["total"] == 2
    assert (await write("DELETE", path, key=USER_KEY))[0] == 204
    _, deleted = await write("GET", path, key=None)
    assert deleted["deleted"]
    assert (await write("DELETE", path, key=USER_KEY))[0] == 204


async def test_a_new_name_is_a_new_slug_and_the_old_one_leads_there(write: Writer) -> None:
    made = await write.made()
    status, changed = await write(
        "PUT", f"/source/{made['id']}/", {"name": "Hiver", "slug": "x"}, key=USER_KEY
    )
    assert (status, changed["slug"], changed["url"]) == (200, "hiver", GIVEN["url"])
    assert (await write("GET", f"/source/{made['slug']}/", key=None))[0] == 308
    again = await write.made(name="Hiver")
    assert again["slug"] == "hiver-1"


async def test_sources_of_the_world_can_be_changed_too(write: Writer) -> None:
    _, page = await write("GET", "/sources/?page_size=1", key=None)
    source = page["data"][0]
    _, changed = await write("PUT", f"/source/{source['id']}/", {"active": False})
    assert changed["active"] is False
    assert (await write("GET", f"/source/{source['id']}/", key=None))[1]["active"] is False


async def test_schedules(write: Writer) -> None:
    made = await write.made()
    path = f"/source/{made['id']}/schedule/"
    assert (await write("POST", path, "5 4 * * 1", key=USER_KEY))[0] == 403
    assert (await write("POST", path, "5 4 * * 1"))[1]["schedule"] == "5 4 * * 1"
    bare = await write("POST", path, b"5 4 1 * *", Content_Type="application/json")
    assert bare[1]["schedule"] == "5 4 1 * *"
    assert (await write("POST", path, b"5 4 1 * *", Content_Type="text/plain"))[0] == 415
    refused = await write("POST", path, "nope")
    assert refused == (400, {"message": "not enough values to unpack (expected 5, got 1)"})
    assert (await write("DELETE", path))[0] == 204
    assert (await write("DELETE", path))[0] == 400


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": "Field is required", "url": "Field is required", "backend": "Field is required"}),
        ({**GIVEN, "backend": "nope"}, {"backend": 'Unknown backend "nope"'}),
        ({**GIVEN, "url": "not a url"}, {"url": 'Invalid URL "not a url"'}),
        ({**GIVEN, "name": "x" * 256}, {"name": "String value is too long"}),
        (
            {**GIVEN, "backend": "ckan", "config": {"filters": [{"key": "zzz", "value": "1"}]}},
            {"config": 'Unknown filter key "zzz" for "ckan" backend'},
        ),
        (
            {**GIVEN, "backend": "csw-dcat", "config": {"features": {"geodcatap": "yes"}}},
            {"config": "A feature should be a boolean"},
        ),
        (
            {**GIVEN, "organization": "0000000000000000000000ff"},
            {"organization": "Unknown reference '0000000000000000000000ff'"},
        ),
    ],
)
async def test_mistakes_are_told_by_field(
    write: Writer, body: dict[str, Any], errors: dict[str, str]
) -> None:
    status, answer = await write("POST", "/sources/", body, key=USER_KEY)
    assert (status, answer["errors"]) == (400, errors)


async def test_who_may_do_what(write: Writer) -> None:
    made = await write.made(organization=write.organization)
    path = f"/source/{made['id']}/"
    assert (await write("POST", "/sources/", GIVEN, key=None))[0] == 401
    assert (await write("PUT", path, {"name": "x"}, key=None))[0] == 401
    assert (await write("PUT", path, {"name": "x"}, key="nope"))[0] == 401
    forbidden = (403, {"message": "You do not have the permission to modify that object."})
    assert await write("PUT", path, {"name": "x"}, key=GUEST_KEY) == forbidden
    assert await write("DELETE", path, key=GUEST_KEY) == forbidden
    assert await write("POST", f"{path}validate/", {"state": "accepted"}, key=USER_KEY) == forbidden
    status, told = await write("PUT", path, {"name": "x"}, key=GUEST_KEY, X_Fields="id")
    assert status == 403
    assert told["message"].startswith("<HarvestSourceAdminPermission needs=")
    status, answer = await write("POST", "/sources/", {**GIVEN, "organization": write.other}, key=USER_KEY)
    assert (status, answer["errors"]) == (400, {"organization": "Permission denied for this organization"})
    assert (await write("GET", path, key=USER_KEY))[1]["permissions"] == {
        "delete": True,
        "edit": True,
        "preview": True,
        "run": True,
        "schedule": False,
        "validate": False,
    }


async def test_validation_wants_a_state_and_a_reason(write: Writer) -> None:
    path = f"/source/{(await write.made())['id']}/validate/"
    assert (await write("POST", path, {"state": "maybe"}))[1]["errors"]["state"].startswith("'maybe' is not")
    assert list((await write("POST", path, {"state": "refused"}))[1]["errors"]) == ["comment"]
    _, refused = await write("POST", path, {"state": "refused", "comment": "URL inaccessible"})
    assert refused["validation"]["state"] == "refused"
    assert refused["validation"]["by"]["last_name"] == "Admin"


async def test_bodies_that_are_no_json_object(write: Writer) -> None:
    assert (await write("POST", "/sources/", b"hello", Content_Type="text/plain"))[0] == 415
    for body in (b"[1,2", b"[1]", b"null", b'"x"', b"\xff"):
        assert (await write("POST", "/sources/", body, Content_Type="application/json"))[0] == 400
    made = await write.made()
    status, _ = await write("PUT", f"/source/{made['id']}/", {"organization": None})
    assert status == 500


async def test_previews_show_whole_datasets(write: Writer) -> None:
    made = await write.made()
    status, job = await write("GET", f"/source/{made['id']}/preview/", key=USER_KEY)
    assert (status, job["id"]) == (200, None)
    assert 0 < len(job["items"]) <= 20
    assert job["items"][0]["dataset"]["uri"] is None
    assert (await write("POST", "/source/preview/", GIVEN, key=USER_KEY))[0] == 200
    assert (await write("GET", f"/source/{made['id']}/preview/", key=None))[0] == 401
    assert (await write("GET", f"/source/{made['id']}/preview/", key=GUEST_KEY))[0] == 403
