"""Heads of HTTP requests, as far as the short way has to understand them: whose turn it is, and where a body ends.

It reads fewer forms than aiohttp does, and none differently: what is out of the ordinary in any way is no head to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from aiohttp.hdrs import (
    ACCEPT,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HOST,
    TRANSFER_ENCODING,
    UPGRADE,
)
from multidict import CIMultiDict

from harvest_graphql.serving.callers import carries_key
from harvest_graphql.serving.media import media_type, takes_events
from harvest_graphql.serving.refusals import JSON, Unusable

MOST_HEAD = 4096
"""A head that is longer, in bytes, is left to aiohttp."""
MOST_BODY = 65_536
"""So is a body."""
_REMEMBERED = 1024
_LINES = re.compile(
    rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[\x21-\x7e]*) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n"
)
_LINE = re.compile(rb"([^:\r\n]+):([^\r\n]*)\r\n")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,8}")
_ONCE = (CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST)
_STRANGE = (TRANSFER_ENCODING, UPGRADE, EXPECT)
_JSON = frozenset({JSON, f"{JSON}; charset=utf-8", f"{JSON};charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Head:
    """What one says."""

    length: int
    """Bytes of the body."""
    headers: CIMultiDict[str]
    media_type: str | None
    """That of the answer; None for what the short way does not answer."""
    keyed: bool
    """Whether it carries a key, or what may be one."""


class Heads:
    """Reads heads, and remembers the last of them; what is posted to *path* may take the short way."""

    def __init__(self, path: str) -> None:
        self._path = path.encode("ascii")
        self.read = lru_cache(_REMEMBERED)(self._read)
        """Returns what a head says, from its first line to the empty one; None where it is left to aiohttp alone."""

    def _read(self, text: bytes) -> Head | None:
        found = _LINES.fullmatch(text)
        if found is None:
            return None
        headers: CIMultiDict[str] = CIMultiDict(
            (name.decode("ascii"), value.strip(b" \t").decode("utf-8", "surrogateescape"))
            for name, value in _LINE.findall(found[3])
        )
        if any(each in headers for each in _STRANGE) or any(
            len(headers.getall(each, ())) > 1 for each in _ONCE
        ):
            return None
        length = headers.get(CONTENT_LENGTH, "0")
        if not _LENGTH.fullmatch(length) or headers.get(CONNECTION, "keep-alive").lower() != "keep-alive":
            return None
        posted = found[1] == b"POST" and found[2] == self._path
        return Head(int(length), headers, _answer(headers) if posted else None, carries_key(headers))


def _answer(headers: CIMultiDict[str]) -> str | None:
    """Return the media type of the answer to what is posted; None where another way has to answer."""
    accept = headers.get(ACCEPT, "")
    short = int(headers.get(CONTENT_LENGTH, "0")) <= MOST_BODY and CONTENT_ENCODING not in headers
    if not short or headers.get(CONTENT_TYPE, "").lower() not in _JSON or takes_events(accept):
        return None
    try:
        return media_type(accept)
    except Unusable:
        return None
