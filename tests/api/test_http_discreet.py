"""What an answer says of the server: nothing, also where the request is no HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientSession

from gateway.compose import Gateway

Serving = Callable[..., Awaitable[tuple[Gateway, ClientSession]]]
NO_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /graphql HTTP/9.9\r\n\r\n",
    b"GET /graphql HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
]


async def sent(session: ClientSession, data: bytes) -> bytes:
    url = session._build_url("/")
    assert url.host is not None
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


async def test_no_answer_names_libraries_or_versions(serving: Serving) -> None:
    _, session = await serving()
    for path in ("/healthz", "/readyz", "/metrics", "/graphql", "/nowhere", "/payloads/x", "/docs"):
        async with session.get(path) as answer:
            assert answer.headers["Server"] == "harvest-gateway", path
            assert b"aiohttp" not in await answer.read()


async def test_what_is_no_http_is_refused_in_our_words(serving: Serving) -> None:
    _, session = await serving()
    for data in NO_HTTP:
        head, _, body = (await sent(session, data)).partition(b"\r\n\r\n")
        assert head.split()[1] == b"400", data[:50]
        assert b"Server: harvest-gateway" in head
        assert json.loads(body)["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("count", [1, 20])
async def test_requests_in_one_go_are_answered_in_their_order(serving: Serving, count: int) -> None:
    _, session = await serving()
    bodies = [json.dumps({"query": f"{{ a{number}: __typename }}"}).encode() for number in range(count)]
    head = (
        b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    )
    last = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answer = await sent(session, b"".join(head % (len(body), body) for body in bodies) + last)
    places = [answer.index(b'{"data":{"a%d":"Query"}' % number) for number in range(count)]
    assert places == sorted(places)
    assert answer.count(b"HTTP/1.1 200 ") == count + 1
