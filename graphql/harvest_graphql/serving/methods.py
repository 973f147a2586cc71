"""Which methods there are, and which operations may be asked for by which."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp.hdrs import ALLOW
from graphql import OperationType

from harvest_graphql.problems import Code
from harvest_graphql.serving.refusals import Unusable

ALL = ("GET", "HEAD", "POST")
POST = ("POST",)


def ensure_served(method: str, methods: Sequence[str]) -> None:
    """Raise Unusable (405) where *method* is none of *methods*."""
    if method not in methods:
        words = "Use POST, or GET for queries." if "GET" in methods else "Use POST."
        raise Unusable(405, words, headers={ALLOW: ", ".join(methods)})


def ensure_allowed(method: str, operation: OperationType) -> None:
    """Raise Unusable for what changes something but is asked for by GET (405), and for a subscription (400)."""
    if operation is OperationType.SUBSCRIPTION:
        words = (
            "A subscription has many answers: watch it over a websocket, by the protocol graphql-transport-ws,"
            " or accept text/event-stream."
        )
        raise Unusable(400, words, code=Code.OPERATION_NOT_ALLOWED)
    if operation is OperationType.MUTATION and method != "POST":
        raise Unusable(
            405, "Use POST for a mutation.", code=Code.OPERATION_NOT_ALLOWED, headers={ALLOW: "POST"}
        )
