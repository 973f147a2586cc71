"""Requests that are put together at random, some to be smuggled in: both ways see the same ones in the same bytes."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from api.ways import Server

from harvest_graphql.engine import Engine

JSON = b'{"query": "{ %b: __typename }"}'
LAST = b"GET /graphql?query=%7Blast:__typename%7D HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
FIRST = [b"POST /graphql HTTP/1.1"] * 8 + [
    b"POST /graphql?a=b HTTP/1.1",
    b"POST /graphql HTTP/1.0",
    b"post /graphql HTTP/1.1",
    b"POST http://x/graphql HTTP/1.1",
    b"PUT /graphql HTTP/1.1",
    b"GET /graphql HTTP/1.1",
    b"HEAD /graphql HTTP/1.1",
]
LINES = [
    b"Accept: application/json",
    b"Accept: image/png",
    b"Content-Length: 3",
    b"Content-Length : 3",
    b"content-length: 0",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding:\tchunked",
    b" folded",
    b"X: a\nContent-Length: 2",
    b"X: a\rContent-Length: 2",
    b"X: \xff\xfe",
    b"X:",
    b":x",
    b"Connection: close",
    b"Connection: keep-alive, close",
    b"Connection: keep-alive",
    b"Expect: 100-continue",
    b"Host: y",
    b"Upgrade: h2c",
    b"Authorization: Bearer x",
    b"X-Forwarded-For: 192.0.2.1",
]
_DATE = re.compile(rb"Date: [^\r]*\r\n")


def made(rng: random.Random) -> bytes:
    """Return one request, hostile or not."""
    body = JSON % (b"a%d" % rng.randrange(10))
    lines = [rng.choice(FIRST), b"Host: x", b"Content-Type: application/json"]
    length = len(body) + rng.choice([0] * 9 + [-1, 1, 40])
    lines.extend([b"Content-Length: %d" % length] * rng.choice([1] * 9 + [0, 2]))
    lines.extend(rng.sample(LINES, rng.choice([0, 0, 0, 1, 1, 2])))
    ending = rng.choice([b"\r\n"] * 15 + [b"\n"])
    return ending.join(lines) + ending * 2 + body


def parts(rng: random.Random, whole: bytes) -> list[bytes]:
    """Return *whole* as it may come: at once, or in pieces."""
    cuts = sorted(rng.sample(range(1, len(whole)), rng.choice([0, 0, 1, 3])))
    return [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


class Wire(asyncio.Transport):
    """A transport that notes what is written, until it is closed."""

    def __init__(self, connection: asyncio.Protocol) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 80)})
        self.connection = connection
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += b"" if self.closed else bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, None)

    def pause_reading(self) -> None:
        """Go on: no test sends that much."""

    resume_reading = pause_reading


async def said(server: Server, pieces: list[bytes]) -> list[bytes]:
    """Return the answers, without what differs between two moments."""
    assert server.runner is not None
    assert server.runner.server is not None
    connection = server.runner.server()
    wire = Wire(connection)
    connection.connection_made(wire)
    for piece in (*pieces, LAST):
        if not wire.closed:
            connection.data_received(piece)
        await asyncio.sleep(0)
    found = None
    while not wire.closed and found != wire.written:  # who waits for more of a body says nothing else
        found = wire.written
        await asyncio.sleep(0.05)
    wire.close()
    return [_told(each) for each in wire.written.split(b"HTTP/1.")]


def _told(answer: bytes) -> bytes:
    head, _, body = _DATE.sub(b"", answer).partition(b"\r\n\r\n")
    lines = sorted(
        each for each in head.partition(b" ")[2].split(b"\r\n") if not each.startswith(b"Connection")
    )
    return b"\n".join([*lines, body])


@pytest.fixture
async def both(engine: Engine) -> AsyncIterator[list[Server]]:
    servers = [Server(engine, web.Application(), is_short=is_short) for is_short in (True, False)]
    for server in servers:
        await server.start_server()
    yield servers
    for server in servers:
        await server.close()


@pytest.mark.parametrize("seed", range(6))
async def test_both_ways_see_the_same_requests(both: list[Server], seed: int) -> None:
    rng, same = random.Random(seed), 0
    for _ in range(40):
        whole = b"".join(made(rng) for _ in range(rng.randrange(1, 4)))
        letters = [
            whole[at : at + 1] for at in range(len(whole))
        ]  # aiohttp forgets what came at once with a mistake
        short, usual = await asyncio.gather(said(both[0], parts(rng, whole)), said(both[1], letters))
        same += short == usual
        if (
            short != usual
        ):  # of what came at once with a mistake aiohttp answers nothing, wherever the mistake is
            assert b"This is no HTTP" in short.pop(), whole
            assert short == usual[: len(short)], whole
    assert same > 20
