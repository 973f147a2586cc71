"""The sandbox portal of Data.gov: what it speaks, and which of it lies behind the api.data.gov gateway."""

from __future__ import annotations

import time

from aiohttp import web

from adapters.data_gov import sandbox_gateway as front
from adapters.data_gov.sandbox_documented import Documented
from adapters.data_gov.sandbox_limits import Clock
from adapters.data_gov.sandbox_real import Real
from gateway.sandbox.changes import Changes
from gateway.sandbox.changes_shown import DOCUMENTED
from gateway.sandbox.portal import Dialect, Now, SandboxPortal


class Portal:
    """Hands each request to the gateway, or to the interface that the portal speaks at the moment."""

    def __init__(self, world: Changes, now: Now, dialect: Dialect, monotonic: Clock) -> None:
        self._dialect = dialect
        self._real = Real(world, now)
        self._documented = Documented(world, now)
        self._gateway = front.Gateway(self._harvester, now, dialect, monotonic)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Return the answer to any method and path."""
        gated = request.path.startswith(front.PLACE)
        return await (self._gateway.answer(request) if gated else self._harvester(request))

    async def _harvester(self, request: web.Request) -> web.StreamResponse:
        surface = self._documented if self._dialect() == DOCUMENTED else self._real
        return await surface.answer(request)


def routes(world: Changes, now: Now, dialect: Dialect, monotonic: Clock = time.monotonic) -> web.Application:
    """Return the portal's surface, which takes everything; *monotonic* is the real clock of the gateway's bursts."""
    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", Portal(world, now, dialect, monotonic).answer)])
    app.on_response_prepare.append(front.mark)
    return app


SANDBOX = SandboxPortal(
    name="data-gov",
    title="Data.gov (sandbox)",
    dialects={"real": front.BEHIND, DOCUMENTED: front.PATH, "gateway": front.PATH},
    build=Changes,
    routes=routes,
    keys={DOCUMENTED: front.OPEN_KEY, "gateway": front.OPEN_KEY},
)
