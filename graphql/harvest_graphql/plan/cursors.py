"""Cursors: a place in a list, as base64url of the JSON array [order, direction, key, id]."""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.errors import UsageError

_LONGEST = 4096
_PLAIN = bytes.maketrans(b"-_+/", b"+/!!")
"""From base64url to the base64 that is read; what does not belong there becomes what is in neither."""
_URL = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class Position:
    """The row that a cursor names: its key in the order (None comes last) and its internal id."""

    order: str
    direction: str
    key: str | int | None
    id: int


EVENTS = "EVENT"
"""The name of the order of events; what tells databases apart stands for the direction."""


def write_cursor(position: Position) -> str:
    """Return the text that names *position*: ``read_cursor`` reads it."""
    values = [position.order, position.direction, position.key, position.id]
    return b2a_base64(msgspec.json.encode(values), newline=False).rstrip(b"=").translate(_URL).decode()


def read_cursor(text: str) -> Position:
    """Return the place that *text* names; UsageError where the gateway did not make it."""
    if len(text) > _LONGEST:
        raise _not_ours()
    try:
        padded = text.encode("ascii").translate(_PLAIN) + b"=" * (-len(text) % 4)
        values: Any = msgspec.json.decode(a2b_base64(padded, strict_mode=True))
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise _not_ours() from error
    match values:
        case [str(order), str(direction), key, int(row)] if _sound(key) and _sound(row):
            return Position(order, direction, key, row)
        case _:
            raise _not_ours()


def _not_ours() -> UsageError:
    return UsageError("This is not a cursor of the gateway.", hint="Take cursors from `edges` or `pageInfo`.")


_SURROGATE = re.compile("[\ud800-\udfff]")


def is_text(text: str) -> bool:
    """Return whether Postgres takes *text*: no NUL, no half of a surrogate pair."""
    return "\0" not in text and (text.isascii() or not _SURROGATE.search(text))


def _sound(value: Any) -> bool:
    """Return whether *value* is a key or an id that Postgres can be given."""
    if isinstance(value, str):
        return is_text(value)
    return value is None or (type(value) is int and -(2**63) <= value < 2**63)


def base64url(text: str) -> str:
    """Return the SQL of the unpadded base64url of the UTF-8 bytes of the SQL *text*."""
    plain = f"replace(encode(convert_to({text}, 'UTF8'), 'base64'), E'\\n', '')"
    return f"replace(replace(rtrim({plain}, '='), '+', '-'), '/', '_')"


def cursor_text(order: str, direction: str, key: str, row: str) -> str:
    """Return the SQL, as JSON text, of the cursor of the row whose key and id are the SQL *key* and *row*."""
    values = (
        f"""'["{order}","{direction}",' || coalesce(to_json({key})::text, 'null') || ',' || {row} || ']'"""
    )
    return f"""'"' || {base64url(values)} || '"'"""
