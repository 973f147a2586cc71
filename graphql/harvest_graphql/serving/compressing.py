"""Compressing answers: as small as the client can take them, where that is worth it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from importlib import import_module

import brotli
from aiohttp import web
from aiohttp.hdrs import ACCEPT_ENCODING, CONTENT_ENCODING, VARY
from multidict import MultiMapping

from harvest_graphql.serving.media import coding

LEAST_BYTES = 1000
"""What is smaller is sent as it is."""
_LEVEL = 4
"""JSON shrinks little more at higher levels, which take twice as long."""
_THREAD_BYTES = 100_000
"""What is larger is compressed beside the event loop: a few milliseconds."""

SQUEEZED: web.ResponseKey[dict[str, bytes]] = web.ResponseKey("squeezed", dict)
"""Where a response has what its body is once compressed, by coding: added to, so that it is compressed once."""


def _gzip(body: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


def _brotli(body: bytes) -> bytes:
    return bytes(brotli.compress(body, quality=_LEVEL))


def _codings() -> dict[str, Callable[[bytes], bytes]]:
    """Return what can be done here, the best first: zstd is in the standard library of Python 3.14."""
    known: dict[str, Callable[[bytes], bytes]] = {"br": _brotli, "gzip": _gzip}
    try:
        zstd = import_module("compression.zstd")
    except ImportError:
        return known
    return {"zstd": lambda body: bytes(zstd.compress(body, level=3)), **known}


CODINGS = _codings()


async def compress(request: web.Request, response: web.Response) -> None:
    """Compress the body of *response* where *request* takes that."""
    response.headers.add(VARY, ACCEPT_ENCODING)
    body = response.body
    if isinstance(body, bytes) and (chosen := taken(request.headers, body)) is not None:
        response.body = await squeezed(body, chosen, response.get(SQUEEZED, {}))
        response.headers[CONTENT_ENCODING] = chosen


def taken(headers: MultiMapping[str], body: bytes) -> str | None:
    """Return the coding in which who sent *headers* takes *body*; None where it is sent as it is."""
    if len(body) < LEAST_BYTES or ACCEPT_ENCODING not in headers:
        return None
    return coding(",".join(headers.getall(ACCEPT_ENCODING)), CODINGS)


async def squeezed(body: bytes, chosen: str, known: dict[str, bytes]) -> bytes:
    """Return *body* in the coding *chosen*; what is *known* of it by coding is looked up, and added to."""
    if chosen not in known:
        squeeze = CODINGS[chosen]
        large = len(body) > _THREAD_BYTES
        known[chosen] = await asyncio.to_thread(squeeze, body) if large else squeeze(body)
    return known[chosen]
