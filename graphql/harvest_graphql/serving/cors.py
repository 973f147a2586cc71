"""CORS: which other origins' pages may read what is served here; never with their cookies."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web
from aiohttp.hdrs import (
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN,
    VARY,
)
from aiohttp.typedefs import Handler

ANY = "*"
_ALLOWED_HEADERS = "Accept, Authorization, Content-Type, If-None-Match, Last-Event-ID, X-Api-Key"
_EXPOSED_HEADERS = "ETag, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate"
_METHODS = "GET, HEAD, POST"
_MAX_AGE = "7200"


def allow(app: web.Application, origins: Collection[str], paths: Collection[str]) -> None:
    """Let pages of *origins* (``*``: of any) read what *app* serves at *paths* and below."""
    if not origins:
        return
    shared = tuple(paths)

    @web.middleware
    async def preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
        asks = request.method == "OPTIONS" and ACCESS_CONTROL_REQUEST_METHOD in request.headers
        if not (asks and ORIGIN in request.headers and request.path.startswith(shared)):
            return await handler(request)
        headers = {
            ACCESS_CONTROL_ALLOW_METHODS: _METHODS,
            ACCESS_CONTROL_ALLOW_HEADERS: _ALLOWED_HEADERS,
            ACCESS_CONTROL_MAX_AGE: _MAX_AGE,
        }
        return web.Response(status=204, headers=headers if _allows(origins, request) else {})

    async def mark(request: web.Request, response: web.StreamResponse) -> None:
        if not request.path.startswith(shared):
            return
        if ANY in origins:
            response.headers[ACCESS_CONTROL_ALLOW_ORIGIN] = ANY
        else:
            response.headers.add(VARY, ORIGIN)
            if _allows(origins, request):
                response.headers[ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[ORIGIN]
        if ACCESS_CONTROL_ALLOW_ORIGIN in response.headers:
            response.headers[ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED_HEADERS

    app.middlewares.append(preflight)
    app.on_response_prepare.append(mark)


def _allows(origins: Collection[str], request: web.Request) -> bool:
    return ANY in origins or request.headers.get(ORIGIN) in origins
