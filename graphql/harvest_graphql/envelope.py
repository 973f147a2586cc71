"""What an answer is made of: its data, and the errors and extensions that are put around them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from harvest_graphql.plan.cursors import EVENTS, Position
from harvest_graphql.plan.instants import Instant
from harvest_graphql.status import Status


@dataclass(frozen=True, slots=True)
class Mark:
    """What whoever follows events has to know of a page of them."""

    at: Position
    """Where the next one begins."""
    number: int
    """How many events it holds."""
    more: bool
    """Whether there were more."""
    gap: bool
    """Whether some are missing before it."""

    @classmethod
    def read(cls, text: bytes) -> Mark:
        """Return what stands before a page: see ``plan.changes.follow``."""
        series, reached, number, more, gap = text.decode().split(" ")
        return cls(Position(EVENTS, series, None, int(reached)), int(number), more == "1", gap == "1")


class Data:
    """The bytes of an answer's member ``data``: their cost, what is withheld in them, which instants were asked.

    *mark* is that of a page of events which somebody follows, *told* how new what was wished for is.
    """

    __slots__ = ("_squeezed", "_status", "_tag", "asked", "cost", "json", "mark", "private", "sent", "told")

    def __init__(
        self,
        json: bytes,
        cost: int,
        private: tuple[str, ...],
        asked: tuple[Instant, ...] = (),
        mark: Mark | None = None,
        told: Sequence[dict[str, Any]] = (),
    ) -> None:
        self.asked = asked
        self.told = told
        self.mark = mark
        self.json = json
        self.cost = cost
        self.private = private
        self.sent: bytes | None = None
        """The bytes of the request by which it is recalled where it is kept."""
        self._tag: str | None = None
        self._status: Status | None = None
        self._squeezed: dict[str, bytes] = {}

    @property
    def tag(self) -> str:
        """The fingerprint of the bytes, in hexadecimal."""
        if self._tag is None:
            self._tag = blake2b(self.json, digest_size=16).hexdigest()
        return self._tag

    def squeezed(self, status: Status) -> dict[str, bytes]:
        """Return what the answer with *status* is once compressed, by coding, as far as anybody has asked for it."""
        if self._status is not status:
            self._status, self._squeezed = status, {}
        return self._squeezed


class Answer(NamedTuple):
    """The bytes of an answer. *refused*: the request could not be begun, so that it has no ``data``."""

    body: bytes
    refused: bool = False
    held: Data | None = None
    """The member ``data``, None where anything went wrong."""
    code: str | None = None
    """The code of the first error."""
    known: dict[str, bytes] | None = None
    """The bytes once compressed, by coding, as far as they have been; None where nobody asks for them again."""

    @property
    def squeezed(self) -> dict[str, bytes]:
        """The bytes once compressed, by coding: whoever compresses them adds to it."""
        return {} if self.known is None else self.known

    @property
    def mark(self) -> Mark | None:
        """What whoever follows events has to know of it; None where it is no page of them."""
        return None if self.held is None else self.held.mark

    @property
    def data(self) -> bytes | None:
        """The bytes of the member ``data``, None where anything went wrong."""
        return None if self.held is None else self.held.json


def whole(data: Data, status: Status, most: int) -> Answer:
    """Return the answer of *data*: with how fresh they are, what they cost, and the *most* that they may."""
    extensions = _extensions(status, data.private, data.cost, most, data.asked, data.told)
    body = b'{"data":%b,"extensions":%b}' % (data.json, extensions)
    return Answer(body, False, data, None, data.squeezed(status))


def failed(
    errors: list[dict[str, Any]],
    status: Status,
    cost: int,
    most: int,
    private: tuple[str, ...] = (),
    *,
    left: bytes = b"null",
    told: Sequence[dict[str, Any]] = (),
) -> Answer:
    """Return the answer to a request that was begun and came to nothing, or to no more than what is *left*."""
    extensions = _extensions(status, private, cost, most, told=told)
    body = b'{"data":%b,"errors":%b,"extensions":%b}' % (left, _json(errors), extensions)
    return Answer(body, code=_code(errors))


def refusal(errors: list[dict[str, Any]]) -> Answer:
    """Return the answer to a request that cannot be begun."""
    return Answer(b'{"errors":%b}' % _json(errors), refused=True, code=_code(errors))


def _extensions(
    status: Status,
    private: Sequence[str],
    cost: int,
    most: int,
    asked: Sequence[Instant] = (),
    told: Sequence[dict[str, Any]] = (),
) -> bytes:
    more = b',"consistency":%b' % _json(told) if told else b""
    return b'%b%b,"cost":{"nodes":%d,"limit":%d}}' % (
        status.extensions(private, asked),
        more,
        cost,
        most,
    )


def _code(errors: list[dict[str, Any]]) -> str:
    return str(errors[0]["extensions"]["code"])


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
