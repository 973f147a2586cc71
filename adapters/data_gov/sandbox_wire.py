"""How rows of the invented database look on the wire: RFC 822 dates, sorted keys, ASCII."""

from __future__ import annotations

import json
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from gateway.sandbox.changes_view import Row

_DATES = ("date_created", "date_finished")
_SECOND = 1_000_000


@lru_cache(maxsize=50_000)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def date(instant: int | None) -> str | None:
    """Return an instant (microseconds since 1970) as the portal writes it, its fraction cut off."""
    return None if instant is None else _date(instant // _SECOND)


def element(row: Row) -> Row:
    """Return a row as an element of an answer."""
    dated = {key: date(row[key]) for key in _DATES if key in row}
    return {**row, **dated}


def text(value: Any) -> bytes:
    """Return a JSON text as the portal writes it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"
