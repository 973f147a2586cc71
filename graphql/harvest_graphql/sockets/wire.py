"""One websocket as messages: what comes in whole, what goes out in time, and its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import WSMsgType, web

from harvest_graphql.sockets.bounds import Bounds
from harvest_graphql.sockets.closing import Closing, invalid, too_long
from harvest_graphql.sockets.messages import PROTOCOL


class Wire:
    """A websocket, within *bounds*."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self.response: web.WebSocketResponse[bool] = web.WebSocketResponse(
            protocols=(PROTOCOL,),
            max_msg_size=2
            * bounds.message_bytes,  # there it lets go at once; we take leave in due form before
            heartbeat=bounds.ping_seconds,
            timeout=bounds.close_seconds,
            autoping=False,  # aiohttp's own answer would wait for ever for a client that does not read
            compress=False,
            decode_text=False,
        )

    async def open(self, request: web.Request) -> None:
        """Answer *request* by becoming its websocket; HTTPBadRequest where it cannot."""
        self._request = request
        await self.response.prepare(request)

    @property
    def speaks(self) -> bool:
        """Return whether the protocol was agreed on."""
        return self.response.ws_protocol == PROTOCOL

    async def receive(self) -> bytes | None:
        """Return the next message, None once the client has gone; Closing (4400) for one that is no text."""
        while True:
            received = await self.response.receive()
            match received.type:
                case WSMsgType.TEXT:
                    if len(received.data) > self._bounds.message_bytes:
                        raise too_long(self._bounds.message_bytes)
                    return bytes(received.data)
                case WSMsgType.BINARY:
                    raise invalid("Messages are text")
                case WSMsgType.PING:
                    await self._send(received.data, WSMsgType.PONG)
                case WSMsgType.PONG:
                    pass
                case _:
                    return None

    async def send(self, message: bytes) -> None:
        """Send *message*, text in UTF-8; who does not read it in time is cut off."""
        await self._send(message, WSMsgType.TEXT)

    async def close(self, closing: Closing | None) -> None:
        """Close with what *closing* says; None: the client has gone."""
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(2 * self._bounds.close_seconds):
                if closing is not None:
                    await self.response.close(code=closing.code, message=closing.message)
        if not self.response.closed or self._unsent:
            self._cut()  # nobody is there to take it

    async def _send(self, data: bytes, type_: WSMsgType) -> None:
        try:
            async with asyncio.timeout(self._bounds.send_seconds):
                await self.response.send_frame(data, type_)
        except TimeoutError:
            self._cut()
        except ConnectionError:
            pass  # it has gone: the next thing that is received says so

    @property
    def _unsent(self) -> int:
        transport = self._request.transport
        return 0 if transport is None else transport.get_write_buffer_size()

    def _cut(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()
