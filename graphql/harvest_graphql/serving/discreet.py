"""A server that says nothing of what it is made of: neither its libraries with their versions nor their words."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.hdrs import SERVER

from harvest_graphql.problems import Code
from harvest_graphql.serving.refusals import Unusable, refusal
from harvest_graphql.serving.shortcut import Shortcut

NAME = "harvest-gateway"
"""What every answer calls its server."""


_OURS = Unusable(500, "The gateway made a mistake.", code=Code.INTERNAL)


class Runner(web.AppRunner):
    """Runs *app* like aiohttp's own, with a *shortcut* perhaps; *options* are those of its request handler."""

    def __init__(
        self,
        app: web.Application,
        *,
        shutdown_timeout: float = 60.0,
        shortcut: Shortcut | None = None,
        **options: Any,
    ) -> None:
        app.on_response_prepare.append(_named)
        self._shortcut = shortcut
        super().__init__(app, shutdown_timeout=shutdown_timeout, **options)
        self._options = options

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made, self._options, self._shortcut)


class _Server(web.Server):
    """Makes handlers of ours for the requests that *made* would handle."""

    def __init__(self, made: web.Server, options: dict[str, Any], shortcut: Shortcut | None) -> None:
        handler: Any = made.request_handler
        if shortcut is not None:
            handler = shortcut.before(handler, NAME)
        super().__init__(handler, request_factory=made.request_factory, **options)
        self._options = options

    def __call__(self) -> web.RequestHandler:
        return _Handler(self, loop=asyncio.get_running_loop(), **self._options)


class _Handler(web.RequestHandler):
    """Answers what is no HTTP, or went wrong on the way, in our own words."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        super().handle_error(
            request, status, exc, message
        )  # it logs, and raises where it is too late to answer
        response = refusal(_OURS if status >= 500 else Unusable(status, "This is no HTTP that can be read."))
        response.headers[SERVER] = NAME
        response.force_close()
        return response


async def _named(_: web.Request, response: web.StreamResponse) -> None:
    response.headers[SERVER] = NAME
