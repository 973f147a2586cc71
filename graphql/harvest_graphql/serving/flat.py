"""Answers in one piece: the head and the body of the usual answer as bytes, past aiohttp's headers and writers.

What aiohttp does for a response is general: headers are put into a multidict, looked through for what is missing and
written out. Of the 60 microseconds that a request took of Python that was 13; most of a head here is known beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.hdrs import ACCEPT_ENCODING, CONTENT_ENCODING, SERVER, VARY
from aiohttp.helpers import rfc822_formatted_time

from harvest_graphql.serving.answering import usual

SHORT = web.RequestKey("short", str)
"""Under which a request that nothing but the endpoint sees has the name of the server."""


class Flat(web.Response):
    """A response of status 200 that is the bytes *piece*, to *request*, whose connection is kept."""

    def __init__(self, request: web.Request, piece: bytes) -> None:
        # nothing of what a response is made of is there: nobody looks at it but aiohttp's connection, who sends it
        self._request = request
        self._piece = piece
        self._keep_alive = True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002 - aiohttp's
        """Prepare nothing."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:  # noqa: ARG002 - aiohttp's
        """Send it; ConnectionError where the client has gone."""
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has gone")
        transport.write(self._piece)


def takes_flat(request: web.Request) -> bool:
    """Return whether *request* came the short way, as nearly all do: by HTTP/1.1, with others to follow."""
    return SHORT in request and request.version == HttpVersion11 and request.keep_alive


def flat(
    request: web.Request,
    body: bytes,
    media_type: str,
    coding: str | None,
    limits: Mapping[str, str],
    *,
    private: bool,
) -> Flat:
    """Return *body* as what ``answering.answered`` makes of it; *limits*: the headers that tell a caller's limits."""
    told = "".join([f"{name}: {value}\r\n" for name, value in limits.items()])
    last = f"{told}Content-Length: {len(body)}\r\nDate: {rfc822_formatted_time()}\r\n\r\n"
    return Flat(request, _first(media_type, coding, request[SHORT], private) + last.encode("ascii") + body)


@lru_cache(256)
def _first(media_type: str, coding: str | None, server: str, private: bool) -> bytes:
    """Return what a head begins with."""
    headers = [*usual(media_type, private=private).items(), (VARY, ACCEPT_ENCODING), (SERVER, server)]
    if coding is not None:
        headers.append((CONTENT_ENCODING, coding))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 200 OK\r\n{lines}".encode("ascii")
