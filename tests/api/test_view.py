"""The endpoint over HTTP: what a client may send, what it gets, and that nothing a client sends is a 5xx."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as Client

from harvest_graphql.engine import Engine
from harvest_graphql.serving.reading import MOST_BYTES
from harvest_graphql.view import routes

QUERY = '{ portal(key: "data-gov") { title } }'
TITLE = {"portal": {"title": "Data.gov"}}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def client(aiohttp_client: Any, engine: Engine) -> Any:
    app = web.Application()
    app.add_routes(routes(engine))
    return await aiohttp_client(app)


async def test_post_and_get(client: Client) -> None:
    posted = await client.post("/graphql", json={"query": QUERY})
    assert posted.status == 200
    assert posted.headers["Content-Type"] == "application/json; charset=utf-8"
    assert (await posted.json())["data"] == TITLE
    got = await client.get("/graphql", params={"query": QUERY})
    assert got.status == 200
    assert (await got.json())["data"] == TITLE
    named = {
        "query": "query A($k: String!) { portal(key: $k) { title } } query B { portals { key } }",
        "variables": '{"k": "data-gov"}',
        "operationName": "A",
        "extensions": "{}",
    }
    assert (await (await client.get("/graphql", params=named)).json())["data"] == TITLE
    assert (await client.head("/graphql", params={"query": QUERY})).status == 200


async def test_null_members_are_absent(client: Client) -> None:
    body = {"query": QUERY, "variables": None, "operationName": None, "extensions": None}
    assert (await (await client.post("/graphql", json=body)).json())["data"] == TITLE


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        ("application/json", 200, "application/json"),
        ("*/*", 200, "application/json"),
        ("application/*", 200, "application/json"),
        ("application/graphql-response+json", 200, "application/graphql-response+json"),
        (
            "application/graphql-response+json, application/json;q=0.9",
            200,
            "application/graphql-response+json",
        ),
        ("application/json, application/graphql-response+json", 200, "application/json"),
        ("application/graphql-response+json;q=0, application/json", 200, "application/json"),
        ("text/csv", 406, "application/json"),
    ],
)
async def test_the_media_type_is_the_one_that_is_accepted(
    client: Client, accept: str, status: int, media_type: str
) -> None:
    answer = await client.post("/graphql", json={"query": QUERY}, headers={"Accept": accept})
    assert (answer.status, answer.content_type) == (status, media_type)


@pytest.mark.parametrize("query", ["{", "{ nope }", '{ node(id: "x") { id } }'])
async def test_refused_requests_are_400_for_clients_of_the_new_media_type_alone(
    client: Client, query: str
) -> None:
    for accept, status in (("application/json", 200), ("application/graphql-response+json", 400)):
        answer = await client.post("/graphql", json={"query": query}, headers={"Accept": accept})
        assert answer.status == status
        found = await answer.json(content_type=None)
        assert found["errors"][0]["extensions"]["code"]
        assert "data" not in found


BODIES = [
    b"",
    b"null",
    b'"x"',
    b"5",
    b"[]",
    b'[{"query": "{ portals { key } }"}]',
    b"{",
    b"\xff\xfe",
    b'{"query": "\xff"}',
    b"[" * 100_000,
    b'{"query": ' + b"[" * 100_000,
    b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    b'{"query": 5}',
    b'{"query": null}',
    b'{"query": ""}',
    b'{"variables": {}}',
    b'{"query": "{ __typename }", "variables": []}',
    b'{"query": "{ __typename }", "variables": "{}"}',
    b'{"query": "{ __typename }", "operationName": {}}',
    b'{"query": "{ __typename }", "extensions": 5}',
    b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 5000 + b"}}",
    b'{"query": "{ __typename }", "variables": {"a": NaN}}',
    b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
    b'{"query": "\\ud800"}',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_bodies_that_hold_no_request(client: Client, body: bytes) -> None:
    answer = await client.post("/graphql", data=body, headers=JSON)
    assert answer.status == 400
    assert (await answer.json())["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_texts_that_no_database_holds(client: Client) -> None:
    for variables in ({"k": "a\0b"}, {"k": "\U0010ffff"}):
        body = {"query": "query ($k: String!) { portal(key: $k) { title } }", "variables": variables}
        answer = await client.post("/graphql", json=body)
        assert answer.status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods(client: Client, method: str) -> None:
    answer = await client.request(method, "/graphql", json={"query": QUERY})
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/graphql",
        "application/json; charset=utf-16",
        "x",
    ],
)
async def test_other_content_types(client: Client, content_type: str) -> None:
    answer = await client.post(
        "/graphql", data=b'{"query": "{ __typename }"}', headers={"Content-Type": content_type}
    )
    assert answer.status == 415


async def test_multipart_is_refused(client: Client) -> None:
    answer = await client.post("/graphql", data={"query": QUERY, "file": io.BytesIO(b"x")})
    assert answer.status == 415


async def test_bodies_that_are_too_long(client: Client) -> None:
    long = json.dumps({"query": QUERY, "x": "y" * MOST_BYTES}).encode()
    assert (await client.post("/graphql", data=long, headers=JSON)).status == 413
    bomb = gzip.compress(b" " * 50_000_000)
    answer = await client.post("/graphql", data=bomb, headers={**JSON, "Content-Encoding": "gzip"})
    assert answer.status == 413


async def test_bodies_whose_encoding_lies(client: Client) -> None:
    for encoding in ("gzip", "deflate", "br", "zstd"):
        try:
            answer = await client.post(
                "/graphql", data=b"{}" * 20, headers={**JSON, "Content-Encoding": encoding}
            )
        except OSError:
            continue
        assert answer.status < 500


async def test_get_without_a_query_or_with_odd_ones(client: Client) -> None:
    for path in (
        "",
        "?query=",
        "?variables={}",
        "?query={__typename}&variables=5",
        "?query={__typename}&variables=%FF",
    ):
        answer = await client.get(f"/graphql{path}")
        assert answer.status == 400, path


async def test_a_browser_sees_what_this_is(serve: Callable[[], Awaitable[Client]]) -> None:
    client = await serve()
    answer = await client.get("/graphql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    page = await answer.text()
    assert answer.content_type == "text/html"
    assert "GraphQL endpoint" in page
    assert '<aside class="sandbox"' in page
    assert "what-broke" in page
    assert "//" not in page.replace("http://www.w3.org", "")
    assert len(page) < 60_000
    asked = await client.get(f"/graphql?query={quote(QUERY)}", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (await asked.json())["data"] == TITLE


async def test_a_client_that_goes_away(client: Client) -> None:
    asked = asyncio.create_task(client.post("/graphql", json={"query": "{ harvestErrors { totalCount } }"}))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert (await client.post("/graphql", json={"query": QUERY})).status == 200
