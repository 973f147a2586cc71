"""Sending past the guard: to the address that was looked at, with nothing but the message, following nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer as Server

from gateway.fetch.guarded import Guarded, Refused, Undelivered, guarded, networks

HERE = networks("127.0.0.0/8")


class Receiver:
    """Takes messages, and answers with *status*."""

    def __init__(self) -> None:
        self.status = 204
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((request.path_qs, dict(request.headers), await request.read()))
        headers = {"Location": "/elsewhere", "Set-Cookie": "a=b"} if self.status == 302 else {}
        return web.Response(status=self.status, headers=headers)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def server(receiver: Receiver) -> AsyncIterator[Server]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    server = Server(app)
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
async def guard() -> AsyncIterator[Guarded]:
    async with guarded(allowed=HERE, look_up=here) as guard:
        yield guard


async def here(host: str, port: int) -> Sequence[str]:
    """Know every name as this machine."""
    assert host
    assert port
    return ["127.0.0.1"]


async def test_a_message_arrives_as_it_was_sent(guard: Guarded, server: Server, receiver: Receiver) -> None:
    url = f"http://hook.example.org:{server.port}/a?b=c"
    assert await guard.post(url, b"{}", {"webhook-id": "1"}) == 204
    ((path, headers, body),) = receiver.got
    assert (path, body, headers["webhook-id"]) == ("/a?b=c", b"{}", "1")
    assert headers["Host"] == f"hook.example.org:{server.port}"
    assert not {"Authorization", "Cookie", "X-Api-Key"} & headers.keys()


async def test_nothing_is_followed_or_kept(guard: Guarded, server: Server, receiver: Receiver) -> None:
    receiver.status = 302
    for _ in range(2):
        assert await guard.post(f"http://hook.example.org:{server.port}/", b"{}", {}) == 302
    assert len(receiver.got) == 2
    assert "Cookie" not in receiver.got[1][1]


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:8.8.8.8"], []])
async def test_a_name_of_which_one_address_is_inside_is_refused(found: list[str], receiver: Receiver) -> None:
    async def look_up(_: str, __: int) -> Sequence[str]:
        return found

    async with guarded(look_up=look_up) as guard:
        with pytest.raises(Refused, match="inside"):
            await guard.post("https://hook.example.org/", b"{}", {})
    assert receiver.got == []


async def test_the_address_that_was_looked_at_is_the_one_that_is_asked(
    server: Server, receiver: Receiver
) -> None:
    """A name that says something else the second time is not asked a second time."""
    asked: list[str] = []

    async def look_up(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with guarded(allowed=HERE, look_up=look_up) as guard:
        await guard.post(f"http://hook.example.org:{server.port}/", b"{}", {})
    assert asked == ["hook.example.org"]
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "localhost", "①②⑦.⓪.⓪.①"]
)
async def test_this_machine_is_refused_in_every_spelling(
    host: str, server: Server, receiver: Receiver
) -> None:
    async with guarded() as guard:
        with pytest.raises((Refused, Undelivered)):
            await guard.post(f"http://{host}:{server.port}/", b"{}", {})
    assert receiver.got == []


async def test_who_does_not_answer_is_given_up(guard: Guarded, server: Server) -> None:
    url = f"http://hook.example.org:{server.port}/"
    await server.close()
    with pytest.raises(Undelivered):
        await guard.post(url, b"{}", {})


async def test_a_name_without_an_address_is_no_end() -> None:
    async def look_up(_: str, __: int) -> Sequence[str]:
        raise OSError

    async with guarded(look_up=look_up) as guard:
        with pytest.raises(Undelivered, match="no address"):
            await guard.post("https://hook.example.org/", b"{}", {})
