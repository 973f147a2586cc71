"""Servers of the endpoint whose POSTs go the short way, as they do where the gateway serves, or the usual one."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from harvest_graphql.engine import Engine
from harvest_graphql.serving.discreet import Runner
from harvest_graphql.view import PATH, routes, short

_SHORT = ("admit", "documents", "observe", "callers")
"""The options of ``routes`` that the short way has as well."""


class Server(TestServer):
    """Serves *app*, and what is posted to the endpoint by the short way where *is_short*; *options* of ``routes``."""

    def __init__(self, engine: Engine, app: web.Application, *, is_short: bool, **options: Any) -> None:
        app.add_routes(routes(engine, **options))
        super().__init__(app)
        chosen = {key: value for key, value in options.items() if key in _SHORT}
        self._brief = short(engine, **chosen) if is_short else None

    async def _make_runner(self, **_: Any) -> web.AppRunner:
        return Runner(self.app, path=PATH, brief=self._brief, access_log=None, shutdown_timeout=5)
