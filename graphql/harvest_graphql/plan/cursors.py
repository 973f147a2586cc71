"""Cursors: a place in a list, as base64url of the JSON array [order, direction, key, id]."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Any

from gateway.errors import UsageError

_LONGEST = 4096
_WORDS = UsageError("This is not a cursor of the gateway.", hint="Take cursors from `edges` or `pageInfo`.")


@dataclass(frozen=True, slots=True)
class Position:
    """The row that a cursor names: its key in the order (None comes last) and its internal id."""

    order: str
    direction: str
    key: str | int | float | None
    id: int


def read_cursor(text: str) -> Position:
    """Return the place that *text* names; UsageError where the gateway did not make it."""
    if len(text) > _LONGEST:
        raise _WORDS
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        values: Any = json.loads(raw)
    except (ValueError, Base64Error, RecursionError) as error:
        raise _WORDS from error
    match values:
        case [str(order), str(direction), str() | int() | float() | None as key, int(row)] if _sound(
            key
        ) and _sound(row):
            return Position(order, direction, key, row)
        case _:
            raise _WORDS


def _sound(value: str | float | None) -> bool:
    """Return whether Postgres can be given *value*."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
    return not isinstance(value, bool) and (not isinstance(value, int) or abs(value) < 2**63)


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
