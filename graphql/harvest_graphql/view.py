"""`/graphql` over HTTP: POST and GET, whatever a client sends; never a 5xx for it."""

from __future__ import annotations

from aiohttp import web
from aiohttp.hdrs import ACCEPT

from harvest_graphql.engine import Engine
from harvest_graphql.held import TooSlow, Unreachable
from harvest_graphql.landing import landing
from harvest_graphql.problems import Code
from harvest_graphql.serving.answering import answered
from harvest_graphql.serving.callers import Admit, nobody, scopes_of
from harvest_graphql.serving.media import HTML, media_type
from harvest_graphql.serving.persisted import Documents
from harvest_graphql.serving.reading import asks_nothing, read
from harvest_graphql.serving.refusals import Unusable, refusal
from harvest_graphql.visibility import NOBODY

PATH = "/graphql"


def routes(
    engine: Engine, *, admit: Admit = nobody, documents: Documents | None = None
) -> list[web.RouteDef]:
    """Return the routes of the endpoint.

    *admit* tells the scopes of callers' keys; *documents* are those that can be asked for by id.
    """
    view = View(engine, admit, documents or Documents({}))
    return [web.route("*", PATH, view.handle)]


class View:
    """Carries requests to the engine and answers back."""

    def __init__(self, engine: Engine, admit: Admit, documents: Documents) -> None:
        self._engine = engine
        self._admit = admit
        self._documents = documents

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        try:
            if asks_nothing(request) and HTML in request.headers.get(ACCEPT, ""):
                return await self._page()
            return await self._answer(request)
        except Unusable as unusable:
            return refusal(unusable)

    async def _answer(self, request: web.Request) -> web.Response:
        type_ = media_type(request.headers.get(ACCEPT, ""))
        scopes = await scopes_of(request, self._admit)
        asked = await read(request)
        text = self._documents.text(asked.query, asked.document_id)
        answer = await self._engine.answer(
            text, asked.variables, asked.operation_name, scopes=NOBODY if scopes is None else scopes
        )
        return answered(answer, type_, private=scopes is not None)

    async def _page(self) -> web.Response:
        """Return what somebody sees who looks at the bare address with a browser."""
        try:
            status = await self._engine.status()
        except (TooSlow, Unreachable) as error:
            words = "The gateway's database cannot be reached now. Try again."
            raise Unusable(503, words, code=Code.UNAVAILABLE) from error
        return web.Response(text=landing(sandbox=status.sandbox), content_type=HTML, charset="utf-8")
