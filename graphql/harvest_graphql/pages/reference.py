"""`/docs`: the schema's reference on one page, with the named operations as examples."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import fields
from hashlib import blake2b
from pathlib import Path

from aiohttp import web
from aiohttp.hdrs import CACHE_CONTROL, ETAG
from graphql import GraphQLSchema
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from harvest_graphql.limits import Limits
from harvest_graphql.pages.hints import RULES, hint
from harvest_graphql.pages.markup import Writer, literal
from harvest_graphql.pages.named import Named
from harvest_graphql.pages.policy import hashed, headers
from harvest_graphql.pages.shelves import kind, shelves
from harvest_graphql.pages.spoken import words
from harvest_graphql.problems import Code
from harvest_graphql.serving.compressing import compress

PATH = "/docs"
_HERE = Path(__file__).resolve().parent


class Reference:
    """The reference of *schema*, made when somebody first asks for it."""

    def __init__(self, schema: GraphQLSchema, operations: Sequence[Named], limits: Limits) -> None:
        self._schema = schema
        self._operations = operations
        self._limits = limits
        self._style = (_HERE / "reference.css").read_text("utf-8")
        self._script = (_HERE / "reference.js").read_text("utf-8")
        self._made: tuple[bytes, str] | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the page."""
        return [web.get(PATH, self._answer)]

    def page(self) -> str:
        """Return the page."""
        known = {name for name in self._schema.type_map if not name.startswith("__")}
        writer = Writer(known)
        environment = Environment(
            loader=FileSystemLoader(_HERE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {
            "reference": writer.reference,
            "prose": writer.prose,
            "document": writer.document,
            "kind": kind,
        }
        environment.globals |= {"hint": hint, "literal": literal}
        return environment.get_template("reference.html.jinja").render(
            style=self._style,
            script=self._script,
            shelves=shelves(self._schema),
            operations=self._operations,
            codes=words(Code),
            limits=self._limits_told(),
            rules=RULES,
        )

    def _limits_told(self) -> list[tuple[str, int, str]]:
        return [
            (each.name, getattr(self._limits, each.name), each.metadata["says"]) for each in fields(Limits)
        ]

    async def _answer(self, request: web.Request) -> web.Response:
        if self._made is None:
            page = (await asyncio.to_thread(self.page)).encode()
            self._made = page, blake2b(page, digest_size=16).hexdigest()
        page, tag = self._made
        policy = headers(style_src=hashed(self._style), script_src=hashed(self._script))
        kept = {**policy, CACHE_CONTROL: "no-cache", ETAG: f'W/"{tag}"'}
        if any(each.value in {"*", tag} for each in request.if_none_match or ()):
            return web.Response(status=304, headers=kept)
        response = web.Response(body=page, content_type="text/html", charset="utf-8", headers=kept)
        await compress(request, response)
        return response
