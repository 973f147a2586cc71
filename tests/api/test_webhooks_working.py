"""Whoever works sends to webhooks as well: `gateway worker`, and `gateway up` beside its endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer as Server
from api.conftest import Serving
from api.happenings import happen
from api.sockets import until
from api.world import World
from standardwebhooks import Webhook as Checking

from gateway.compose import Gateway
from gateway.compose.webhooks import Webhooks
from gateway.sync.progress import Silent

AWAY = {"base_url": "http://127.0.0.1:9/api", "requests_per_second": 1000.0}
"""A portal that does not answer: webhooks do not wait for it."""
SECONDS = 10.0
"""How long whoever works may take to end."""


class Receiver:
    """Takes messages, once it knows by which secret they are signed."""

    def __init__(self) -> None:
        self.secret = ""
        self.got: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        Checking(self.secret).verify(await request.read(), dict(request.headers))
        self.got.append(request.headers["webhook-id"])
        return web.Response(status=204)


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/hook", receiver.take)
    server = Server(app)
    await server.start_server()
    yield receiver, str(server.make_url("/hook"))
    await server.close()


WORK: dict[str, Callable[[Gateway, asyncio.Event], Coroutine[Any, Any, None]]] = {
    "worker": lambda gateway, stop: gateway.dispatch(stop, Silent()),
    "up": lambda gateway, stop: gateway.tend(stop),
}


@pytest.mark.parametrize("who", sorted(WORK))
async def test_who_works_sends_what_happens(
    who: str, serving: Serving, own_world: World, receiver: tuple[Receiver, str]
) -> None:
    portals = {"data-gov": AWAY, "data-gouv-fr": AWAY}
    gateway, _ = await serving(webhook_networks="127.0.0.0/8", portals=portals)
    receives, url = receiver
    receives.secret = (await Webhooks(gateway).add("hook", url, {"kind": ["CHANGED"]}, None)).secret
    stop = asyncio.Event()
    working = asyncio.create_task(WORK[who](gateway, stop))
    for wanted in (1, 2):
        await happen(own_world, f"change {wanted}")
        await until(lambda wanted=wanted: len(receives.got) >= wanted)
        assert not working.done(), "it works on"
    stop.set()
    await asyncio.wait_for(working, SECONDS)
    await happen(own_world, "later")
    (hook,) = await Webhooks(gateway).listed()
    assert (len(set(receives.got)), len(receives.got), hook.failures) == (2, 2, 0)
