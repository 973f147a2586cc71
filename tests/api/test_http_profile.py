"""The locked profile: no schema, no GET, no pages; everything else as ever."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from itertools import product

import pytest
from aiohttp import ClientSession
from graphql import get_introspection_query

from gateway.compose import Gateway
from gateway.errors import ConfigurationError

Serving = Callable[..., Awaitable[tuple[Gateway, ClientSession]]]
QUERY = "{ __typename portals { key } }"


@pytest.fixture
async def locked(serving: Serving) -> ClientSession:
    _, session = await serving(profile="locked")
    return session


async def test_what_is_asked_by_post_is_answered(locked: ClientSession) -> None:
    async with locked.post("/graphql", json={"query": QUERY}) as answer:
        assert (await answer.json())["data"]["__typename"] == "Query"
    async with locked.post("/graphql", json={"documentId": "portals-freshness"}) as answer:
        assert (await answer.json())["data"]["portals"]


async def test_other_methods_are_refused(locked: ClientSession) -> None:
    for method, accept in product(
        ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"), ("*/*", "text/html", "application/graphql-response+json")
    ):
        for params in ({}, {"query": QUERY}, {"documentId": "portals-freshness"}):
            headers = {"Accept": accept}
            async with locked.request(method, "/graphql", params=params, headers=headers) as answer:
                assert (answer.status, answer.headers["Allow"]) == (405, "POST")
                assert answer.content_type == "application/json"


async def test_the_schema_is_not_told(locked: ClientSession) -> None:
    async with locked.post("/graphql", json={"query": get_introspection_query()}) as answer:
        told = await answer.json()
    assert "data" not in told
    assert [each["extensions"]["code"] for each in told["errors"]] == ["INTROSPECTION_DISABLED"]


async def test_websockets_stay_and_tell_no_schema_either(locked: ClientSession) -> None:
    async with locked.ws_connect("/graphql", protocols=["graphql-transport-ws"]) as socket:
        await socket.send_json({"type": "connection_init"})
        assert (await socket.receive_json())["type"] == "connection_ack"
        for number, query in enumerate((QUERY, get_introspection_query())):
            await socket.send_json({"type": "subscribe", "id": str(number), "payload": {"query": query}})
        told = {
            each["id"]: each for each in [await socket.receive_json() for _ in range(3)] if "payload" in each
        }
    assert told["0"]["payload"]["data"]["portals"]
    assert "INTROSPECTION_DISABLED" in json.dumps(told["1"])


async def test_there_are_no_pages(locked: ClientSession) -> None:
    for path in ("/docs", "/docs/", "/explorer", "/graphiql", "/playground", "/console"):
        async with locked.get(path, headers={"Accept": "text/html"}) as answer:
            assert answer.status == 404, path


async def test_probes_and_numbers_stay(locked: ClientSession) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        async with locked.get(path) as answer:
            assert answer.status == 200


async def test_limits_are_settings(serving: Serving) -> None:
    _, session = await serving(limits={"depth": 1})
    async with session.post("/graphql", json={"query": QUERY}) as answer:
        told = await answer.json()
    assert told["errors"][0]["extensions"]["code"] == "DOCUMENT_TOO_LARGE"
    with pytest.raises(ConfigurationError, match="deapth"):
        await serving(limits={"deapth": 1})
