"""How answers travel: compressed, not twice the same, and to pages of other origins that are named."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import brotli
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as Client

from gateway.config import Settings
from harvest_graphql.engine import Engine
from harvest_graphql.serving import cors
from harvest_graphql.serving.callers import Admitted
from harvest_graphql.serving.compressing import CODINGS, LEAST_BYTES
from harvest_graphql.view import routes

SMALL = "{ portals { key } }"
LARGE = "{ __schema { types { name description } } }"
EXPAND = {"gzip": gzip.decompress, "br": brotli.decompress}
APP = "https://app.example.org"


async def admit(key: str) -> Admitted | None:
    return Admitted(frozenset({"read-private"}), "somebody") if key == "reader" else None


@pytest.fixture
async def client(serve: Callable[..., Awaitable[Client]]) -> Client:
    return await serve(admit=admit)


async def raw(client: Client, query: str, accept: str | None) -> tuple[Any, bytes]:
    """Return an answer and its bytes as they came."""
    headers = {} if accept is None else {"Accept-Encoding": accept}
    skip = ["Accept-Encoding"] if accept is None else []
    answer = await client.session.get(
        client.make_url("/graphql"), params={"query": query}, headers=headers, skip_auto_headers=skip
    )
    return answer, await answer.read()


@pytest.mark.parametrize("accept", ["gzip", "deflate, gzip;q=0.5", "*", "GZIP", "br;q=1.0, *;q=0.1"])
async def test_large_answers_are_compressed(client: Client, accept: str) -> None:
    client.session._auto_decompress = False
    answer, body = await raw(client, LARGE, accept)
    assert answer.headers["Content-Encoding"] in CODINGS
    assert "Accept-Encoding" in ",".join(answer.headers.getall("Vary"))
    assert int(answer.headers["Content-Length"]) == len(body)
    if (expand := EXPAND.get(answer.headers["Content-Encoding"])) is not None:
        plain = expand(body)
        assert len(plain) > 3 * len(body)
        assert json.loads(plain)["data"]


async def test_of_codings_liked_as_much_the_best_is_taken(client: Client) -> None:
    client.session._auto_decompress = False
    answer, _ = await raw(client, LARGE, "gzip, deflate, br")
    assert answer.headers["Content-Encoding"] == "br"


@pytest.mark.parametrize(
    "accept", [None, "", "identity", "gzip;q=0", "deflate", "br;q=0, gzip;q=0, *", "*;q=0"]
)
async def test_nobody_gets_what_was_not_asked_for(client: Client, accept: str | None) -> None:
    client.session._auto_decompress = False
    answer, body = await raw(client, LARGE, accept)
    assert answer.headers.get("Content-Encoding") in {None, "zstd"}
    if "Content-Encoding" not in answer.headers:
        assert json.loads(body)["data"]
    assert "Accept-Encoding" in ",".join(answer.headers.getall("Vary"))


async def test_small_answers_are_sent_as_they_are(client: Client) -> None:
    answer, body = await raw(client, SMALL, "gzip")
    assert "Content-Encoding" not in answer.headers
    assert len(body) < LEAST_BYTES


async def test_posts_and_pages_are_compressed_too(client: Client) -> None:
    posted = await client.post("/graphql", json={"query": LARGE}, headers={"Accept-Encoding": "gzip"})
    assert posted.headers["Content-Encoding"] == "gzip"
    assert (await posted.json())["data"]
    page = await client.get("/graphql", headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    assert "</html>" in await page.text()


async def test_who_has_the_data_is_told_so(client: Client) -> None:
    first = await client.get("/graphql", params={"query": SMALL})
    tag = first.headers["ETag"]
    assert re.fullmatch(r'W/"[0-9a-f]{32}"', tag)
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = await client.get("/graphql", params={"query": SMALL}, headers={"If-None-Match": known})
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["ETag"] == tag
        assert "Accept" in again.headers["Vary"]
        assert again.headers["Cache-Control"] == "no-cache"
    other = await client.get("/graphql", params={"query": SMALL}, headers={"If-None-Match": '"other"'})
    assert other.status == 200
    head = await client.head("/graphql", params={"query": SMALL}, headers={"If-None-Match": tag})
    assert head.status == 304


async def test_the_tag_is_that_of_the_data(client: Client) -> None:
    asked = [
        ({"query": SMALL}, {}),
        ({"query": f"query Other {SMALL}"}, {}),
        ({"query": SMALL}, {"Accept": "application/graphql-response+json"}),
        ({"query": SMALL}, {"X-Api-Key": "reader"}),
        ({"query": SMALL}, {"Accept-Encoding": "identity"}),
    ]
    tags = {(await client.get("/graphql", params=p, headers=h)).headers["ETag"] for p, h in asked}
    assert len(tags) == 1
    other = await client.get("/graphql", params={"query": "{ portals { title } }"})
    assert other.headers["ETag"] not in tags


async def test_private_data_have_a_tag_of_their_own(client: Client) -> None:
    query = '{ harvestSource(portal: "data-gov", slug: "air") { notificationEmails } }'
    public = await client.get("/graphql", params={"query": query})
    known = {"If-None-Match": public.headers["ETag"]}
    private = await client.get("/graphql", params={"query": query}, headers={**known, "X-Api-Key": "reader"})
    assert private.status == 200
    assert private.headers["Cache-Control"] == "private, no-cache"


async def test_posts_and_failures_have_no_tag(client: Client) -> None:
    posted = await client.post("/graphql", json={"query": SMALL}, headers={"If-None-Match": "*"})
    failed = await client.get("/graphql", params={"query": "{ nope }"}, headers={"If-None-Match": "*"})
    for answer in (posted, failed):
        assert answer.status == 200
        assert "ETag" not in answer.headers


@pytest.fixture
def shared(aiohttp_client: Any, engine: Engine) -> Callable[..., Awaitable[Client]]:
    """Serve to pages of some origins."""

    async def start(*origins: str) -> Client:
        app = web.Application()
        app.add_routes(routes(engine, admit=admit))
        app.router.add_get("/metrics", _nothing)
        cors.allow(app, origins, ("/graphql", "/payloads/"))
        client: Client = await aiohttp_client(app)
        return client

    return start


async def _nothing(_: web.Request) -> web.Response:
    return web.Response()


PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,authorization",
}


@pytest.mark.parametrize("origins", [(APP,), ("https://other.example.org", APP), ("*",)])
async def test_pages_of_named_origins_may_read(
    shared: Callable[..., Awaitable[Client]], origins: tuple[str, ...]
) -> None:
    client = await shared(*origins)
    preflight = await client.options("/graphql", headers={"Origin": APP, **PREFLIGHT})
    assert (preflight.status, await preflight.read()) == (204, b"")
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST"
    allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
    assert {"content-type", "authorization", "x-api-key"} <= {each.strip() for each in allowed.split(",")}
    asked = await client.post("/graphql", json={"query": SMALL}, headers={"Origin": APP})
    refused = await client.put("/graphql", headers={"Origin": APP})
    lost = await client.get("/payloads/x", headers={"Origin": APP})
    for answer in (preflight, asked, refused, lost):
        assert answer.headers["Access-Control-Allow-Origin"] == ("*" if "*" in origins else APP)
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert ("Origin" in ",".join(answer.headers.getall("Vary", []))) is ("*" not in origins)
    assert "ETag" in asked.headers["Access-Control-Expose-Headers"]


async def test_other_pages_may_not(shared: Callable[..., Awaitable[Client]]) -> None:
    client = await shared(APP)
    for origin in (
        "https://evil.example.org",
        "null",
        f"{APP}.evil.example",
        APP.upper(),
        "http://app.example.org",
    ):
        preflight = await client.options("/graphql", headers={"Origin": origin, **PREFLIGHT})
        asked = await client.post("/graphql", json={"query": SMALL}, headers={"Origin": origin})
        for answer in (preflight, asked):
            assert not [name for name in answer.headers if name.startswith("Access-Control")]
            assert "Origin" in ",".join(answer.headers.getall("Vary"))


async def test_without_the_setting_nothing_is_said_of_origins(
    shared: Callable[..., Awaitable[Client]],
) -> None:
    client = await shared()
    assert (await client.options("/graphql", headers={"Origin": APP, **PREFLIGHT})).status == 405
    asked = await client.post("/graphql", json={"query": SMALL}, headers={"Origin": APP})
    assert not [name for name in asked.headers if name.startswith("Access-Control")]


async def test_what_is_for_operators_is_not_shared(shared: Callable[..., Awaitable[Client]]) -> None:
    client = await shared("*")
    answer = await client.get("/metrics", headers={"Origin": APP})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert (await client.options("/graphql")).status == 405


def test_origins_are_a_list_with_commas() -> None:
    read = Settings.model_validate
    assert read({"cors_origins": f"{APP}, http://localhost:3000"}).cors_origins == (
        APP,
        "http://localhost:3000",
    )
    assert read({"cors_origins": "*"}).cors_origins == ("*",)
    assert read({}).cors_origins == ()
    for wrong in (f"{APP}/", f"{APP}/path", "app.example.org", "null", "https://*.example.org"):
        with pytest.raises(ValueError, match="no origin"):
            read({"cors_origins": wrong})
