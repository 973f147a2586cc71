"""Server-sent events on the endpoint: what a browser's EventSource hears, and how it comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientResponse
from api.conftest import Serving
from api.happenings import happen
from api.sockets import SECONDS, Served, until
from api.test_socket_feed import FOLLOW, names, numbered
from api.world import FR, World

from gateway.resources import operations
from harvest_graphql.engine import Engine
from harvest_graphql.serving.callers import Admitted
from harvest_graphql.serving.persisted import Documents, digest
from harvest_graphql.sockets.bounds import Bounds
from harvest_graphql.visibility import READ_PRIVATE

STREAM = {"Accept": "text/event-stream"}
WATCH = 'subscription { syncProgress(portal: "data-gov") { portals { portal { key } } } }'


class Source:
    """A client that reads a stream as a browser does."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response
        self.last = ""

    async def event(self) -> tuple[str, Any]:
        """Return the name and the data of the next event."""
        name, data = "message", []
        async with asyncio.timeout(SECONDS):
            while line := (await self.response.content.readline()).decode():
                field, _, value = line.rstrip("\n").partition(":")
                value = value.removeprefix(" ")
                if field == "event":
                    name = value
                elif field == "data":
                    data.append(value)
                elif field == "id":
                    self.last = value
                elif not line.strip() and data:
                    return name, json.loads("\n".join(data)) if any(data) else None
        return "end", None

    async def page(self) -> Any:
        """Return the next page of events."""
        name, told = await self.event()
        assert (name, "errors" in told) == ("next", False), told
        return told["data"]["harvestEvents"]


@asynccontextmanager
async def opened(
    served: Served, *, query: str = FOLLOW, headers: Any = None, **variables: Any
) -> AsyncIterator[Source]:
    """Open a stream as EventSource does."""
    parameters = {"query": query, "variables": json.dumps(variables)}
    async with served.client.get(
        "/graphql", params=parameters, headers={**STREAM, **(headers or {})}
    ) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-cache"
        assert "aiohttp" not in response.headers["Server"]
        yield Source(response)


@pytest.fixture
async def served(own_engine: Engine, own_world: World) -> AsyncIterator[Served]:
    assert own_world.keys
    async with Served(own_engine) as served:
        yield served


async def test_events_come_as_they_happen(served: Served, own_world: World) -> None:
    async with opened(served) as source:
        page = await source.page()
        assert page["nodes"] == []
        assert source.last == page["endCursor"]
        await happen(own_world, "one")
        page = await source.page()
        assert (names(page), source.last) == (["one"], page["endCursor"])
        assert served.sockets.watchers == 1
    await happen(own_world)  # it is told to nobody: that is how the gateway finds out
    await until(lambda: served.sockets.watchers == 0)


async def test_a_browser_comes_back_where_it_was(served: Served, own_world: World) -> None:
    async with opened(served) as source:
        begun = await source.page()
        await happen(own_world, "one")
        await source.page()
        last = source.last
    await numbered(own_world, range(2))
    headers = {"Last-Event-ID": last}
    async with opened(
        served, headers=headers, after=begun["endCursor"]
    ) as source:  # its address is as before
        assert names(await source.page()) == ["n0", "n1"]


async def test_by_post_and_by_id(served: Served, own_world: World) -> None:
    await happen(own_world, "one")
    body = {"query": FOLLOW, "variables": {"first": 1}}
    async with served.client.post("/graphql", json=body, headers=STREAM) as response:
        assert (await Source(response).page())["nodes"] == []


async def test_any_subscription_and_any_query_can_be_a_stream(served: Served) -> None:
    async with opened(served, query=WATCH) as source:
        name, told = await source.event()
        assert (name, told["data"]["syncProgress"]["portals"][0]["portal"]) == ("next", {"key": "data-gov"})
        assert source.last == ""
    async with opened(served, query="{ portals { key } }") as source:
        name, told = await source.event()
        assert (name, len(told["data"]["portals"])) == ("next", 2)
        assert await source.event() == ("complete", None)
        assert await source.event() == ("end", None)


async def test_a_query_stays_json_for_who_takes_both(served: Served) -> None:
    accept = {
        "Accept": "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
    }
    async with served.client.post(
        "/graphql", json={"query": "{ portals { key } }"}, headers=accept
    ) as response:
        assert response.content_type == "application/graphql-response+json"
    async with served.client.post("/graphql", json={"query": WATCH}, headers=accept) as response:
        assert response.content_type == "text/event-stream"
    async with served.client.post("/graphql", json={"query": WATCH}) as response:
        assert response.status == 400
        assert "text/event-stream" in (await response.json())["errors"][0]["message"]


async def test_what_cannot_begin_is_told_in_the_stream(served: Served) -> None:
    for query, code in (
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (FOLLOW, "BAD_USER_INPUT"),
    ):
        async with opened(served, query=query, first=1000) as source:
            name, told = await source.event()
            assert (name, told["errors"][0]["extensions"]["code"]) == ("next", code)
            assert await source.event() == ("complete", None)


@pytest.mark.parametrize("last", ["x", "WyJDUkVBVEVEX0FUIiwiQVNDIixudWxsLDFd"])
async def test_a_place_that_is_none_is_refused(served: Served, last: str) -> None:
    headers = {**STREAM, "Last-Event-ID": last}
    async with served.client.get("/graphql", params={"query": FOLLOW}, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


async def test_keys_open_what_they_open_until_they_are_revoked(own_engine: Engine, own_world: World) -> None:
    keys = {"reader": frozenset({READ_PRIVATE})}

    async def admit(key: str) -> Admitted | None:
        return Admitted(keys[key], key) if key in keys else None

    private = {"notification_emails": ["a@example.org"], "name": "A"}
    async with (
        Served(own_engine, admit=admit) as served,
        opened(served, headers={"X-Api-Key": "reader"}) as reader,
        opened(served) as public,
    ):
        for source in (reader, public):
            await source.page()
        await happen(own_world, after=private)
        assert (await reader.page())["nodes"][0]["after"] == {
            "name": "A",
            "notificationEmails": ["a@example.org"],
        }
        assert (await public.page())["nodes"][0]["after"] == {"name": "A"}
        keys.clear()
        await happen(own_world, after=private)
        name, told = await reader.event()
        assert (name, told["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
        assert await reader.event() == ("complete", None)
        headers = {**STREAM, "X-Api-Key": "reader"}
        async with served.client.get("/graphql", params={"query": FOLLOW}, headers=headers) as response:
            assert response.status == 401


async def test_an_address_holds_so_many_and_who_goes_makes_room(own_engine: Engine, own_world: World) -> None:
    assert own_world.keys
    bounds = Bounds(sockets_of_address=2, ping_seconds=0.2)
    async with Served(own_engine, bounds=bounds) as served:
        async with opened(served) as one, opened(served) as two:
            await one.page()
            await two.page()
            async with served.client.get("/graphql", params={"query": FOLLOW}, headers=STREAM) as response:
                assert response.status == 429
        await until(lambda: served.sockets.open == 0)  # asked whether it is there, nobody answers
        async with opened(served) as source:
            await source.page()


async def test_as_the_gateway_stops_streams_end_and_are_not_complete(
    own_engine: Engine, own_world: World
) -> None:
    assert own_world.keys
    async with Served(own_engine) as served, opened(served) as source:
        await source.page()
        await served.streams.close()
        assert await source.event() == ("end", None)


async def test_who_does_not_read_is_cut_off(own_engine: Engine, own_world: World) -> None:
    bounds = Bounds(send_seconds=0.2)
    async with Served(own_engine, bounds=bounds) as served, opened(served, first=100) as source:
        await source.page()
        connection = source.response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.pause_reading()
        for _ in range(10):
            await happen(own_world, after={"name": "x" * 2_000_000})
        await until(lambda: served.sockets.watchers == 0)
        connection.transport.abort()


async def test_the_gateway_serves_them_and_stops_in_time(serving: Serving) -> None:
    gateway, session = await serving(cors_origins="")
    assert gateway.portals
    async with session.post("/graphql", json={"query": FOLLOW}, headers=STREAM) as response:
        assert response.headers["Server"] == "harvest-gateway"
        assert (await Source(response).page())["nodes"] == []


async def test_pages_of_other_origins_may_read_them_where_they_may_read(serving: Serving) -> None:
    _, session = await serving(cors_origins="https://app.example.org")
    headers = {**STREAM, "Origin": "https://app.example.org"}
    async with session.get("/graphql", params={"query": FOLLOW}, headers=headers) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
        await Source(response).page()
    preflight = {**headers, "Access-Control-Request-Method": "GET"}
    async with session.options("/graphql", headers=preflight) as response:
        assert "Last-Event-ID" in response.headers["Access-Control-Allow-Headers"]


async def test_a_locked_endpoint_takes_post_alone(serving: Serving) -> None:
    _, session = await serving(profile="locked")
    async with session.get("/graphql", params={"query": FOLLOW}, headers=STREAM) as response:
        assert response.status == 405
    async with session.post("/graphql", json={"query": FOLLOW}, headers=STREAM) as response:
        await Source(response).page()


async def test_a_trusting_endpoint_streams_its_own_subscriptions(
    own_engine: Engine, own_world: World
) -> None:
    documents = Documents(operations(), trusted=True)
    async with Served(own_engine, documents=documents) as served:
        asked = {"documentId": "follow-events", "variables": '{"portal": ["data-gov"]}'}
        async with served.client.get("/graphql", params=asked, headers=STREAM) as response:
            source = Source(response)
            assert (await source.page())["nodes"] == []
            await happen(own_world, "other", portal=FR)
            await happen(own_world, "wanted")
            assert [each["nativeId"] for each in (await source.page())["nodes"]] == ["wanted"]
        async with served.client.get(
            "/graphql", params={"documentId": "watch-syncs"}, headers=STREAM
        ) as response:
            name, told = await Source(response).event()
            assert (name, len(told["data"]["syncProgress"]["portals"])) == ("next", 2)
        async with served.client.get("/graphql", params={"query": WATCH}, headers=STREAM) as response:
            assert response.status == 403


async def test_a_trusting_endpoint_follows_its_own_subscriptions_on_a_socket(
    own_engine: Engine, own_world: World
) -> None:
    text = operations()["follow-events"]
    documents = Documents(operations(), trusted=True)
    async with Served(own_engine, documents=documents) as served:
        talk = await served.begun()
        ids = {"name": "follow-events", "hash": f"sha256:{digest(text)}"}
        for id_, document in ids.items():
            await talk.say({"id": id_, "type": "subscribe", "payload": {"documentId": document}})
            told = await talk.hear()
            assert (told["id"], told["type"], told["payload"]["data"]["harvestEvents"]["nodes"]) == (
                id_,
                "next",
                [],
            )
        await happen(own_world, "e")
        heard = {(told := await talk.hear())["id"]: told["payload"]["data"]["harvestEvents"] for _ in ids}
        assert {id_: [each["nativeId"] for each in page["nodes"]] for id_, page in heard.items()} == {
            "name": ["e"], "hash": ["e"],
        }  # fmt: skip
        await talk.subscribe("other", WATCH)
        refused = await talk.hear()
        assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == (
            "error",
            "DOCUMENT_NOT_TRUSTED",
        )
