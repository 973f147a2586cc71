"""Strict reading of JSON: the one place where a portal's bytes become values.

Refused everywhere: NaN, infinities, numbers out of range, bad UTF-8, lone surrogates, raw control
characters, a byte order mark, trailing text, nesting beyond ``MAX_DEPTH``. Of a repeated key the
last value counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

MAX_DEPTH = 100
"""Deepest nesting of arrays and objects that is read."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_any = msgspec.json.Decoder().decode
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class DecodeError(ValueError):
    """These bytes cannot be read as what they should be."""


class NotJsonError(DecodeError):
    """These bytes are not JSON, or JSON that is not taken."""


class WrongShapeError(DecodeError):
    """This is JSON, but not of the shape that was expected."""


def value(body: bytes) -> Any:
    """Return the JSON value of *body*; NotJsonError where it is none."""
    try:
        found = _any(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(error) from error
    if _opened(body) > MAX_DEPTH and not _shallow(found):
        raise NotJsonError(f"nested deeper than {MAX_DEPTH}")
    return found


def storable(body: bytes) -> Any:
    """Return the JSON value of *body*, as ``value``, with U+FFFD for every NUL: Postgres refuses NUL."""
    found = value(body)
    return without_nul(found) if b"\\" in body and b"\\u0000" in body else found


def elements(body: bytes) -> list[bytes]:
    """Return the exact bytes of each element of a JSON array; DecodeError where *body* is none."""
    return [bytes(raw) for raw in _decoded(_ARRAY, body)]


def members(body: bytes) -> dict[str, bytes]:
    """Return the exact bytes of each member of a JSON object; DecodeError where *body* is none."""
    return {key: bytes(raw) for key, raw in _decoded(_OBJECT, body).items()}


def member(body: bytes, key: str) -> bytes | None:
    """Return the exact bytes of one member of a JSON object (``b"null"`` where null), None where absent."""
    return members(body).get(key)


def envelope(body: bytes, key: str) -> tuple[dict[str, Any], list[bytes]]:
    """Return an envelope's other members, decoded, and the exact bytes of each element of its list *key*."""
    parts = members(body)
    if key not in parts:
        raise WrongShapeError(f"the envelope has no `{key}`")
    listed = elements(parts.pop(key))
    return {name: value(part) for name, part in parts.items()}, listed


class Envelope:
    """Envelopes around a list *key*: what is read of them are the list and the members *others*, in one scan.

    ``envelope`` scans the list twice, which is a tenth of what a page costs that brings nothing new.
    """

    def __init__(self, key: str, *others: str) -> None:
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [(key, list[msgspec.Raw])]
        fields += [(name, Any, msgspec.UNSET) for name in others]
        self._decoder = msgspec.json.Decoder(msgspec.defstruct("Envelope", fields))
        self._key = key
        self._others = others

    def read(self, body: bytes) -> tuple[dict[str, Any], list[msgspec.Raw]]:
        """Return those of the other members that are there, and each element, of which ``bytes`` makes its exact bytes.

        Until then an element is a view of *body*: a page of ten thousand is not in memory twice. DecodeError.
        """
        found = _decoded(self._decoder, body)
        rest = {name: told for name in self._others if (told := getattr(found, name)) is not msgspec.UNSET}
        listed: list[msgspec.Raw] = getattr(found, self._key)
        return rest, listed


def _decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(error) from error


def _refused(error: Exception) -> DecodeError:
    """Return what *error* of the decoder means."""
    if isinstance(error, msgspec.ValidationError):
        return WrongShapeError(str(error))
    return NotJsonError(
        f"nested deeper than {MAX_DEPTH}" if isinstance(error, RecursionError) else str(error)
    )


def _opened(body: bytes) -> int:
    """Return how many brackets are opened: to count by taking them out takes a quarter of the time of ``count``."""
    return 2 * len(body) - len(body.replace(b"{", b"")) - len(body.replace(b"[", b""))


def _shallow(found: Any) -> bool:
    """Whether *found* nests no deeper than MAX_DEPTH; level by level, so that depth costs no stack."""
    level = [found]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
        if not level:
            return True
    return False


def _children(node: Any) -> Iterable[Any]:
    """Return a container's children, nothing of anything else."""
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def without_nul(found: Any) -> Any:
    """Return a JSON value with U+FFFD for every NUL in its texts and keys."""
    if isinstance(found, str):
        return found.replace("\0", REPLACEMENT)
    if isinstance(found, list):
        return [without_nul(item) for item in found]
    if isinstance(found, dict):
        return {without_nul(key): without_nul(item) for key, item in found.items()}
    return found
