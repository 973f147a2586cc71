"""`/graphql` over HTTP: POST and GET, whatever a client sends; never a 5xx for it."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from aiohttp import web
from aiohttp.hdrs import ACCEPT
from graphql import OperationType

from harvest_graphql.engine import Engine
from harvest_graphql.held import TooSlow, Unreachable
from harvest_graphql.pages.front import Page
from harvest_graphql.problems import Code
from harvest_graphql.serving.answering import answered
from harvest_graphql.serving.asking import ask
from harvest_graphql.serving.briefly import Briefly, Observe, ours
from harvest_graphql.serving.callers import Admit, Admitted, admitted, carries_key, nobody
from harvest_graphql.serving.compressing import compress
from harvest_graphql.serving.media import HTML, media_type, takes_events, takes_json
from harvest_graphql.serving.methods import ALL, ensure_allowed, ensure_served
from harvest_graphql.serving.persisted import Documents
from harvest_graphql.serving.rates import UNLIMITED, Caller, Callers, unlimited
from harvest_graphql.serving.reading import asks_nothing, ensure_short, read
from harvest_graphql.serving.refusals import Unusable, refusal
from harvest_graphql.serving.streams import Streams
from harvest_graphql.sockets.endpoint import Sockets
from harvest_graphql.sockets.upgrade import is_upgrade

PATH = "/graphql"
_STREAMED = "STREAMED"
"""How long a stream lasts says nothing of the gateway."""


def unobserved(_: str, __: float) -> None:
    """Let nobody know."""


def routes(
    engine: Engine,
    *,
    admit: Admit = nobody,
    documents: Documents | None = None,
    observe: Observe = unobserved,
    callers: Callers = unlimited,
    page: Page | None = None,
    methods: Sequence[str] = ALL,
    sockets: Sockets | None = None,
    streams: Streams | None = None,
) -> list[web.RouteDef]:
    """Return the routes of the endpoint.

    *admit* tells whose a key is, *callers* limits who comes without one; *documents* are those that
    can be asked for by id; *page* makes what browsers see at the bare address, None: nothing; *methods* are
    those of HTTP that are served; *sockets* takes what asks for a websocket, *streams* what asks for server-sent
    events, None: nobody does.
    """
    known = documents or Documents({})
    view = View(engine, admit, known, observe, callers, page, methods, sockets, streams)
    return [web.route("*", PATH, view.handle)]


def short(
    engine: Engine,
    *,
    admit: Admit = nobody,
    documents: Documents | None = None,
    observe: Observe = unobserved,
    callers: Callers = unlimited,
) -> Briefly:
    """Return the short way of what is posted to the endpoint; see ``routes``."""
    return Briefly(engine, admit, documents or Documents({}), observe, callers)


class View:
    """Carries requests to the engine and answers back."""

    def __init__(
        self,
        engine: Engine,
        admit: Admit,
        documents: Documents,
        observe: Observe,
        callers: Callers,
        page: Page | None,
        methods: Sequence[str],
        sockets: Sockets | None = None,
        streams: Streams | None = None,
    ) -> None:
        self._engine = engine
        self._admit = admit
        self._documents = documents
        self._observe = observe
        self._callers = callers
        self._page = page
        self._methods = methods
        self._sockets = sockets
        self._streams = streams

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request."""
        if self._sockets is not None and is_upgrade(request):
            return await self._sockets.handle(request)
        begun = perf_counter()
        caller = self._callers(request)
        response: web.StreamResponse
        try:
            ensure_short(request)
            ensure_served(request.method, self._methods)
            page = self._page if asks_nothing(request) and HTML in request.headers.get(ACCEPT, "") else None
            known = None
            if carries_key(request.headers) and not page:
                known = await admitted(request.headers, self._admit)
                caller = UNLIMITED  # whom a key stands for is known, and can be spoken to
            if (paying := caller.enter()) is not None:
                await paying
            response, outcome = await (self._show(page) if page else self._answer(request, caller, known))
            if isinstance(response, web.Response):
                await compress(request, response)
        except Unusable as unusable:
            response, outcome = refusal(unusable), unusable.problem.code
            if unusable.status < 500 and outcome is not Code.RATE_LIMITED:
                caller.refused()
        except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
            response, outcome = refusal(ours(error)), Code.INTERNAL
        if outcome is not _STREAMED:
            self._observe(outcome, perf_counter() - begun)
        return response

    async def _answer(
        self, request: web.Request, caller: Caller, known: Admitted | None
    ) -> tuple[web.StreamResponse, str]:
        accept = request.headers.get(ACCEPT, "")
        streams = self._streams if takes_events(accept) and request.method != "HEAD" else None
        type_ = None if streams is not None and not takes_json(accept) else media_type(accept)
        asked = await read(request)
        text = self._documents.text(asked.query, asked.document_id)
        does = self._engine.does(text, asked.operation_name)
        if streams is None or does is not OperationType.SUBSCRIPTION:
            ensure_allowed(request.method, does)
        if streams is not None and (type_ is None or does is OperationType.SUBSCRIPTION):
            return await streams.serve(request, asked, text, caller), _STREAMED
        assert type_ is not None, "a plain answer is taken"
        answer = await ask(self._engine, self._documents, asked, text, caller, known)
        response = answered(request, answer, type_, private=known is not None)
        response.headers.update(caller.headers())
        return response, answer.code or "OK"

    async def _show(self, page: Page) -> tuple[web.Response, str]:
        """Return what somebody sees who looks at the bare address with a browser."""
        try:
            status = await self._engine.status()
        except (TooSlow, Unreachable) as error:
            words = "The gateway's database cannot be reached now. Try again."
            raise Unusable(503, words, code=Code.UNAVAILABLE) from error
        return page(status.sandbox), "PAGE"
