"""The messages of the protocol, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from harvest_graphql.serving.reading import Request, request_of
from harvest_graphql.serving.refusals import Unusable
from harvest_graphql.sockets.closing import invalid

PROTOCOL = "graphql-transport-ws"
ACK = b'{"type":"connection_ack"}'
PONG = b'{"type":"pong"}'

_EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Init:
    """A client begins; *parameters* are what it says of itself."""

    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    """A client asks whether anybody is there."""


@dataclass(frozen=True, slots=True)
class Pong:
    """A client is there."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A client asks for an operation."""

    id: str
    request: Request


@dataclass(frozen=True, slots=True)
class Complete:
    """A client wants no more of an operation."""

    id: str


Message = Init | Ping | Pong | Subscribe | Complete


def read(data: bytes, *, id_characters: int) -> Message:
    """Return the message in *data*; Closing (4400) where it is none that a client sends."""
    try:
        given = msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise invalid("The message is not JSON in UTF-8, or it is nested too deeply") from None
    if not isinstance(given, dict):
        raise invalid("A message is a JSON object")
    match given.get("type"):
        case "connection_init":
            return Init(_payload(given) or _EMPTY)
        case "ping":
            _payload(given)
            return Ping()
        case "pong":
            _payload(given)
            return Pong()
        case "subscribe":
            return Subscribe(_id(given, id_characters), _request(given))
        case "complete":
            return Complete(_id(given, id_characters))
        case _:
            raise invalid("A message has a `type` that clients send")


def next_(id_: str, result: bytes) -> bytes:
    """Return the message that brings *result*, JSON in UTF-8, of an operation."""
    return b'{"id":%b,"type":"next","payload":%b}' % (msgspec.json.encode(id_), result)


def error(id_: str, errors: list[dict[str, Any]]) -> bytes:
    """Return the message that an operation could not be begun."""
    return msgspec.json.encode({"id": id_, "type": "error", "payload": errors})


def complete(id_: str) -> bytes:
    """Return the message that an operation has ended."""
    return msgspec.json.encode({"id": id_, "type": "complete"})


def _payload(given: dict[str, Any]) -> dict[str, Any] | None:
    payload = given.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise invalid("The member `payload` has to be an object")
    return payload


def _id(given: dict[str, Any], most: int) -> str:
    id_ = given.get("id")
    if not isinstance(id_, str) or not id_:
        raise invalid("The member `id` has to be text that is not empty")
    if len(id_) > most:
        raise invalid(f"The member `id` may have {most} characters")
    return id_


def _request(given: dict[str, Any]) -> Request:
    payload = given.get("payload")
    if isinstance(payload, dict) and payload.get("query") == "":
        payload = {
            **payload,
            "query": " ",
        }  # it has the right form: that it is no document is an error of its own
    try:
        return request_of(payload)
    except Unusable as unusable:
        raise invalid(unusable.problem.message) from None
