"""Answers as server-sent events, by the "distinct connections mode" of GraphQL over SSE: one operation, one stream."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from aiohttp import web
from aiohttp.hdrs import CACHE_CONTROL, CONTENT_TYPE, SERVER, VARY
from graphql import OperationType

from gateway.errors import UsageError
from harvest_graphql.envelope import Answer, refusal
from harvest_graphql.plan.cursors import EVENTS as EVENT_ORDER
from harvest_graphql.plan.cursors import Position, is_text, read_cursor, write_cursor
from harvest_graphql.problems import Code, internal
from harvest_graphql.serving.addresses import Addresses
from harvest_graphql.serving.answering import NAME, VARIES
from harvest_graphql.serving.callers import STRANGER, Admit, admitted
from harvest_graphql.serving.media import EVENTS
from harvest_graphql.serving.rates import Caller
from harvest_graphql.serving.reading import Request
from harvest_graphql.serving.refusals import Unusable
from harvest_graphql.sockets.bounds import Bounds
from harvest_graphql.sockets.operations import Service
from harvest_graphql.sockets.places import Places

LAST = "Last-Event-ID"
"""What a browser says when it comes back by itself: the last `id` that it was told."""
_log = logging.getLogger(__name__)
_ALIVE = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"


class Streams:
    """The streams of one process: *places* are shared with sockets, *ping_seconds* say that one is still there."""

    def __init__(
        self,
        service: Service,
        admit: Admit,
        *,
        places: Places,
        addresses: Addresses | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._service = service
        self._admit = admit
        self._places = places
        self._addresses = addresses or Addresses()
        self._bounds = bounds or Bounds()
        self._ending = asyncio.Event()
        self._answers: set[asyncio.Task[Answer]] = set()
        """Answers under way, also those that nobody waits for any more."""

    async def serve(
        self, request: web.Request, asked: Request, text: str, caller: Caller
    ) -> web.StreamResponse:
        """Answer *request* with a stream, to its end; Unusable where it cannot begin."""
        begin = _begin(request)
        with self._places.place(self._addresses.of(request)):
            stream = _Stream(request, self._bounds)
            await stream.open()
            work = asyncio.ensure_future(self._run(request, asked, text, caller, stream, begin))
            ending = asyncio.ensure_future(self._ending.wait())
            try:
                await asyncio.wait({work, ending, *stream.tasks}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _stopped(work, ending, *stream.tasks)
            return await stream.closed()

    async def close(self, _: web.Application | None = None) -> None:
        """End all streams, so that their clients come back, and begin no new ones."""
        self._ending.set()

    async def _run(
        self,
        request: web.Request,
        asked: Request,
        text: str,
        caller: Caller,
        stream: _Stream,
        begin: Position | None,
    ) -> None:
        """Say all that the operation brings, and that it has ended where it has."""
        with suppress(ConnectionError):  # the client has gone
            try:
                last = await self._last(request, asked, text, caller, stream, begin)
            except ConnectionError:
                raise
            except Unusable as unusable:
                last = refusal([unusable.problem.as_error()])
            except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
                last = refusal([internal(_log, "a stream", error).as_error()])
            await stream.tell(last)
            await stream.send(_COMPLETE)

    async def _last(
        self,
        request: web.Request,
        asked: Request,
        text: str,
        caller: Caller,
        stream: _Stream,
        begin: Position | None,
    ) -> Answer:
        """Return the one answer, or the last: what ends a subscription, which has none otherwise."""
        service = self._service

        async def look(at: Position | None = None, most: int | None = None) -> Answer:
            return await self._asked(request, asked, text, caller, at, most)

        if service.engine.does(text, asked.operation_name) is OperationType.SUBSCRIPTION:
            return await service.watch(text, asked.operation_name, look, stream.tell, begin)
        return await look()

    async def _asked(
        self,
        request: web.Request,
        asked: Request,
        text: str,
        caller: Caller,
        at: Position | None,
        most: int | None,
    ) -> Answer:
        """Return the answer of now; Unusable (401) once the key opens nothing any more."""
        try:
            asker = await admitted(request.headers, self._admit) or STRANGER
            if at is not None and (paying := caller.enter()) is not None:
                await paying
        except Unusable as unusable:
            if unusable.problem.code is Code.UNAUTHENTICATED:
                raise
            return refusal([unusable.problem.as_error()])
        answering = asyncio.ensure_future(
            self._service.engine.answer(
                text,
                asked.variables,
                asked.operation_name,
                scopes=asker.scopes,
                by=asker.name,
                spend=caller.spending(persisted=self._service.documents.has(text)),
                min_version=asked.min_version,
                at=at,
                most=most,
            )
        )
        self._answers.add(answering)
        answering.add_done_callback(self._answers.discard)
        answer = await asyncio.shield(answering)  # it is read to its end, as on sockets
        if answer.refused and answer.code != Code.RATE_LIMITED:
            caller.refused()
        return answer


class _Stream:
    """The bytes of one stream: who does not read them in time is cut off."""

    def __init__(self, request: web.Request, bounds: Bounds) -> None:
        self._request = request
        self._bounds = bounds
        self._response = web.StreamResponse(
            headers={
                CONTENT_TYPE: f"{EVENTS}; charset=utf-8",
                CACHE_CONTROL: "no-cache",
                "X-Accel-Buffering": "no",
                SERVER: NAME,
                VARY: VARIES,
            }
        )
        self.tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin it, and say now and then that it is there."""
        await self._response.prepare(self._request)
        await self.send(_ALIVE)
        self.tasks.add(asyncio.create_task(self._ping()))

    async def tell(self, answer: Answer) -> None:
        """Send an answer; with it, where it is a page of events, the place after it."""
        id_ = b"" if answer.mark is None else b"id: %b\n" % write_cursor(answer.mark.at).encode()
        lines = answer.body.replace(b"\r", b" ").replace(b"\n", b"\ndata: ")
        await self.send(b"event: next\n%bdata: %b\n\n" % (id_, lines))

    async def send(self, data: bytes) -> None:
        """Send *data*; ConnectionError where nobody takes it."""
        try:
            async with asyncio.timeout(self._bounds.send_seconds):
                await self._response.write(data)
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
            raise ConnectionError("the client does not read") from None

    async def closed(self) -> web.StreamResponse:
        """End it."""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(self._bounds.close_seconds):
                await self._response.write_eof()
        return self._response

    async def _ping(self) -> None:
        """Return once the client has gone."""
        with suppress(ConnectionError):
            while True:
                await asyncio.sleep(self._bounds.ping_seconds / 2)
                await self.send(_ALIVE)


def _begin(request: web.Request) -> Position | None:
    """Return where a client says that it was; Unusable (400) where that is no place among events."""
    said = request.headers.get(LAST)
    if not said:
        return None
    try:
        position = read_cursor(said)
    except UsageError:
        position = None
    if position is None or position.order != EVENT_ORDER or not is_text(position.direction):
        raise Unusable(400, f"The header {LAST} holds no cursor of events.", code=Code.BAD_CURSOR)
    return position


async def _stopped(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
