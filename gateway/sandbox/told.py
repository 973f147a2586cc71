"""Answers that a sandbox portal was told to give, word for word, whatever its world holds."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web


class Told(msgspec.Struct, forbid_unknown_fields=True):
    """One such answer: to a method and a path without its query."""

    path: str
    body: Any
    """Sent as JSON; a text under another media type as it is."""
    method: str = "GET"
    status: int = 200
    media_type: str = "application/json"

    def response(self) -> web.Response:
        """Return the answer."""
        plain = self.media_type != "application/json" and isinstance(self.body, str)
        body = self.body.encode() if plain else msgspec.json.encode(self.body)
        return web.Response(status=self.status, body=body, headers={"Content-Type": self.media_type})


class Answers:
    """What has been told, by method and path; the last word on a path holds."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], Told] = {}

    @property
    def orders(self) -> list[Told]:
        """Return what has been told."""
        return list(self._told.values())

    def add(self, body: bytes) -> None:
        """Take a JSON array of answers; ValueError where it is none."""
        for told in msgspec.json.decode(body, type=list[Told]):
            self._told[told.method, told.path] = told

    def clear(self) -> None:
        """Forget everything."""
        self._told.clear()

    def to(self, request: web.Request) -> web.Response | None:
        """Return the answer to *request*, None where none was told."""
        told = self._told.get((request.method, request.path))
        return None if told is None else told.response()
