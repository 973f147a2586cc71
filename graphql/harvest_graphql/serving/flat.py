"""Answers as bytes: the head and the body in one piece, past aiohttp's headers and writers.

What aiohttp does for a response is general: headers are put into a multidict, looked through for what is missing and
written out. Of the 60 microseconds that a request took of Python that was 13; most of a head here is known beforehand.
"""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus

from aiohttp import web
from aiohttp.hdrs import ACCEPT_ENCODING, CONTENT_ENCODING, SERVER, VARY
from aiohttp.helpers import rfc822_formatted_time

from harvest_graphql.serving.answering import NAME, usual


def flat(
    body: bytes,
    media_type: str,
    coding: str | None,
    limits: str,
    *,
    private: bool,
    status: int = 200,
) -> bytes:
    """Return *body* as what ``answering.answered`` makes of it; *limits*: the lines that tell a caller's limits."""
    return _first(media_type, coding, private, status) + _ended(limits, body)


def flattened(response: web.Response) -> bytes:
    """Return *response*, which has a body of bytes, as aiohttp would send it on a connection that is kept."""
    assert isinstance(response.body, bytes), "a refusal is short"
    headers = [*response.headers.items(), (SERVER, NAME)]
    return _line(response.status) + _ended(_lines(headers), response.body)


@lru_cache(256)
def _first(media_type: str, coding: str | None, private: bool, status: int) -> bytes:
    """Return what a head begins with."""
    headers = [*usual(media_type, private=private).items(), (VARY, ACCEPT_ENCODING), (SERVER, NAME)]
    if coding is not None:
        headers.append((CONTENT_ENCODING, coding))
    return _line(status) + _lines(headers).encode("ascii")


def _line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode("ascii")


def _lines(headers: list[tuple[str, str]]) -> str:
    return "".join([f"{name}: {value}\r\n" for name, value in headers])


def _ended(headers: str, body: bytes) -> bytes:
    """Return the *headers* and those that every answer ends with, and *body*."""
    last = f"{headers}Content-Length: {len(body)}\r\nDate: {rfc822_formatted_time()}\r\n\r\n"
    return last.encode("ascii") + body
