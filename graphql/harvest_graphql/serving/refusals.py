"""Refusals: why an HTTP request gets no GraphQL answer, and how that is said."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web
from aiohttp.hdrs import CACHE_CONTROL, CONTENT_TYPE

from harvest_graphql.problems import Code, Problem

JSON = "application/json"


class Unusable(Exception):
    """An HTTP request holds nothing that the endpoint can answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: Code = Code.BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem = Problem(code, message)
        self.headers = headers or {}


def refusal(unusable: Unusable) -> web.Response:
    """Return what is sent: JSON with an error, whatever was accepted; it is no answer to GraphQL."""
    body = json.dumps({"errors": [unusable.problem.as_error()]}, separators=(",", ":")).encode()
    headers = {CONTENT_TYPE: f"{JSON}; charset=utf-8", CACHE_CONTROL: "no-store", **unusable.headers}
    return web.Response(body=body, status=unusable.status, headers=headers)
