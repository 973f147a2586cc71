"""A server that says nothing of what it is made of: neither its libraries with their versions nor their words."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.hdrs import SERVER

from harvest_graphql.problems import Code
from harvest_graphql.serving.answering import NAME
from harvest_graphql.serving.briefly import Briefly
from harvest_graphql.serving.heads import Heads
from harvest_graphql.serving.refusals import Unusable, refusal
from harvest_graphql.serving.turns import Connection

_OURS = Unusable(500, "The gateway made a mistake.", code=Code.INTERNAL)


class Runner(web.AppRunner):
    """Runs *app* like aiohttp's own; *options* are those of its request handler.

    What is posted to *path* is answered by *brief* past the application, its middlewares and signals; None: nothing.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        path: str = "/",
        brief: Briefly | None = None,
        shutdown_timeout: float = 60.0,
        **options: Any,
    ) -> None:
        app.on_response_prepare.append(_named)
        super().__init__(app, shutdown_timeout=shutdown_timeout, **options)
        self._options = {**options, "heads": Heads(path), "brief": brief}

    async def _make_server(self) -> web.Server:
        return _Server(await super()._make_server(), self._options)


class _Server(web.Server):
    """Makes connections of ours for the requests that *made* would handle."""

    def __init__(self, made: web.Server, options: dict[str, Any]) -> None:
        super().__init__(made.request_handler, request_factory=made.request_factory)
        self._options = options

    def __call__(self) -> web.RequestHandler:
        return _Handler(self, loop=asyncio.get_running_loop(), **self._options)


class _Handler(Connection):
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
