"""Why the gateway closes a socket: the codes of the protocol, each with its reason."""

from __future__ import annotations

GOING_AWAY = 1001
_MOST_REASON = 123
"""Bytes that a close frame holds beside its code."""


class Closing(Exception):
    """A socket has to be closed with *code* and *reason*."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

    @property
    def message(self) -> bytes:
        """The reason as a close frame holds it."""
        return self.reason.encode()[:_MOST_REASON].decode(errors="ignore").encode()


def is_refusal(closing: Closing) -> bool:
    """Return whether the client is to blame."""
    return 4400 <= closing.code < 4500


def going_away() -> Closing:
    """Return what is said as the gateway stops."""
    return Closing(GOING_AWAY, "Going away")


def too_long(most: int) -> Closing:
    """Return what is said to a message of more than *most* bytes."""
    return Closing(1009, f"A message may have {most} bytes")


def try_again() -> Closing:
    """Return what is said while the caller's key cannot be looked up."""
    return Closing(1013, "Try again later")


def invalid(reason: str) -> Closing:
    """Return what is said to a message that is none of the protocol."""
    return Closing(4400, reason)


def unauthorized() -> Closing:
    """Return what is said to an operation before the connection was acknowledged."""
    return Closing(4401, "Unauthorized")


def forbidden() -> Closing:
    """Return what is said to a key that opens nothing, or no longer does."""
    return Closing(4403, "Forbidden")


def unacceptable() -> Closing:
    """Return what is said to another sub-protocol."""
    return Closing(4406, "Subprotocol not acceptable")


def late() -> Closing:
    """Return what is said to a client that does not begin."""
    return Closing(4408, "Connection initialisation timeout")


def taken(id_: str) -> Closing:
    """Return what is said to the id of an operation that is under way."""
    return Closing(4409, f"Subscriber for {id_} already exists")


def repeated() -> Closing:
    """Return what is said to a client that begins twice."""
    return Closing(4429, "Too many initialisation requests")


def broken() -> Closing:
    """Return what is said after the gateway's own mistake."""
    return Closing(4500, "Internal error")
