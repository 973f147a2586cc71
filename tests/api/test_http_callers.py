"""Callers' keys: what they open, that a bad one is said to be bad, and who may keep an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient as Client

from gateway.errors import DatabaseUnavailable
from harvest_graphql.serving.callers import Admitted

QUERY = '{ harvestSource(portal: "data-gov", slug: "air") { notificationEmails } }'
KEYS = {"reader": frozenset({"read-private"}), "syncer": frozenset({"sync"})}
PRIVATE = ["secret@example.org"]


async def admit(key: str) -> Admitted | None:
    return Admitted(KEYS[key], key) if key in KEYS else None


@pytest.fixture
async def client(serve: Callable[..., Awaitable[Client]]) -> Client:
    return await serve(admit=admit)


async def ask(client: Client, **headers: str) -> Any:
    answer = await client.post(
        "/graphql", json={"query": QUERY}, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    return answer, await answer.json()


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer reader"},
        {"authorization": "bearer  reader "},
        {"X_Api_Key": "reader"},
        {"X_Api_Key": "reader", "Authorization": "Bearer reader"},
    ],
)
async def test_a_key_opens_what_its_scopes_say(client: Client, headers: dict[str, str]) -> None:
    answer, told = await ask(client, **headers)
    assert answer.status == 200
    assert told["data"]["harvestSource"]["notificationEmails"] == PRIVATE
    assert "private" in answer.headers["Cache-Control"]


async def test_without_a_key_everybody_reads_what_is_public(client: Client) -> None:
    await ask(client, Authorization="Bearer reader")  # its answer stays its own
    answer, told = await ask(client)
    assert answer.status == 200
    assert told["data"]["harvestSource"]["notificationEmails"] is None
    assert "PRIVATE" in {notice["code"] for notice in told["extensions"]["notices"]}
    assert "private" not in answer.headers["Cache-Control"]


async def test_a_key_of_another_scope_opens_nothing_private(client: Client) -> None:
    answer, told = await ask(client, X_Api_Key="syncer")
    assert told["data"]["harvestSource"]["notificationEmails"] is None
    assert "private" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic cmVhZGVyOg=="},
        {"Authorization": ""},
        {"X_Api_Key": "wrong"},
        {"X_Api_Key": ""},
        {"X_Api_Key": "ä"},
        {"X_Api_Key": "x" * 5000},
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "application/graphql-response+json"])
async def test_a_bad_key_is_refused(client: Client, headers: dict[str, str], accept: str) -> None:
    answer, told = await ask(client, **headers, Accept=accept)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert told["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "wrong" not in str(told)


async def test_bytes_that_are_no_text_are_no_key(client: Client) -> None:
    reader, writer = await asyncio.open_connection(client.server.host, client.server.port)
    writer.write(b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: x\r\nX-Api-Key: \xff\xfe\r\n\r\n")
    assert b" 401 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_two_different_keys_are_a_mistake(client: Client) -> None:
    answer, told = await ask(client, X_Api_Key="reader", Authorization="Bearer syncer")
    assert answer.status == 400
    assert told["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_caches_are_told_what_an_answer_depends_on(client: Client) -> None:
    for headers in ({}, {"X_Api_Key": "reader"}):
        answer, _ = await ask(client, **headers)
        vary = {each.strip() for each in answer.headers["Vary"].split(",")}
        assert {"Authorization", "X-Api-Key", "Accept"} <= vary


async def test_where_no_keys_are_known_every_key_is_bad(serve: Callable[..., Awaitable[Client]]) -> None:
    answer, _ = await ask(await serve(), X_Api_Key="reader")
    assert answer.status == 401


@pytest.mark.parametrize("error", [DatabaseUnavailable("gone"), ConnectionResetError(), TimeoutError()])
async def test_keys_that_cannot_be_looked_up(
    serve: Callable[..., Awaitable[Client]], error: Exception
) -> None:
    async def broken(_: str) -> Admitted | None:
        raise error

    client = await serve(admit=broken)
    answer, told = await ask(client, X_Api_Key="reader")
    assert answer.status == 503
    assert told["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert (await ask(client))[0].status == 200


async def test_the_page_needs_no_key(client: Client) -> None:
    answer = await client.get("/graphql", headers={"Accept": "text/html", "X-Api-Key": "wrong"})
    assert answer.status == 200


async def test_a_mistake_of_ours_is_told_by_its_reference_alone(
    serve: Callable[..., Awaitable[Client]], caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: str) -> Admitted | None:
        raise RuntimeError("SELECT secret")

    answer, told = await ask(await serve(admit=broken), X_Api_Key="reader")
    assert (answer.status, answer.content_type) == (500, "application/json")
    assert told["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "secret" not in str(told)
    reference = told["errors"][0]["message"].rstrip(".").rpartition(" ")[2]
    assert reference in caplog.text
