"""All pages of one endpoint, ready to be mounted beside it, or left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from harvest_graphql.limits import Limits
from harvest_graphql.pages.explorer import BUILT, Explorer
from harvest_graphql.pages.front import Front, Page
from harvest_graphql.pages.named import named
from harvest_graphql.pages.reference import Reference
from harvest_graphql.schema import core


class Pages:
    """The pages of an endpoint that runs the named *documents* (text by name); *trusted*: nothing else.

    *limits* are those that it keeps to; *built* is the folder of the explorer, whether it is there or not.
    """

    def __init__(
        self,
        documents: Mapping[str, str],
        *,
        limits: Limits | None = None,
        trusted: bool = False,
        built: Path = BUILT,
    ) -> None:
        operations = named(documents, datetime.now(UTC).date())
        self._front = Front(operations, None if trusted else Explorer(built))
        self._reference = Reference(core(), operations, limits or Limits())

    @property
    def front(self) -> Page:
        """What makes the page at the endpoint's own address."""
        return self._front.page

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of everything else: the reference, and what the pages need."""
        return [*self._front.routes(), *self._reference.routes()]
