"""Persisted documents: asked for by name or hash, and an endpoint that runs nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient as Client

from gateway.resources import manifest_file, operations
from harvest_graphql.serving.persisted import Documents, manifest

NAME = "portals-freshness"
TEXT = operations()[NAME]
HASH = hashlib.sha256(TEXT.encode()).hexdigest()
IDS = [NAME, f"sha256:{HASH}", HASH, f"SHA256:{HASH.upper()}"]


@pytest.fixture(params=["any", "trusted"])
async def client(serve: Callable[..., Awaitable[Client]], request: pytest.FixtureRequest) -> Client:
    return await serve(documents=Documents(operations(), trusted=request.param == "trusted"))


@pytest.fixture
async def trusting(serve: Callable[..., Awaitable[Client]]) -> Client:
    return await serve(documents=Documents(operations(), trusted=True))


@pytest.mark.parametrize("document_id", IDS)
async def test_by_post_and_by_get(client: Client, document_id: str) -> None:
    posted = await client.post("/graphql", json={"documentId": document_id})
    got = await client.get("/graphql", params={"documentId": document_id})
    for answer in (posted, got):
        assert answer.status == 200
        assert (await answer.json())["data"]["portals"]


async def test_with_variables_and_a_name(client: Client) -> None:
    asked: dict[str, Any] = {"documentId": "search-sources", "variables": {"name": "air"}}
    asked["operationName"] = "SearchSources"
    answer = await client.post("/graphql", json=asked)
    assert (await answer.json())["data"]["harvestSources"]["nodes"]
    got = await client.get("/graphql", params={**asked, "variables": '{"name": "air"}'})
    assert (await got.json())["data"]["harvestSources"]["nodes"]


@pytest.mark.parametrize("document_id", ["nope", "sha256:", f"sha256:{'0' * 64}", f"sha1:{HASH}", "\ud800"])
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_an_unknown_id(client: Client, document_id: str, accept: str) -> None:
    body = json.dumps({"documentId": document_id if document_id.isascii() else "é"})
    headers = {"Content-Type": "application/json", "Accept": accept}
    answer = await client.post("/graphql", data=body, headers=headers)
    assert (answer.status, answer.content_type) == (400, "application/json")
    assert (await answer.json())["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_FOUND"


@pytest.mark.parametrize(
    "body", [{"documentId": 5}, {"documentId": ""}, {"documentId": NAME, "query": TEXT}, {"documentId": None}]
)
async def test_ids_that_are_none(client: Client, body: dict[str, Any]) -> None:
    answer = await client.post("/graphql", json=body)
    assert answer.status == 400
    assert (await answer.json())["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    "query", ["{ portals { key } }", "{ __schema { queryType { name } } }", "{", TEXT + " "]
)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_trusting_endpoint_runs_nothing_else(trusting: Client, query: str, accept: str) -> None:
    headers = {"Accept": accept}
    posted = await trusting.post("/graphql", json={"query": query}, headers=headers)
    got = await trusting.get("/graphql", params={"query": query}, headers=headers)
    for answer in (posted, got):
        assert (answer.status, answer.content_type) == (403, "application/json")
        told = await answer.json()
        assert told["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        assert "documentId" in told["errors"][0]["message"]
        assert "data" not in told


async def test_the_text_of_a_trusted_document_is_that_document(trusting: Client) -> None:
    answer = await trusting.post("/graphql", json={"query": TEXT})
    assert (await answer.json())["data"]["portals"]


async def test_without_documents_there_is_none(serve: Callable[..., Awaitable[Client]]) -> None:
    client = await serve()
    assert (await client.post("/graphql", json={"documentId": NAME})).status == 400


def test_the_manifest_is_current() -> None:
    text = manifest_file().read_text("utf-8")
    assert text == manifest(operations()), "Run: gateway schema --write"
    rows = json.loads(text)
    assert {row["name"]: row["sha256"] for row in rows}[NAME] == HASH
    assert len(rows) == len(operations())
