"""One case of hostile input as bytes: requests as they go over a socket."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

QUERY = "{ portals { key } }"
HOST = b"Host: gateway.example\r\n"
CLOSE = HOST + b"Connection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent over one connection."""

    name: str
    data: bytes
    broken: bool = False
    """It is no whole HTTP, or none at all: it may go without an answer."""
    stays: bool = False
    """The client says what it has to say and listens on: a websocket."""


def good(query: str = QUERY) -> bytes:
    """Return the body of a request."""
    return json.dumps({"query": query}).encode()


def asked(name: str, text: str, variables: Any = None) -> Case:
    """Return the case of a POST of a document."""
    return Case(name, post(json.dumps({"query": text, "variables": variables or {}}).encode()))


def post(body: bytes, *headers: str, type_: str = "application/json", connection: str = "close") -> bytes:
    """Return a POST of *body*."""
    lines = [f"Content-Type: {type_}", f"Content-Length: {len(body)}", f"Connection: {connection}", *headers]
    head = "\r\n".join(lines).encode("utf-8", "replace")
    return b"POST /graphql HTTP/1.1\r\n" + HOST + head + b"\r\n\r\n" + body


def get(query: str, *headers: str) -> bytes:
    """Return a GET with a query string that is sent as it is."""
    lines = ["Connection: close", *headers]
    address = f"GET /graphql?{query} HTTP/1.1\r\n".encode("utf-8", "replace")
    return address + HOST + "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n"
