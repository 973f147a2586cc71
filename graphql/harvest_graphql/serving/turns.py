"""A connection, and whose turn it is on it: requests are answered one after the other, by the short way or by aiohttp.

For each request aiohttp makes a stream, a writer, a request, a response and two changes of tasks: 10 microseconds of
Python of the 29 that a kept answer took, and of the 39 of one field that is read. The short way needs none of them: a
kept answer is written as its question comes in, another by one task. To take turns, it has to be known where each
request ends; from the first that does not tell it plainly (chunks, upgrades, HTTP/1.0) the connection is aiohttp's.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from harvest_graphql.serving.briefly import Arrived, Briefly
from harvest_graphql.serving.heads import MOST_HEAD, Heads

_END = b"\r\n\r\n"
_MOST_HELD = 65_536
"""No more is read, in bytes, while that much waits for its turn."""
_SECONDS = 60.0
"""So often a request goes to aiohttp, which closes a connection on which it has seen none for an hour."""


class Connection(web.RequestHandler):
    """Answers what *heads* say may go the short way by *brief*; None: nothing does."""

    __slots__ = (
        "_asyncio",
        "_behind",
        "_brief",
        "_busy",
        "_due",
        "_foreign",
        "_heads",
        "_left",
        "_remote",
        "_task",
    )

    def __init__(
        self,
        manager: web.Server,
        *,
        loop: asyncio.AbstractEventLoop,
        heads: Heads,
        brief: Briefly | None,
        **options: Any,
    ) -> None:
        super().__init__(manager, loop=loop, **options)
        self._asyncio = loop
        self._heads = heads
        self._brief = brief
        self._foreign = brief is None
        """Whether all that comes is for aiohttp from now on."""
        self._busy = False
        """Whether a request is being answered."""
        self._left = 0
        """Bytes of the body of aiohttp's request that are still to come."""
        self._behind = b""
        """What came behind the request that is being answered, or the beginning of the next."""
        self._due = 0.0
        self._remote = ""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        peer = self.peername
        self._remote = str(peer[0]) if isinstance(peer, tuple) else ""
        self._due = self._asyncio.time() + _SECONDS

    def data_received(self, data: bytes) -> None:
        """Take what the client has sent; aiohttp sends nothing itself to go on with what it has."""
        if self._foreign or not data:
            super().data_received(data)
        elif self._left:
            self._go_on(data)
        elif self._busy or self.writing_paused:
            self._hold(data)
        else:
            self._take(self._behind + data if self._behind else data)

    def resume_writing(self) -> None:
        """Go on with what came while the client did not take its answers."""
        super().resume_writing()
        self._next()

    def close(self) -> None:
        """Answer what is under way, and nothing after it."""
        self._foreign = True
        super().close()

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 - aiohttp's
        """Answer what is under way, for *timeout* seconds at most, and end."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=timeout)
            if self._task is not None:
                self._task.cancel()
        await super().shutdown(timeout)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the response of aiohttp's turn, and give the next."""
        finished = await super().finish_response(request, resp, start_time)
        if self._left or not finished[0].keep_alive:
            self._foreign = True  # it ends, or what is left of a body is thrown away
        self._busy = False
        self._next()
        return finished

    def _take(self, data: bytes) -> None:
        """Answer the requests that *data* begin with, at the beginning of one, until one takes a wait."""
        brief = self._brief
        assert brief is not None, "without a short way the connection is aiohttp's"
        self._behind = b""
        while data:
            end = data.find(_END, 0, MOST_HEAD) + len(_END)
            head = self._heads.read(data[:end]) if end >= len(_END) else None
            if head is None:
                self._foreign = True
                super().data_received(data)
                return
            size = end + head.length
            if head.media_type is None or self._asyncio.time() > self._due:
                self._hand_over(data, size)
                return
            if len(data) < size or self.writing_paused:
                self._hold(data)
                return
            arrived = Arrived(head, data[end:size], self._remote)
            data = data[size:]
            piece = brief.now(arrived)
            if piece is None:
                self._busy = True
                self._task = self._asyncio.create_task(self._answer(brief, arrived))
                self._hold(data)
                return
            self._write(piece)

    def _hand_over(self, data: bytes, size: int) -> None:
        """Give aiohttp the request of *size* bytes that *data* begin with."""
        self._busy = True
        self._due = self._asyncio.time() + _SECONDS
        self._left = size
        self._go_on(data)

    def _go_on(self, data: bytes) -> None:
        mine, behind = data[: self._left], data[self._left :]
        self._left -= len(mine)
        self._hold(behind)
        super().data_received(mine)

    async def _answer(self, brief: Briefly, arrived: Arrived) -> None:
        piece = await brief.later(arrived)
        self._write(piece)
        self._task, self._busy = None, False
        self._next()

    def _write(self, piece: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(piece)

    def _hold(self, data: bytes) -> None:
        if not data:
            return
        self._behind += data
        if len(self._behind) > _MOST_HELD + MOST_HEAD and self.transport is not None:
            self.transport.pause_reading()

    def _next(self) -> None:
        """Go on with what has come meanwhile."""
        transport = self.transport
        if (
            not self._behind
            or self._busy
            or self.writing_paused
            or transport is None
            or transport.is_closing()
        ):
            return
        if len(self._behind) > _MOST_HELD + MOST_HEAD:
            transport.resume_reading()
        if self._foreign:
            data, self._behind = self._behind, b""
            super().data_received(data)
        else:
            self._take(self._behind)
