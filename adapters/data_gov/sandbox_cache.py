"""The cache in the gateway of the sandbox: answers to GETs, kept as long as their s-maxage says."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

LARGEST = 2**26
"""Bytes of all answers that are kept."""
_SHARED = re.compile(r"s-maxage=(\d+)")

Key = tuple[str, str]
"""What the portal speaks, and the path with its query."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that is kept."""

    body: bytes
    headers: Mapping[str, str]
    at: datetime
    seconds: int


class Cache:
    """Keeps answers on the sandbox's clock; the oldest leave first when there are too many."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._size = 0

    def get(self, key: Key, now: datetime) -> web.Response | None:
        """Return the answer that is kept and still fresh, None where there is none."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        age = (now - kept.at).total_seconds()
        if age >= kept.seconds:
            self._drop(key)
            return None
        return web.Response(body=kept.body, headers={**kept.headers, "X-Cache": "HIT", "Age": str(int(age))})

    def put(self, key: Key, answer: web.StreamResponse, now: datetime) -> None:
        """Keep an answer that may be kept: a whole one, status 200, with an s-maxage."""
        told = _SHARED.search(answer.headers.get("Cache-Control", ""))
        if not isinstance(answer, web.Response) or answer.status != 200 or told is None:
            return
        body = bytes(answer.body) if isinstance(answer.body, bytes | bytearray) else b""
        if len(body) > self._largest:
            return
        self._drop(key)
        self._kept[key] = Kept(body, dict(answer.headers), now, int(told[1]))
        self._size += len(body)
        while self._size > self._largest:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        self._size -= len(kept.body) if kept is not None else 0
