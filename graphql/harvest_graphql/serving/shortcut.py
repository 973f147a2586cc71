"""The shortest way through aiohttp for most requests: those that one handler answers, found by their whole address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web
from aiohttp.hdrs import EXPECT, SERVER

from harvest_graphql.serving.flat import SHORT, Flat

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Shortcut(NamedTuple):
    """A POST to *path* goes to *handle*, past the application's router, middlewares and signals."""

    path: str
    handle: Handle

    def before(self, others: Handle, server: str) -> Handle:
        """Return what hands such requests to *handle* and the rest to *others*; *server* is named in answers."""
        path, handle = self

        async def choose(request: web.Request) -> web.StreamResponse:
            if request.method != "POST" or request.raw_path != path or EXPECT in request.headers:
                return await others(request)
            request[SHORT] = server
            response = await handle(request)
            if type(response) is not Flat:
                response.headers[SERVER] = server
            return response

        return choose
