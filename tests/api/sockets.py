"""A client of the protocol that says exactly what a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

from aiohttp import ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestClient as Client
from aiohttp.test_utils import TestServer as Server

from harvest_graphql.engine import Engine
from harvest_graphql.events import Events
from harvest_graphql.feed import Feed
from harvest_graphql.serving.callers import Admit, nobody
from harvest_graphql.serving.persisted import Documents
from harvest_graphql.serving.rates import unlimited
from harvest_graphql.serving.streams import Streams
from harvest_graphql.sockets.endpoint import Sockets
from harvest_graphql.sockets.messages import PROTOCOL
from harvest_graphql.sockets.operations import Service
from harvest_graphql.view import routes, unobserved

SECONDS = 20
"""How long a test waits for what has to come."""
INIT = {"type": "connection_init"}
ACK = {"type": "connection_ack"}


class Served:
    """The endpoint with its sockets, and clients of it."""

    def __init__(self, engine: Engine, **options: Any) -> None:
        documents = options.pop("documents", None) or Documents({})
        admit: Admit = options.pop("admit", nobody)
        self.events = options.pop("events", None) or Events(pause=0.02, blind=0.05)
        self.feed = options.pop("feed", None) or Feed(newest=engine.newest, pause=0.02, blind=0.05)
        self.outcomes: list[str] = []
        observe = lambda outcome, _: self.outcomes.append(outcome)  # noqa: E731
        service = Service(engine, documents, self.events, observe, self.feed)
        self.sockets = Sockets(service, admit, **options)
        self.streams = Streams(service, admit, places=self.sockets.places, bounds=options.get("bounds"))
        app = web.Application()
        app.add_routes(
            routes(
                engine,
                admit=admit,
                documents=documents,
                observe=unobserved,
                callers=options.get("callers", unlimited),
                sockets=self.sockets,
                streams=self.streams,
            )
        )
        app.on_shutdown.extend((self.sockets.close, self.streams.close))
        self.client = Client(Server(app))

    async def __aenter__(self) -> Self:
        await self.client.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    async def connect(self, *, protocol: str | None = PROTOCOL, **options: Any) -> Talk:
        """Open a socket."""
        protocols = protocol.split(", ") if protocol else ()
        return Talk(await self.client.ws_connect("/graphql", protocols=protocols, **options))

    async def begun(self, payload: Any = None, **options: Any) -> Talk:
        """Open a socket and begin."""
        talk = await self.connect(**options)
        await talk.say({**INIT, "payload": payload})
        assert await talk.hear() == ACK
        return talk


class Talk:
    """One client's socket."""

    def __init__(self, socket: ClientWebSocketResponse[Any]) -> None:
        self.socket = socket

    async def say(self, message: Any) -> None:
        """Send a message."""
        await self.socket.send_str(json.dumps(message))

    async def subscribe(self, id_: str, query: str, **more: Any) -> None:
        """Ask for an operation."""
        await self.say({"id": id_, "type": "subscribe", "payload": {"query": query, **more}})

    async def hear(self) -> Any:
        """Return the next message."""
        received = await self.socket.receive(SECONDS)
        assert received.type is WSMsgType.TEXT, (received, self.socket.close_code)
        return json.loads(received.data)

    async def closed(self) -> tuple[int | None, str]:
        """Return with which code and reason the gateway closes the socket; it must have nothing else to say."""
        received = await self.socket.receive(SECONDS)
        assert received.type in {WSMsgType.CLOSE, WSMsgType.CLOSED}, received
        return self.socket.close_code, str(received.extra or "")


async def until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0.01)
