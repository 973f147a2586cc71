"""Reading a GraphQL request out of an HTTP request, whatever a client sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from harvest_graphql.serving.refusals import JSON, Unusable

MOST_BYTES = 1_000_000
"""The longest body that is read."""
MOST_CHARACTERS = 16_000
"""The longest address that is read: what does not fit goes into a POST."""
MOST_LINE = 1_000_000
"""The longest line that the server has to take, so that it is told what is too long."""
MEMBERS = ("query", "documentId", "operationName")
"""What an address may hold as plain text."""


class Request(NamedTuple):
    """A GraphQL request as HTTP carries it: with the text of a document, or with the id of one."""

    query: str | None
    document_id: str | None
    variables: Mapping[str, Any]
    operation_name: str | None
    min_version: int = 0
    """The data version that the answer must not be older than, as payloads of mutations tell it."""


def asks_nothing(request: web.Request) -> bool:
    """Return whether the bare address is looked at."""
    return request.method in {"GET", "HEAD"} and not {"query", "documentId"} & request.query.keys()


def ensure_short(request: web.Request) -> None:
    """Raise Unusable (414) where the address is too long."""
    if len(request.raw_path) > MOST_CHARACTERS:
        raise Unusable(
            414, f"The address may have {MOST_CHARACTERS} characters: use POST for longer requests."
        )


async def read(request: web.Request) -> Request:
    """Return the GraphQL request in *request*; Unusable where it holds none."""
    if request.method in {"GET", "HEAD"}:
        return _from_query(request)
    _ensure_json(request)
    return request_of(decoded(await _body(request)))


def _ensure_json(request: web.Request) -> None:
    """Raise Unusable (415) where the body is said to be anything but JSON in UTF-8."""
    if request.content_type != JSON:
        raise Unusable(415, f"Send the request as {JSON}.", headers={"Accept-Post": JSON})
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise Unusable(415, "Send JSON in UTF-8.")


def _from_query(request: web.Request) -> Request:
    """Return the GraphQL request in the address."""
    query = request.query
    given: dict[str, Any] = {key: query[key] for key in MEMBERS if key in query}
    if query.get("variables"):
        given["variables"] = decoded(query["variables"].encode("utf-8", "replace"))
    return request_of(given)


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


def decoded(body: bytes) -> Any:
    """Return what *body* says as JSON; Unusable where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Unusable(400, "This is not JSON in UTF-8, or it is nested too deeply.") from None


def request_of(given: Any) -> Request:
    """Return the GraphQL request of a decoded body; Unusable where it is none."""
    if not isinstance(given, dict):
        raise Unusable(400, "A request is a JSON object with the member `query` or `documentId`.")
    query, document_id = given.get("query"), None
    if not query or type(query) is not str or "documentId" in given:
        query, document_id = _document(given)
    name, variables = given.get("operationName"), given.get("variables")
    if name is not None and not isinstance(name, str):
        raise Unusable(400, "The member `operationName` has to be text.")
    if variables is not None and not isinstance(variables, dict):
        raise Unusable(400, "The member `variables` has to be an object.")
    extensions = given.get("extensions")
    least = 0 if extensions is None else _min_version(extensions)
    return Request(query, document_id, variables or {}, name or None, least)


def _min_version(extensions: Any) -> int:
    """Return the data version that the member ``extensions`` asks for, 0 where it asks for none."""
    if not isinstance(extensions, dict):
        raise Unusable(400, "The member `extensions` has to be an object.")
    version = extensions.get("minVersion", 0)
    if not isinstance(version, int) or isinstance(version, bool):
        raise Unusable(400, "The member `minVersion` of `extensions` has to be a whole number.")
    return version


def _document(given: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the document's text or its id; Unusable where there is neither, or there are both."""
    query, document_id = given.get("query"), given.get("documentId")
    if document_id is None:
        if not isinstance(query, str) or not query:
            raise Unusable(400, "The member `query` has to be the text of a GraphQL document.")
        return query, None
    if not isinstance(document_id, str) or not document_id:
        raise Unusable(400, "The member `documentId` has to be text: a document's name or sha256.")
    if query is not None:
        raise Unusable(400, "Send `query` or `documentId`, not both.")
    return None, document_id
