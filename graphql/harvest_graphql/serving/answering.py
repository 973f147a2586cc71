"""Sending an answer: its status, and the headers that say who may keep it."""

from __future__ import annotations

from aiohttp import web
from aiohttp.hdrs import ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, VARY

from harvest_graphql.engine import Answer
from harvest_graphql.serving.callers import API_KEY
from harvest_graphql.serving.media import GRAPHQL

_VARY = f"{AUTHORIZATION}, {API_KEY}, {ACCEPT}"


def answered(answer: Answer, media_type: str, *, private: bool) -> web.Response:
    """Return *answer* as HTTP carries it; *private*: it is for a caller with a key, and for nobody else."""
    headers = {
        CONTENT_TYPE: f"{media_type}; charset=utf-8",
        CACHE_CONTROL: "private, no-cache" if private else "no-cache",
        VARY: _VARY,
    }
    status = 400 if answer.refused and media_type == GRAPHQL else 200
    return web.Response(body=answer.body, status=status, headers=headers)
