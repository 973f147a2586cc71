"""Takes lists apart of which some rows are no JSON: by their structure, so that a bad row does not cost its neighbours.

Rows that are bad in a way that hides where they end are taken for one, or the list is refused: who knows how many rows
there should be has to look.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from gateway.fetch import decode
from gateway.fetch.decode import NotJsonError
from gateway.fetch.splitting import Members

_KEY = "rows"


def envelope(body: bytes, key: str) -> tuple[dict[str, Any], list[bytes]]:
    """Return what ``decode.envelope`` returns, also where elements of the list are no JSON; DecodeError else."""
    try:
        return decode.envelope(body, key)
    except NotJsonError as error:
        members, rows = _apart(body, key, error)
        return decode.value(members.rest), rows


def elements(body: bytes) -> list[bytes]:
    """Return what ``decode.elements`` returns, also where elements of the list are no JSON; DecodeError else."""
    try:
        return decode.elements(body)
    except NotJsonError as error:
        members, rows = _apart(b'{"%s":%s}' % (_KEY.encode(), body), _KEY, error)
        if members.rest != b"{}":  # it was more than a list
            raise
        return rows


def _apart(body: bytes, key: str, why: NotJsonError) -> tuple[Members, list[bytes]]:
    """Return the rows of the list that *body* has at *key*; raise *why* where it has none that ends."""
    members = Members(BytesIO(body), key)
    try:
        rows = list(members)
    except decode.DecodeError:
        raise why from None
    if not members.found:
        raise why
    return members, rows
