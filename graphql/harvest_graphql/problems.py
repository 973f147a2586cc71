"""What goes wrong with a request, as its sender is told: a code from a closed list and words that help.

::

    Problem             the sender can correct it, or may try again: reported as it is
    anything else       ours: reported as INTERNAL with a reference, told in full to the log alone
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from logging import Logger
from typing import Any
from uuid import uuid4


class Code(StrEnum):
    """The values of ``extensions.code``."""

    BAD_REQUEST = "BAD_REQUEST"
    """The HTTP request holds no GraphQL request."""
    UNAUTHENTICATED = "UNAUTHENTICATED"
    """The caller's key opens nothing."""
    FORBIDDEN = "FORBIDDEN"
    """The caller's key lacks the scope for this, or there is no key."""
    RATE_LIMITED = "RATE_LIMITED"
    """The caller's address has asked for as much as it may for now: `Retry-After` says when it may again."""
    DOCUMENT_NOT_FOUND = "DOCUMENT_NOT_FOUND"
    """No document has the id that was asked for."""
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
    """The endpoint runs documents of its own alone, and this is none of them."""
    ORIGIN_NOT_ALLOWED = "ORIGIN_NOT_ALLOWED"
    """The page that opens a socket is of an origin that may not."""
    TOO_MANY_AT_ONCE = "TOO_MANY_AT_ONCE"
    """The address holds too many sockets, or the socket too many operations."""
    OPERATION_NOT_ALLOWED = "OPERATION_NOT_ALLOWED"
    """The operation cannot be asked for in this way: a mutation by GET, a subscription in one request."""
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    """The document is no GraphQL."""
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    """The document does not fit the schema."""
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE"
    """The document asks for more than one request may: tokens, depth, aliases, fields."""
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    """The endpoint does not tell its schema."""
    TOO_EXPENSIVE = "TOO_EXPENSIVE"
    """The operation may bring more things than one answer may hold: smaller pages, fewer lists in lists."""
    ANSWER_TOO_LARGE = "ANSWER_TOO_LARGE"
    """The answer is longer than one may be."""
    BAD_USER_INPUT = "BAD_USER_INPUT"
    """A variable or an argument has a value that cannot be used."""
    BAD_CURSOR = "BAD_CURSOR"
    """A cursor was not made by the gateway, or for another order."""
    BAD_ID = "BAD_ID"
    """An id was not made by the gateway, or names something of another type."""
    NOT_FOUND = "NOT_FOUND"
    """An id that the gateway could have made names nothing that it knows."""
    PAYLOAD_ABSENT = "PAYLOAD_ABSENT"
    """The portal says that the record has no such payload."""
    PAYLOAD_NOT_FETCHED = "PAYLOAD_NOT_FETCHED"
    """The portal does not hand out the payload by itself."""
    PORTAL_UNAVAILABLE = "PORTAL_UNAVAILABLE"
    """The portal cannot be asked now."""
    PORTAL_REFUSED = "PORTAL_REFUSED"
    """The portal did not allow what the gateway asked."""
    PORTAL_UNREADABLE = "PORTAL_UNREADABLE"
    """The portal answered what the gateway cannot read."""
    PORTAL_BUSY = "PORTAL_BUSY"
    """A pass over the portal goes on: the change has to wait for its end."""
    TIMEOUT = "TIMEOUT"
    """The answer took longer than it may."""
    UNAVAILABLE = "UNAVAILABLE"
    """The gateway's database cannot be reached now."""
    INTERNAL = "INTERNAL"
    """The gateway's own mistake."""


_MOST_CHARACTERS = 500


def shortened(message: str) -> str:
    """Return *message*, cut off where it repeats too much of what was sent."""
    return message if len(message) <= _MOST_CHARACTERS else f"{message[:_MOST_CHARACTERS]}..."


class Problem(Exception):
    """A request cannot be answered, for a reason that its sender should hear."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def as_error(self, **more: Any) -> dict[str, Any]:
        """Return the entry of the answer's ``errors``; *more* is path and locations where they are known."""
        return {"message": shortened(self.message), **more, "extensions": {"code": self.code.value}}


class UnknownPortal(Problem):
    """A filter names a portal that is not configured."""

    def __init__(self, key: str, known: list[str]) -> None:
        listed = ", ".join(known) or "none yet"
        super().__init__(Code.BAD_USER_INPUT, f"There is no portal {key!r}. The portals are: {listed}.")


class NotYet(Problem):
    """An instant is asked about that has not come."""

    def __init__(self, latest: datetime) -> None:
        words = f"`asOf` lies in the future: it is {latest:%Y-%m-%dT%H:%M:%SZ} now."
        super().__init__(Code.BAD_USER_INPUT, words)


def internal(log: Logger, where: str, error: Exception) -> Problem:
    """Log *error* and return what its sender is told."""
    reference = uuid4().hex[:12]
    log.error("an answer failed in %s (reference %s)", where, reference, exc_info=error)
    return Problem(
        Code.INTERNAL, f"The gateway made a mistake. Its log knows more under the reference {reference}."
    )
