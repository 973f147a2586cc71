"""A portal made of canned answers: a real server on loopback, on a port that the system picks."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Reply:
    """One canned answer; a body that is no bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """Return the answer as aiohttp sends it."""
        raw = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return web.Response(
            body=raw, status=self.status, headers={"Content-Type": self.media_type, **self.headers}
        )


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the portal was sent."""

    method: str
    path: str
    """Path and query below the base URL, as they were sent."""
    headers: Mapping[str, str]


Answering: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Canned: TypeAlias = Any
"""A Reply; a list of Replies, one a request, the last for ever; a function of the request; or a body of JSON."""


class FakePortal:
    """Answers by ``path?query``, else by ``path``, both below *api_path*; everything else is a 404 in JSON.

    An async context manager. *answers* may be changed while it runs; *requests* is what it was asked.
    """

    def __init__(self, answers: Mapping[str, Canned], *, api_path: str = "/api/1") -> None:
        self.answers: dict[str, Canned] = dict(answers)
        self.requests: list[Request] = []
        self._api_path = api_path
        self._origin = ""
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """Return the address below which an adapter asks."""
        return self._origin + self._api_path

    @property
    def paths(self) -> Sequence[str]:
        """Return the paths and queries that were asked, in order."""
        return [request.path for request in self.requests]

    async def __aenter__(self) -> Self:
        """Start to serve."""
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to serve."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = str(request.rel_url).removeprefix(self._api_path)
        self.requests.append(Request(request.method, path, request.headers))
        bare = path.partition("?")[0]
        canned = self.answers.get(path, self.answers.get(bare))
        if canned is None:
            return Reply({"message": "There is nothing here."}, 404).response()
        if isinstance(canned, list) and canned and isinstance(canned[0], Reply):
            canned = canned.pop(0) if len(canned) > 1 else canned[0]
        if isinstance(canned, Reply):
            return canned.response()
        if callable(canned):
            return await cast("Answering", canned)(request)
        return Reply(canned).response()
