"""Sending an answer: its status, and the headers that say who may keep it and whether it is new."""

from __future__ import annotations

from aiohttp import web
from aiohttp.hdrs import ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY

from harvest_graphql.envelope import Answer
from harvest_graphql.serving.callers import API_KEY
from harvest_graphql.serving.compressing import SQUEEZED
from harvest_graphql.serving.media import GRAPHQL

NAME = "harvest-gateway"
"""What every answer calls its server."""
VARIES = f"{AUTHORIZATION}, {API_KEY}, {ACCEPT}"


def usual(media_type: str, *, private: bool) -> dict[str, str]:
    """Return the headers of every answer of *media_type*; *private*: it is for a caller with a key, and nobody else."""
    kept = "private, no-cache" if private else "no-cache"
    return {CACHE_CONTROL: kept, VARY: VARIES, CONTENT_TYPE: f"{media_type}; charset=utf-8"}


def answered(request: web.Request, answer: Answer, media_type: str, *, private: bool) -> web.Response:
    """Return *answer* as HTTP carries it; *private* as in ``usual``.

    To GET it has a weak ETag over ``data``, and it is 304 for who has the same data already: how fresh they are,
    in ``extensions``, may have changed.
    """
    headers = usual(media_type, private=private)
    if answer.held is not None and request.method != "POST":
        tag = answer.held.tag
        headers[ETAG] = f'W/"{tag}"'
        if any(each.value in {"*", tag} for each in request.if_none_match or ()):
            del headers[CONTENT_TYPE]
            return web.Response(status=304, headers=headers)
    status = 400 if answer.refused and media_type == GRAPHQL else 200
    response = web.Response(body=answer.body, status=status, headers=headers)
    response[SQUEEZED] = answer.squeezed
    return response
