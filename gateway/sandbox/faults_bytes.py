"""How the bytes of a sandbox portal's answer are broken on their way."""

from __future__ import annotations

import asyncio
import socket
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache

from aiohttp import web

from gateway.sandbox.faults_kinds import Fault

BROKEN_OFF = frozenset({"truncate", "cut-chunks", "reset"})
"""Faults that send half of a body."""
PIECES = 16
"""In so many pieces a body drips."""
_CHUNK = 1024 * 1024
_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: close by a reset."""


def drop(request: web.Request) -> None:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()


async def sent(fault: Fault, request: web.Request, answer: web.Response) -> web.StreamResponse:
    """Return *answer* as *fault* lets it be sent."""
    if fault.kind in BROKEN_OFF:
        stream = await _half(request, answer, told=fault.kind != "cut-chunks")
        _close(request, at_once=fault.kind == "reset")
        return stream
    if fault.kind == "drip":
        return await _dripped(request, answer, fault.seconds)
    if fault.kind == "gzip-bomb":
        return _encoded(answer, _blanks(fault.size))
    if fault.kind == "gzip-garbage":
        return _encoded(answer, body_of(answer))
    rewritten = _REWRITTEN.get(fault.kind)
    return answer if rewritten is None else _text(answer, rewritten(body_of(answer)))


def _close(request: web.Request, *, at_once: bool) -> None:
    """Close the connection: after what was written, or *at once*, by a reset."""
    if request.transport is None:
        return
    if at_once:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        request.transport.abort()
    else:
        request.transport.close()


async def _half(request: web.Request, answer: web.Response, *, told: bool) -> web.StreamResponse:
    """Send half of the body: its length *told* before, or in chunks."""
    body = body_of(answer)
    stream = web.StreamResponse(headers={"Content-Type": answer.content_type})
    if told:
        stream.content_length = len(body)
    else:
        stream.enable_chunked_encoding()
    await stream.prepare(request)
    await stream.write(body[: len(body) // 2])
    return stream


async def _dripped(request: web.Request, answer: web.Response, seconds: float) -> web.StreamResponse:
    body = body_of(answer)
    stream = web.StreamResponse(headers={"Content-Type": answer.content_type})
    stream.content_length = len(body)
    await stream.prepare(request)
    size = max(1, -(-len(body) // PIECES))
    try:
        for start in range(0, len(body), size):
            await stream.write(body[start : start + size])
            await asyncio.sleep(seconds)
    except ConnectionError:  # who asked has lost patience
        return stream
    return stream


def _latin(body: bytes) -> bytes:
    text = body.decode()
    return text.encode("utf-16" if text.isascii() else "latin-1", "backslashreplace")


def _utf16(body: bytes) -> bytes:
    return body.decode().encode("utf-16")


def _marked(body: bytes) -> bytes:
    return b"\xef\xbb\xbf" + body


_REWRITTEN: dict[str, Callable[[bytes], bytes]] = {"latin-1": _latin, "utf-16": _utf16, "bom": _marked}


def body_of(answer: web.Response) -> bytes:
    """Return the body of an answer that is ready, empty where it has none."""
    return bytes(answer.body) if isinstance(answer.body, bytes | bytearray) else b""


def _text(answer: web.Response, body: bytes) -> web.Response:
    return web.Response(body=body, headers={"Content-Type": f"{answer.content_type}; charset=utf-8"})


def _encoded(answer: web.Response, body: bytes) -> web.Response:
    return web.Response(body=body, headers={"Content-Type": answer.content_type, "Content-Encoding": "gzip"})


@lru_cache(maxsize=2)
def _blanks(size: int) -> bytes:
    """Return *size* spaces, compressed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    blanks = b" " * _CHUNK
    packed = [packer.compress(blanks[: min(_CHUNK, size - start)]) for start in range(0, size, _CHUNK)]
    return b"".join([*packed, packer.flush()])
