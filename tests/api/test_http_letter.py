"""To the letter of GraphQL over HTTP: methods, addresses, media types."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as Client

from harvest_graphql.engine import Engine
from harvest_graphql.serving.reading import MOST_CHARACTERS, MOST_LINE
from harvest_graphql.view import routes

GRAPHQL = "application/graphql-response+json"
QUERY = "{ portals { key } }"
MUTATIONS = [
    "mutation { syncPortal }",
    "mutation M { a } query Q { portals { key } }",
    "#comment\nmutation($x: Int) { a(b: $x) { c } }",
]
ACCEPTS = pytest.mark.parametrize("accept", ["application/json", GRAPHQL, "*/*"])


@pytest.fixture
async def client(serve: Callable[..., Awaitable[Client]]) -> Client:
    return await serve()


@ACCEPTS
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("document", MUTATIONS)
async def test_a_mutation_by_get_is_refused(client: Client, document: str, method: str, accept: str) -> None:
    params = {"query": document, "operationName": "M"} if "M {" in document else {"query": document}
    answer = await client.request(method, "/graphql", params=params, headers={"Accept": accept})
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert answer.content_type == "application/json"
    if method == "GET":
        assert (await answer.json())["errors"][0]["extensions"]["code"] == "OPERATION_NOT_ALLOWED"


async def test_what_only_looks_like_a_mutation_is_none(client: Client) -> None:
    for document in (
        "query mutation { portals { key } }",
        '{ portal(key: "data-gov") { mutation: title } } # mutation { x }',
        "mutation M { a } query Q { portals { key } }",
    ):
        params = {"query": document, **({"operationName": "Q"} if "Q {" in document else {})}
        answer = await client.get("/graphql", params=params)
        assert answer.status == 200, document


async def test_a_mutation_by_post_is_told_that_there_are_none(client: Client) -> None:
    answer = await client.post("/graphql", json={"query": MUTATIONS[0]}, headers={"Accept": GRAPHQL})
    assert (answer.status, answer.content_type) == (400, GRAPHQL)
    assert (await answer.json())["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@ACCEPTS
async def test_a_subscription_is_no_request(client: Client, accept: str) -> None:
    query = "subscription S { syncProgress { portal } }"
    posted = await client.post("/graphql", json={"query": query}, headers={"Accept": accept})
    got = await client.get("/graphql", params={"query": query}, headers={"Accept": accept})
    for answer in (posted, got):
        assert (answer.status, answer.content_type) == (400, "application/json")
        assert (await answer.json())["errors"][0]["extensions"]["code"] == "OPERATION_NOT_ALLOWED"


@pytest.mark.parametrize("document", ["mutation {", "subscription", "mutation" * 100_000, "{ mutation "])
async def test_broken_documents_are_told_as_ever(client: Client, document: str) -> None:
    answer = await client.post("/graphql", json={"query": document}, headers={"Accept": GRAPHQL})
    assert answer.status == 400
    assert (await answer.json(content_type=None))["errors"][0]["extensions"]["code"] in {
        "GRAPHQL_PARSE_FAILED",
        "DOCUMENT_TOO_LARGE",
    }


@pytest.fixture
async def address(engine: Engine) -> AsyncIterator[tuple[str, int]]:
    """Where the endpoint listens as the gateway has it listen."""
    app = web.Application()
    app.add_routes(routes(engine))
    runner = web.AppRunner(app, max_line_size=MOST_LINE, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    yield host, port
    await runner.cleanup()


@pytest.mark.parametrize(
    ("length", "status"), [(MOST_CHARACTERS // 2, 200), (MOST_CHARACTERS, 414), (500_000, 414)]
)
async def test_an_address_that_is_too_long(address: tuple[str, int], length: int, status: int) -> None:
    query = quote("{ portals { key } } #" + "x" * length, safe="")
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{address[0]}:{address[1]}/graphql?query={query}") as answer,
    ):
        assert answer.status == status
        told = await answer.json()
        if status == 414:
            assert told["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
            assert "POST" in told["errors"][0]["message"]
        else:
            assert told["data"]


@pytest.mark.parametrize(
    ("method", "body", "headers", "status"),
    [
        ("GET", None, {}, 400),
        ("PUT", None, {}, 405),
        ("POST", "{", {"Content-Type": "application/json"}, 400),
        ("POST", "[]", {"Content-Type": "application/json"}, 400),
        ("POST", "{}", {"Content-Type": "application/json"}, 400),
        ("POST", "{}", {"Content-Type": "text/plain"}, 415),
        ("POST", json.dumps({"query": QUERY}), {"Content-Type": "application/json", "X-Api-Key": "x"}, 401),
    ],
)
async def test_what_is_no_graphql_is_not_answered_as_graphql(
    client: Client, method: str, body: str | None, headers: dict[str, str], status: int
) -> None:
    answer = await client.request(method, "/graphql", data=body, headers={"Accept": GRAPHQL, **headers})
    assert (answer.status, answer.content_type) == (status, "application/json")
    told = await answer.json()
    assert told["errors"][0]["extensions"]["code"]
    assert "data" not in told


@pytest.mark.parametrize(
    "accept", ["text/csv", "application/json;q=0", "image/*", "application/json; q=0.000"]
)
async def test_nothing_that_is_accepted(client: Client, accept: str) -> None:
    answer = await client.post("/graphql", json={"query": QUERY}, headers={"Accept": accept})
    assert (answer.status, answer.content_type) == (406, "application/json")


async def test_what_is_refused_is_not_kept(client: Client) -> None:
    answer = await client.put("/graphql")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
