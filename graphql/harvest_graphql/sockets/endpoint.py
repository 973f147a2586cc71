"""The sockets of one process: who gets one, which there are, and how they all end."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress

from aiohttp import web

from harvest_graphql.serving.addresses import Addresses
from harvest_graphql.serving.callers import Admit
from harvest_graphql.serving.rates import Callers, unlimited
from harvest_graphql.serving.refusals import Unusable, refusal
from harvest_graphql.sockets import closing, upgrade
from harvest_graphql.sockets.bounds import Bounds
from harvest_graphql.sockets.conversation import Conversation
from harvest_graphql.sockets.operations import Service
from harvest_graphql.sockets.places import Places
from harvest_graphql.sockets.wire import Wire


class Sockets:
    """Turns requests into sockets.

    *origins* are those whose pages may come, as for CORS; *callers* limits who comes without a key, by what is asked.
    """

    def __init__(
        self,
        service: Service,
        admit: Admit,
        *,
        origins: Collection[str] = (),
        addresses: Addresses | None = None,
        callers: Callers = unlimited,
        bounds: Bounds | None = None,
    ) -> None:
        self._service = service
        self._admit = admit
        self._origins = origins
        self._addresses = addresses or Addresses()
        self._callers = callers
        self._bounds = bounds or Bounds()
        self.places = Places(self._bounds)
        """Where connections are counted; others who hold some share it."""
        self._open: dict[Conversation, asyncio.Event] = {}
        self._closed = False

    @property
    def open(self) -> int:
        """How many sockets there are."""
        return self.places.taken

    @property
    def watchers(self) -> int:
        """How many subscriptions are running on them."""
        return self._service.watchers

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Let *request*, an upgrade, be a socket until that ends; or say why not."""
        try:
            upgrade.ensure_origin(request, self._origins)
            with self.places.place(self._addresses.of(request)):
                return await self._talk(request)
        except Unusable as unusable:
            return refusal(unusable)

    async def close(self, _: web.Application | None = None) -> None:
        """End all sockets, and take no new ones."""
        self._closed = True
        ends = list(self._open.values())
        for conversation in self._open:
            conversation.end(closing.going_away())
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * self._bounds.close_seconds):
                for end in ends:
                    await end.wait()

    async def _talk(self, request: web.Request) -> web.StreamResponse:
        wire = Wire(self._bounds)
        try:
            await wire.open(upgrade.plain(request))
        except (web.HTTPBadRequest, ValueError):  # of a header that holds no text
            words = "This is no opening handshake of a websocket of version 13."
            raise Unusable(400, words, headers={"Sec-WebSocket-Version": "13"}) from None
        caller = self._callers(request)
        if self._closed or not wire.speaks:
            await wire.close(closing.going_away() if self._closed else closing.unacceptable())
            return wire.response
        conversation = Conversation(
            wire,
            self._service,
            self._admit,
            self._bounds,
            headers=request.headers,
            caller=caller,
        )
        self._open[conversation] = end = asyncio.Event()
        try:
            await conversation.run()
        finally:
            del self._open[conversation]
            end.set()
        return wire.response
