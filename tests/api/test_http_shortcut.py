"""The shortest way to the endpoint: the same answers as on the way through the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler

from harvest_graphql.engine import Engine
from harvest_graphql.serving.discreet import NAME, Runner
from harvest_graphql.serving.shortcut import Handle, Shortcut
from harvest_graphql.view import PATH, routes

QUESTION = {"query": "{ portals { key } }"}
LONG = "{ __schema { types { name description } } }"


async def served(engine: Engine, *, short: bool) -> tuple[Runner, str, list[str]]:
    """Serve the endpoint; return the runner, its address, and the paths that the application was asked for."""
    asked: list[str] = []

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked.append(f"{request.method} {request.raw_path}")
        return await handler(request)

    app = web.Application(middlewares=[note])
    (endpoint,) = routes(engine)
    app.add_routes([endpoint])
    runner = Runner(
        app,
        access_log=None,
        shutdown_timeout=0.1,
        shortcut=Shortcut(PATH, cast("Handle", endpoint.handler)) if short else None,
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}", asked


@pytest.fixture
async def both(engine: Engine) -> AsyncIterator[list[tuple[str, list[str]]]]:
    """The address of a server with the shortcut, that of one without, each with what its application was asked."""
    found = [await served(engine, short=short) for short in (True, False)]
    yield [(address, asked) for _, address, asked in found]
    for runner, _, _ in found:
        await runner.cleanup()


async def test_answers_are_the_same(both: list[tuple[str, list[str]]]) -> None:
    told = []
    async with ClientSession() as session:
        for address, _ in both:
            for body in (QUESTION, {"query": "{ nothing }"}, [], None):
                async with session.post(f"{address}{PATH}", json=body) as answer:
                    headers = {name: value for name, value in answer.headers.items() if name != "Date"}
                    told.append((answer.status, headers, await answer.json()))
    (_, short), (_, whole) = both
    assert told[:4] == told[4:]
    assert {headers["Server"] for _, headers, _ in told} == {NAME}
    assert short == []
    assert whole == [f"POST {PATH}"] * 4


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "application/graphql-response+json"},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "identity"},
        {"Connection": "close"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
async def test_answers_in_one_piece_have_the_usual_heads(
    both: list[tuple[str, list[str]]], headers: dict[str, str]
) -> None:
    told = []
    async with ClientSession(auto_decompress=False) as session:
        for address, _ in both:
            for query in (QUESTION["query"], LONG):
                async with session.post(f"{address}{PATH}", json={"query": query}, headers=headers) as answer:
                    head = sorted(each for each in answer.headers.items() if each[0] != "Date")
                    told.append((answer.status, answer.reason, head, await answer.read()))
                    assert "Date" in answer.headers
    assert told[:2] == told[2:]
    assert (dict(told[1][2]).get("Content-Encoding") == "gzip") == (headers.get("Accept-Encoding") == "gzip")


async def test_several_requests_at_once_are_answered_in_their_order(
    both: list[tuple[str, list[str]]],
) -> None:
    queries = ["{ a: __typename }", "{ nothing }", "{ b: __typename }", "{ c: __typename }"]
    pieces = []
    for query, version in zip(queries, ("1.1", "1.1", "1.1", "1.0"), strict=True):
        body = f'{{"query": "{query}"}}'
        pieces.append(
            f"POST {PATH} HTTP/{version}\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
    for address, _ in both:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write("".join(pieces).encode())
        said = (await asyncio.wait_for(reader.read(), 10)).decode()  # by HTTP/1.0 the connection ends
        writer.close()
        assert [said.count(each) for each in ('{"a":', '"errors"', '{"b":', '{"c":')] == [1, 1, 1, 1]
        assert said.index('{"a":') < said.index('"errors"') < said.index('{"b":') < said.index('{"c":')


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", f"{PATH}?query=%7Bportals%7Bkey%7D%7D", {}),
        ("POST", f"{PATH}?x=1", {}),
        ("POST", PATH, {"Expect": "100-continue"}),
        ("POST", "/elsewhere", {}),
    ],
)
async def test_other_requests_take_the_usual_way(
    both: list[tuple[str, list[str]]], method: str, path: str, headers: dict[str, str]
) -> None:
    body = QUESTION if method == "POST" else None
    told = []
    async with ClientSession() as session:
        for address, _ in both:
            async with session.request(method, f"{address}{path}", json=body, headers=headers) as answer:
                told.append((answer.status, answer.headers["Server"], await answer.text()))
    assert told[0] == told[1]
    assert told[0][1] == NAME
    assert [asked for _, asked in both] == [[f"{method} {path}"]] * 2
