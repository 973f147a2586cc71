"""`/graphql` over HTTP: POST and GET, whatever a client sends; never a 5xx for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.hdrs import ACCEPT, ALLOW, CONTENT_TYPE

from harvest_graphql.engine import Engine
from harvest_graphql.landing import landing
from harvest_graphql.problems import Code, Problem

PATH = "/graphql"
MOST_BYTES = 1_000_000
"""The longest body that is read."""
_GRAPHQL = "application/graphql-response+json"
_JSON = "application/json"
_HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Request:
    """A GraphQL request as HTTP carries it."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None


class Unusable(Exception):
    """An HTTP request holds no GraphQL request."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


def routes(engine: Engine) -> list[web.RouteDef]:
    """Return the routes of the endpoint."""
    view = View(engine)
    return [web.route("*", PATH, view.handle)]


class View:
    """Carries requests to the engine and answers back."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        try:
            if _wants_page(request):
                status = await self._engine.status()
                return web.Response(text=landing(sandbox=status.sandbox), content_type=_HTML, charset="utf-8")
            media_type = _media_type(request.headers.get(ACCEPT, ""))
            asked = await _read(request)
        except Unusable as unusable:
            return _refusal(unusable)
        except Problem as problem:  # the page needs the database
            return _refusal(Unusable(503, problem.message))
        answer = await self._engine.answer(asked.query, asked.variables, asked.operation_name)
        status_code = 400 if answer.refused and media_type == _GRAPHQL else 200
        return web.Response(
            body=answer.body,
            status=status_code,
            headers={CONTENT_TYPE: f"{media_type}; charset=utf-8", "Vary": ACCEPT},
        )


async def _read(request: web.Request) -> Request:
    """Return the GraphQL request in *request*; Unusable where it holds none."""
    if request.method in {"GET", "HEAD"}:
        return _from_query(request)
    if request.method != "POST":
        raise Unusable(405, "Use POST, or GET for queries.", headers={ALLOW: "GET, HEAD, POST"})
    if request.content_type != _JSON:
        raise Unusable(415, f"Send the request as {_JSON}.", headers={"Accept-Post": _JSON})
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise Unusable(415, "Send JSON in UTF-8.")
    return _request(_decoded(await _body(request)))


def _from_query(request: web.Request) -> Request:
    """Return the GraphQL request in the address."""
    query = request.query
    given: dict[str, Any] = {key: query[key] for key in ("query", "operationName") if key in query}
    if query.get("variables"):
        given["variables"] = _decoded(query["variables"].encode("utf-8", "replace"))
    return _request(given)


async def _body(request: web.Request) -> bytes:
    """Return the body; Unusable where it is longer than may be read or broken off."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.content.iter_any():
            size += len(chunk)
            if size > MOST_BYTES:
                raise Unusable(413, f"The body may have {MOST_BYTES} bytes.", headers={"Connection": "close"})
            chunks.append(chunk)
    except (web.RequestPayloadError, ConnectionError, ValueError) as error:
        raise Unusable(400, "The body cannot be read.", headers={"Connection": "close"}) from error
    return b"".join(chunks)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Unusable(400, "This is not JSON in UTF-8, or it is nested too deeply.") from None


def _request(given: Any) -> Request:
    """Return the GraphQL request of a decoded body; Unusable where it is none."""
    if not isinstance(given, dict):
        raise Unusable(400, "A request is a JSON object with the member `query`.")
    query, name, variables = given.get("query"), given.get("operationName"), given.get("variables")
    if not isinstance(query, str) or not query:
        raise Unusable(400, "The member `query` has to be the text of a GraphQL document.")
    if name is not None and not isinstance(name, str):
        raise Unusable(400, "The member `operationName` has to be text.")
    if variables is not None and not isinstance(variables, dict):
        raise Unusable(400, "The member `variables` has to be an object.")
    if not isinstance(given.get("extensions", {}), dict | None):
        raise Unusable(400, "The member `extensions` has to be an object.")
    return Request(query, variables or {}, name or None)


def _wants_page(request: web.Request) -> bool:
    """Return whether somebody looks at the bare address with a browser."""
    return (
        request.method == "GET" and "query" not in request.query and _HTML in request.headers.get(ACCEPT, "")
    )


def _media_type(accept: str) -> str:
    """Return the media type of the answer; Unusable (406) where none is accepted."""
    if not accept:
        return _JSON
    accepted = [part.split(";")[0].strip().lower() for part in accept.split(",") if _positive(part)]
    if _GRAPHQL in accepted and (_JSON not in accepted or accepted.index(_GRAPHQL) < accepted.index(_JSON)):
        return _GRAPHQL
    if any(each in {_JSON, "*/*", "application/*"} for each in accepted):
        return _JSON
    if _GRAPHQL in accepted:
        return _GRAPHQL
    raise Unusable(406, f"The answer is {_GRAPHQL} or {_JSON}: accept one of them.")


def _positive(part: str) -> bool:
    """Return whether a part of Accept does not say q=0."""
    return not any(
        each.strip().lower() in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for each in part.split(";")[1:]
    )


def _refusal(unusable: Unusable) -> web.Response:
    error = Problem(Code.BAD_REQUEST, unusable.message).as_error()
    body = json.dumps({"errors": [error]}, separators=(",", ":")).encode()
    headers = {CONTENT_TYPE: f"{_JSON}; charset=utf-8", **unusable.headers}
    return web.Response(body=body, status=unusable.status, headers=headers)
