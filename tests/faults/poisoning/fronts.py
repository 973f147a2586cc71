"""What the portals that serve poison have in common: lists of rows byte by byte, and pages that are broken whole."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Protocol

from aiohttp import web

from gateway.model.document import Document
from gateway.model.enums import EntityType

Element = dict[str, Any]
TYPES = ("application/json", "application/json", "application/json; charset=iso-8859-1", "text/html")
"""Content types of a page that is broken whole."""


RUN = "00000000-0000-4000-8000-ffffffffffff"
"""Stands in elements for the id of the run that they will be shown with."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A page that takes the place of a list's."""

    body: bytes
    content_type: str

    def answer(self) -> web.Response:
        """Return the page as it is served."""
        return web.Response(body=self.body, headers={"Content-Type": self.content_type})


class Front(Protocol):
    """A portal that shows what it is told to show."""

    adapter: str
    name: str
    lists: Mapping[str, int]
    """Its lists, with how many rows of each a pass may read at once."""
    rows: dict[str, list[bytes]]
    """What its lists show, beside what holds the portal together."""
    broken: dict[str, Broken]
    """Lists that show a broken page instead."""

    def begin(self, now: datetime) -> bytes:
        """Empty the lists, let a new run of a source have ended just before *now*, and return its id."""
        ...

    def element(self, listed: str) -> Element:
        """Return a good element of a list, with an id of its own."""
        ...

    def page(self, listed: str) -> bytes:
        """Return a list's first page as it is now."""
        ...

    def splits(self, listed: str, body: bytes) -> bool:
        """Whether a page of that list can be taken apart."""
        ...

    def parts(self, listed: str, rows: Sequence[bytes]) -> list[bytes] | None:
        """Return the rows as a page of that list is taken apart, None where it cannot be."""
        ...

    def app(self) -> web.Application:
        """Return what serves it."""
        ...


class Templates:
    """Good elements of each type, as a sandbox portal gives them."""

    def __init__(self, documents: Sequence[Document], dice: Random) -> None:
        self._elements: dict[EntityType, list[Element]] = {}
        self._dice = dice
        for document in documents:
            self._elements.setdefault(document.type, []).append(json.loads(document.body))

    def of(self, type_: EntityType) -> Element:
        """Return a copy of one of the elements of a type."""
        return dict(self._dice.choice(self._elements[type_]))

    def all(self, type_: EntityType) -> list[Element]:
        """Return the elements of a type."""
        return self._elements[type_]


def encoded(value: Any) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value).encode()


@asynccontextmanager
async def served(front: Front) -> AsyncIterator[str]:
    """Serve a portal on loopback and yield its address."""
    runner = web.AppRunner(front.app(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
