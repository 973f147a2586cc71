"""Whether a request may become a socket: who asks, from which page, by which protocol."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.hdrs import (
    CONNECTION,
    HOST,
    ORIGIN,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION,
    UPGRADE,
)
from multidict import CIMultiDict

from harvest_graphql.problems import Code
from harvest_graphql.serving.cors import ANY
from harvest_graphql.serving.refusals import Unusable
from harvest_graphql.sockets.messages import PROTOCOL

_HANDSHAKE = (CONNECTION, HOST, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE)
_USUAL_PORTS = {"http": ":80", "https": ":443"}


def is_upgrade(request: web.Request) -> bool:
    """Return whether *request* asks for a websocket."""
    return (
        request.method == "GET"
        and "websocket" in _words(request, UPGRADE)
        and "upgrade" in _words(request, CONNECTION)
    )


def ensure_origin(request: web.Request, origins: Collection[str]) -> None:
    """Raise Unusable (403) for a page that is neither of this host nor of *origins*.

    Browsers let any page open a socket, so it is up to the server to look where it comes from.
    """
    sent = request.headers.getall(ORIGIN, ())
    if all(ANY in origins or each.lower() in origins or _is_here(each, request) for each in sent):
        return
    words = "Pages of this origin may not open a socket here: GATEWAY_CORS_ORIGINS says which may."
    raise Unusable(403, words, code=Code.ORIGIN_NOT_ALLOWED)


def plain(request: web.Request) -> web.Request:
    """Return *request* with the headers of the handshake alone, and no other sub-protocol than ours.

    What a client offers beside it is neither taken nor logged.
    """
    headers = CIMultiDict((name, request.headers[name]) for name in _HANDSHAKE if name in request.headers)
    if PROTOCOL in _words(request, SEC_WEBSOCKET_PROTOCOL, lower=False):
        headers[SEC_WEBSOCKET_PROTOCOL] = PROTOCOL
    return request.clone(headers=headers)


def _words(request: web.Request, header: str, *, lower: bool = True) -> set[str]:
    text = ",".join(request.headers.getall(header, ()))
    return {each.strip() for each in (text.lower() if lower else text).split(",")}


def _is_here(origin: str, request: web.Request) -> bool:
    """Return whether *origin* is the address that was asked; the usual port may be said or left out."""
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    port = _USUAL_PORTS.get(parts.scheme)
    if port is None or not parts.netloc:
        return False
    return parts.netloc.removesuffix(port) == request.headers.get(HOST, "").lower().removesuffix(port)
