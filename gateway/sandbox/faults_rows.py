"""What is wrong with the rows that a sandbox portal answers, and with what it says of them."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.sandbox.faults_kinds import Fault

HELD = "items"
"""Where an element holds a list that is not paged."""
KINDS = frozenset(
    {"lying-total", "empty-page", "removed-row", "shifted-page", "id-again", "tenfold", "poison"}
)
"""Faults of rows."""
COUNTS = ("total", "count")
_PADDING = 9

Rows = list[msgspec.Raw]


def edited(fault: Fault, body: bytes, listed: tuple[str, int], further: bytes | None = None) -> bytes | None:
    """Return *body* with the fault's rows, None where there is nothing to break.

    *listed* tells of which list and page it is; *further* is the answer to the page that follows, for ``removed-row``.
    """
    envelope, key, rows = taken_apart(body)
    if rows is None:
        return msgspec.json.encode(envelope) if fault.kind == "lying-total" and _lie(envelope) else None
    if fault.kind == "removed-row":
        _remove(envelope, rows, further)
    elif not _changed(fault, envelope, key, rows, listed):
        return None
    return msgspec.json.encode({**envelope, key: rows} if envelope else rows)


def _changed(fault: Fault, envelope: dict[str, Any], key: str, rows: Rows, listed: tuple[str, int]) -> bool:
    """Change *rows* and *envelope* in place; return whether anything has changed."""
    if fault.kind == "lying-total":
        return _lie(envelope)
    if not rows:
        return False
    if fault.kind == "poison":
        rows[0] = msgspec.Raw(b'"poison"')
    elif fault.kind == "empty-page":
        rows.clear()
    elif fault.kind == "tenfold":
        rows[:] = [_padded(row) for row in rows]
    elif fault.kind == "id-again":
        return _same_id(rows)
    else:
        return key != HELD and _shift(fault, envelope, rows, listed)
    return True


def _lie(envelope: dict[str, Any]) -> bool:
    counts = [count for count in COUNTS if isinstance(envelope.get(count), int)]
    for count in counts:
        envelope[count] += 7
    return bool(counts)


def _shift(fault: Fault, envelope: dict[str, Any], rows: Rows, listed: tuple[str, int]) -> bool:
    last = rows[-1].copy()
    follows = (fault.carried_from, fault.carried_page + 1) == listed
    shifted = fault.carry is not None and follows
    if fault.carry is not None and shifted:
        rows[:] = [fault.carry, *rows[:-1]]
        _more(envelope, 1)
    fault.carry, (fault.carried_from, fault.carried_page) = last, listed
    return shifted


def _remove(envelope: dict[str, Any], rows: Rows, further: bytes | None) -> None:
    """Let the page begin with its second row and end with the first of the page that follows."""
    after = taken_apart(further)[2] if further else None
    rows[:] = [*rows[1:], *(after or [])[:1]]
    _more(envelope, -1)


def _more(envelope: dict[str, Any], by: int) -> None:
    if isinstance(envelope.get("total"), int):
        envelope["total"] += by


def _same_id(rows: Rows) -> bool:
    heads = [_members(row) for row in (rows[0], rows[-1])]
    if len(rows) < 2 or any("id" not in head for head in heads):
        return False
    rows[-1] = msgspec.Raw(msgspec.json.encode({**heads[1], "id": heads[0]["id"]}))
    return True


def _padded(row: msgspec.Raw) -> msgspec.Raw:
    body = bytes(row)
    return msgspec.Raw(body[:1] + b" " * (_PADDING * len(body)) + body[1:]) if body[:1] in b"{[" else row


def _members(row: msgspec.Raw) -> dict[str, msgspec.Raw]:
    body = bytes(row)
    return msgspec.json.decode(body, type=dict[str, msgspec.Raw]) if body[:1] == b"{" else {}


def taken_apart(body: bytes) -> tuple[dict[str, Any], str, Rows | None]:
    """Return what is around a list, the list's key and its rows: a page's, or what a single element holds."""
    if body[:1] == b"[":
        return {}, "", msgspec.json.decode(body, type=Rows)
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw]) if body[:1] == b"{" else {}
    key = "data" if "data" in members else HELD
    rows = bytes(members.get(key, b""))
    envelope = {name: msgspec.json.decode(value) for name, value in members.items() if name != key}
    return envelope, key, msgspec.json.decode(rows, type=Rows) if rows[:1] == b"[" else None
