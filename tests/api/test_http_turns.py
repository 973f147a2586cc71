"""The short way of a POST and the usual one, on one connection: the same answers, each in its turn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler
from api.ways import Server

from harvest_graphql.engine import Answer, Engine
from harvest_graphql.serving.answering import NAME
from harvest_graphql.serving.heads import MOST_BODY
from harvest_graphql.view import PATH

QUESTION = {"query": "{ portals { key } }"}
LONG = "{ __schema { types { name description } } }"
GET = "GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nHost: x\r\n\r\n"


class Way:
    """A server, and what its application was asked for."""

    def __init__(self, engine: Engine, *, is_short: bool, **options: Any) -> None:
        self.asked: list[str] = []

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.asked.append(f"{request.method} {request.raw_path}")
            return await handler(request)

        self.server = Server(engine, web.Application(middlewares=[note]), is_short=is_short, **options)

    @property
    def address(self) -> str:
        return str(self.server.make_url(PATH))

    async def connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.server.port)

    async def said(self, *pieces: str | bytes) -> str:
        """Return all that is said to *pieces*, the last of which ends the connection."""
        reader, writer = await self.connected()
        for piece in pieces:
            writer.write(piece.encode() if isinstance(piece, str) else piece)
            await asyncio.sleep(0.05)  # so that it comes by itself
        found = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return found.decode()


def post(query: str, *headers: str, version: str = "1.1", path: str = PATH) -> str:
    body = json.dumps({"query": query})
    lines = [f"POST {path} HTTP/{version}", "Host: x", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])


LAST = post("{ last: __typename }", "Connection: close")


def in_order(said: str, *parts: str) -> bool:
    """Return whether *parts* are all there, once, one after the other."""
    places = [said.find(each) for each in parts]
    return -1 not in places and places == sorted(places) and all(said.count(each) == 1 for each in parts)


@pytest.fixture
async def both(engine: Engine) -> AsyncIterator[list[Way]]:
    """A server with the short way, and one without."""
    ways = [Way(engine, is_short=is_short) for is_short in (True, False)]
    for way in ways:
        await way.server.start_server()
    yield ways
    for way in ways:
        await way.server.close()


@pytest.fixture
def way(both: list[Way]) -> Way:
    return both[0]


async def test_answers_are_the_same(both: list[Way]) -> None:
    told = []
    bodies = (QUESTION, {"query": "{ nothing }"}, {"query": "mutation { x }"}, {"documentId": "x"}, [], None)
    async with ClientSession() as session:
        for way in both:
            for body in bodies:
                async with session.post(way.address, json=body) as answer:
                    headers = {name: value for name, value in answer.headers.items() if name != "Date"}
                    assert "Date" in answer.headers
                    told.append((answer.status, answer.reason, headers, await answer.json()))
    assert told[:6] == told[6:]
    assert {headers["Server"] for _, _, headers, _ in told} == {NAME}
    assert [len(each.asked) for each in both] == [1, 6]  # no body is no JSON


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "application/graphql-response+json"},
        {"Accept": "image/png"},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "identity"},
        {"Authorization": "Basic x"},
        {"Content-Type": "text/plain"},
        {"Connection": "close"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
async def test_answers_have_the_usual_heads(both: list[Way], headers: dict[str, str]) -> None:
    told = []
    async with ClientSession(auto_decompress=False) as session:
        for way in both:
            for query in (QUESTION["query"], LONG, "{"):
                async with session.post(way.address, json={"query": query}, headers=headers) as answer:
                    head = sorted(each for each in answer.headers.items() if each[0] != "Date")
                    told.append((answer.status, answer.reason, head, await answer.read()))
    assert told[:3] == told[3:]
    assert (dict(told[1][2]).get("Content-Encoding") == "gzip") == (headers.get("Accept-Encoding") == "gzip")


async def test_requests_of_both_ways_are_answered_in_their_order(way: Way) -> None:
    pieces = [post("{ a: __typename }"), GET, post("{ nothing }"), post("{ b: __typename }"), GET, LAST]
    for sent in (pieces, ["".join(pieces)], ["".join(pieces[:3]), "".join(pieces[3:])]):
        way.asked.clear()
        said = await way.said(*sent)
        assert in_order(said, '{"a":', '"errors"', '{"b":', '{"last":')
        assert said.count("HTTP/1.1 ") == 6
        assert [each.split()[0] for each in way.asked] == ["GET", "GET", "POST"]  # which ends the connection


async def test_a_connection_goes_on_by_the_short_way_after_the_usual_one(way: Way) -> None:
    long = post(f"{{ long: __typename }} #{'x' * MOST_BODY}")
    for other in (GET, post("{ x: __typename }", path=f"{PATH}?a=1"), long, post("{")):
        way.asked.clear()
        said = await way.said(post("{ a: __typename }"), other, post("{ b: __typename }"), LAST)
        assert in_order(said, '{"a":', '{"b":', '{"last":')
        assert len(way.asked) == (1 if other == post("{") else 2)


async def test_a_body_may_come_in_pieces(way: Way) -> None:
    whole = post("{ a: __typename }")
    at = whole.index("\r\n\r\n") + 4
    said = await way.said(whole[:at], whole[at : at + 5], whole[at + 5 :] + LAST[:60], LAST[60:])
    assert in_order(said, '{"a":', '{"last":')
    assert way.asked == [f"POST {PATH}"]


@pytest.mark.parametrize("cut", [1, 20, 70])
async def test_a_head_in_pieces_is_left_to_the_usual_way_for_good(way: Way, cut: int) -> None:
    whole = post("{ a: __typename }")
    said = await way.said(whole[:cut], whole[cut:], post("{ b: __typename }"), LAST)
    assert in_order(said, '{"a":', '{"b":', '{"last":')
    assert way.asked == [f"POST {PATH}"] * 3


async def test_what_does_not_tell_where_it_ends_is_left_to_the_usual_way_for_good(way: Way) -> None:
    body = b'{"query": "{ a: __typename }"}'
    chunked = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n{body.decode()}\r\n0\r\n\r\n"
    )
    smuggled = chunked.replace("Transfer-", "Content-Length: 4\r\nTransfer-")
    assert in_order(await way.said(chunked, LAST), '{"a":', '{"last":')
    said = await way.said(smuggled + post("{ b: __typename }"))
    assert said.count("HTTP/1.") == 1
    assert " 400 " in said
    assert '"data"' not in said


async def test_http_1_0_ends_the_connection(way: Way) -> None:
    said = await way.said(post("{ a: __typename }"), post("{ b: __typename }", version="1.0"))
    assert in_order(said, '{"a":', '{"b":')


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", f"{PATH}?query=%7Bportals%7Bkey%7D%7D", {}),
        ("HEAD", f"{PATH}?query=%7Bportals%7Bkey%7D%7D", {}),
        ("POST", f"{PATH}?x=1", {}),
        ("POST", PATH, {"Expect": "100-continue"}),
        ("POST", PATH, {"Accept": "text/event-stream, application/json;q=0.5"}),
        ("POST", "/elsewhere", {}),
        ("PUT", PATH, {}),
    ],
)
async def test_other_requests_take_the_usual_way(
    both: list[Way], method: str, path: str, headers: dict[str, str]
) -> None:
    body = None if method in {"GET", "HEAD"} else QUESTION
    told = []
    async with ClientSession() as session:
        for way in both:
            url = way.server.make_url(path)
            async with session.request(method, url, json=body, headers=headers) as answer:
                told.append((answer.status, answer.headers["Server"], await answer.text()))
    assert told[0] == told[1]
    assert told[0][1] == NAME
    assert [way.asked for way in both] == [[f"{method} {path}"]] * 2


class Slow:
    """An engine whose answers wait until they may come, and are long."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.may = asyncio.Event()
        self.begun = asyncio.Event()
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    async def answer(self, *_: Any, **__: Any) -> Answer:
        self.count += 1
        self.begun.set()
        await self.may.wait()
        return Answer(b'{"data":"%b"}' % (b"x" * 2_000_000))


@pytest.fixture
async def slow(engine: Engine) -> AsyncIterator[tuple[Way, Slow]]:
    waits = Slow(engine)
    way = Way(waits, is_short=True)  # type: ignore[arg-type]
    await way.server.start_server()
    yield way, waits
    waits.may.set()
    await way.server.close()


async def test_a_client_that_goes_harms_nobody(
    slow: tuple[Way, Slow], caplog: pytest.LogCaptureFixture
) -> None:
    way, waits = slow
    _, writer = await way.connected()
    writer.write((post("{ a }") + post("{ b }")).encode())
    await waits.begun.wait()
    writer.transport.abort()
    await asyncio.sleep(0.05)
    waits.may.set()
    await asyncio.sleep(0.05)
    assert waits.count == 1
    assert (await way.said(LAST)).startswith("HTTP/1.1 200 ")
    assert not caplog.records


async def test_who_takes_no_answers_is_asked_for_no_more(slow: tuple[Way, Slow]) -> None:
    way, waits = slow
    waits.may.set()
    reader, writer = await way.connected()
    writer.write(post("{ a }").encode() * 100)
    await waits.begun.wait()
    await asyncio.sleep(0.3)
    assert waits.count < 20
    size = 0
    async with asyncio.timeout(20):
        while size < 100 * 2_000_000:
            size += len(await reader.read(1_000_000))
    assert waits.count == 100
    writer.close()


async def test_what_comes_meanwhile_is_not_read_without_end(slow: tuple[Way, Slow]) -> None:
    way, waits = slow
    reader, writer = await way.connected()
    writer.write(post("{ a }").encode())
    await waits.begun.wait()
    flood = post("{ b: __typename }").encode() * 100_000
    writer.write(flood)
    await asyncio.sleep(0.3)
    assert writer.transport.get_write_buffer_size() > 0  # the server has left it where it is
    waits.may.set()
    assert (await asyncio.wait_for(reader.readline(), 10)).startswith(b"HTTP/1.1 200 ")
    writer.transport.abort()


async def test_an_answer_under_way_is_given_before_the_end(slow: tuple[Way, Slow]) -> None:
    way, waits = slow
    reader, writer = await way.connected()
    writer.write((post("{ a }") + post("{ b }")).encode())
    await waits.begun.wait()
    ending = asyncio.create_task(way.server.close())
    await asyncio.sleep(0.05)
    assert not ending.done()
    waits.may.set()
    said = await asyncio.wait_for(reader.read(), 10)
    await ending
    assert said.count(b"HTTP/1.1 200 ") == 1
    assert said.endswith(b'x"}')
    writer.close()
