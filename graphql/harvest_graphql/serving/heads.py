"""Heads of HTTP requests, as far as the short way has to understand them: whose turn it is, and where a body ends.

aiohttp's own parser reads them, each once: what a client sends again is known by its bytes. What is out of the ordinary
in any way is no head to the short way.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from aiohttp.base_protocol import BaseProtocol
from aiohttp.hdrs import (
    ACCEPT,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HOST,
    METH_POST,
    TRANSFER_ENCODING,
    UPGRADE,
)
from aiohttp.http import HttpRequestParser, HttpVersion11, RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from harvest_graphql.serving.callers import carries_key
from harvest_graphql.serving.media import media_type, takes_events
from harvest_graphql.serving.refusals import JSON, Unusable

MOST_HEAD = 4096
"""A head that is longer, in bytes, is left to aiohttp."""
MOST_BODY = 65_536
"""So is a body."""
_REMEMBERED = 512
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
    """Reads heads, and remembers some of them; what is posted to *path* may take the short way."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._known: dict[bytes, Head] = {}
        """By their texts, none that holds a key: it would stay in memory."""

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._known)

    def read(self, text: bytes) -> Head | None:
        """Return what a head says, from its first line to the empty one; None where it is left to aiohttp alone."""
        found = self._known.get(text)
        if found is None and (found := self._read(text)) is not None and not found.keyed:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = found
        return found

    def _read(self, text: bytes) -> Head | None:
        said = _parsed(text)
        if said is None or not _plain(said):
            return None
        headers = CIMultiDict(said.headers)
        posted = said.method == METH_POST and said.path == self._path
        length = int(headers.get(CONTENT_LENGTH, "0"))
        return Head(length, headers, _answer(headers) if posted else None, carries_key(headers))


def _parsed(text: bytes) -> RawRequestMessage | None:
    """Return what aiohttp reads in a head; None where that is no request, or not one alone."""
    loop = asyncio.get_running_loop()
    parser = HttpRequestParser(BaseProtocol(loop), loop, MOST_BODY)
    try:
        found, _, behind = parser.feed_data(text)
    except HttpProcessingError:
        return None
    return found[0][0] if len(found) == 1 and not behind else None


def _plain(said: RawRequestMessage) -> bool:
    """Whether nothing is said in it that the short way would have to heed."""
    headers = said.headers
    if said.version != HttpVersion11 or not said.path.startswith("/"):
        return False
    if any(each in headers for each in _STRANGE) or any(len(headers.getall(each, ())) > 1 for each in _ONCE):
        return False
    stays = headers.get(CONNECTION, "keep-alive").lower() == "keep-alive"
    return stays and _LENGTH.fullmatch(headers.get(CONTENT_LENGTH, "0")) is not None


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
