"""Faults that can be ordered for a sandbox portal's answers: what breaks, for which paths, how often."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

_HELD = "items"
"""Where an element holds a list that is not paged."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGES = {
    "html-200": (200, "<!doctype html><title>Maintenance</title><h1>Maintenance</h1>"),
    "429-html": (429, "<!doctype html><title>Too Many Requests</title><h1>Too Many Requests</h1>"),
}
"""Answers for people, by kind: status and page."""

KINDS = (
    "status-<code>",
    "429",
    "429-html",
    "html-200",
    "garbage",
    "lying-total",
    "shifted-page",
    "poison",
    "poison-500",
    "drop",
    "truncate",
    "delay",
)
"""What can be ordered.

``status-<code>``: that status with a JSON message. ``429``: with ``Retry-After`` of *seconds*.
``429-html``: a page for people, as firewalls send it, which does not say when to come back.
``html-200``: a page for people. ``garbage``: half a JSON text. ``lying-total``: the envelope counts 7 more
than there are. ``shifted-page``: while the list is paged, a row is inserted at its head, so that the page
begins with the last row of the page before. ``poison``: the first element becomes something that is no
element. ``poison-500``: every page that holds *position* is a 500. ``drop``: the connection is closed
without an answer. ``truncate``: half of the body, then closed. ``delay``: the answer waits *seconds*.
"""


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """One order."""

    kind: str
    path: str = ""
    """Regular expression, searched in the path with its query."""
    times: int | None = 1
    """How many answers break; None: all."""
    seconds: float = 1.0
    position: int = 0
    carry: msgspec.Raw | None = None
    """The last row of the page before, for ``shifted-page``."""
    carried_from: str = ""
    """The list of that page: path and query without the page's number."""

    def __post_init__(self) -> None:
        """Refuse a kind that is not known and a path that is no regular expression (ValueError)."""
        if self.kind not in KINDS and not re.fullmatch(r"status-[1-5]\d\d", self.kind):
            raise ValueError(f"There is no fault {self.kind!r}; there are {', '.join(KINDS)}.")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"{self.path!r} is no regular expression: {error}.") from error


class Faults:
    """The orders that are not used up."""

    def __init__(self) -> None:
        self.orders: list[Fault] = []

    def add(self, body: bytes) -> None:
        """Add one order or a list of them; ValueError where the body is neither."""
        self.orders.extend(
            msgspec.json.decode(body, type=list[Fault] | Fault) if body[:1] == b"[" else [_one(body)]
        )

    def clear(self) -> None:
        """Drop every order."""
        self.orders.clear()

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Return the portal's answer, broken by the first order that fits."""
        fault = next((f for f in self.orders if f.times != 0 and re.search(f.path, request.path_qs)), None)
        if fault is None:
            return await handler(request)
        response = await _broken(fault, request, handler)
        self.orders = [f for f in self.orders if f.times != 0]
        return response


def _one(body: bytes) -> Fault:
    return msgspec.json.decode(body, type=Fault)


def _use(fault: Fault) -> None:
    if fault.times is not None:
        fault.times -= 1


async def _broken(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    if fault.kind == "poison-500" and not _holds(request, fault.position):
        return await handler(request)
    if fault.kind != "shifted-page":
        _use(fault)
    if fault.kind == "drop" and request.transport is not None:
        request.transport.abort()
    if instead := _instead(fault):
        return instead
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    answer = await handler(request)
    if not isinstance(answer, web.Response) or answer.status != 200:
        return answer
    if fault.kind == "truncate":
        return await _truncated(request, answer)
    return _edited(fault, answer, _list_of(request))


def _holds(request: web.Request, position: int) -> bool:
    try:
        size = int(request.query.get("page_size", "20"))
        page = int(request.query.get("page", "1"))
    except ValueError:
        return False
    return (page - 1) * size <= position < page * size


def _instead(fault: Fault) -> web.Response | None:
    if fault.kind.startswith("status-"):
        code = int(fault.kind.removeprefix("status-"))
        return web.json_response({"message": "Ordered by the sandbox"}, status=code)
    if fault.kind == "poison-500":
        return web.json_response({"message": "Internal Server Error"}, status=500)
    if fault.kind == "429":
        headers = {"Retry-After": str(max(0, round(fault.seconds)))}
        return web.json_response({"message": "Too Many Requests"}, status=429, headers=headers)
    if fault.kind in PAGES:
        status, page = PAGES[fault.kind]
        return web.Response(text=page, status=status, content_type="text/html")
    if fault.kind == "garbage":
        return web.Response(body=b'{"data": [{"id": ', content_type="application/json")
    return None


def _closed(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


async def _truncated(request: web.Request, answer: web.Response) -> web.StreamResponse:
    body = _bytes(answer)
    stream = web.StreamResponse(headers={"Content-Type": answer.content_type})
    stream.content_length = len(body)
    await stream.prepare(request)
    await stream.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return stream


def _edited(fault: Fault, answer: web.Response, listed: str) -> web.Response:
    if fault.kind == "delay":
        return answer
    envelope, key, rows = _rows(_bytes(answer))
    if rows is None:
        return answer
    if fault.kind == "lying-total":
        for count in ("total", "count"):
            if isinstance(envelope.get(count), int):
                envelope[count] += 7
    elif fault.kind == "poison" and rows:
        rows[0] = msgspec.Raw(b'"poison"')
    elif fault.kind == "shifted-page" and rows and key != _HELD:
        _shift(fault, envelope, rows, listed)
    answer.body = msgspec.json.encode({**envelope, key: rows} if envelope else rows)
    return answer


def _list_of(request: web.Request) -> str:
    """Return what tells one list from another: the path and the query without the page's number."""
    query = sorted((name, value) for name, value in request.query.items() if name != "page")
    return f"{request.path}?{query}"


def _shift(fault: Fault, envelope: dict[str, Any], rows: list[msgspec.Raw], listed: str) -> None:
    last = rows[-1].copy()
    if fault.carry is not None and fault.carried_from == listed:
        rows[:] = [fault.carry, *rows[:-1]]
        if isinstance(envelope.get("total"), int):
            envelope["total"] += 1
        _use(fault)
    fault.carry, fault.carried_from = last, listed


def _rows(body: bytes) -> tuple[dict[str, Any], str, list[msgspec.Raw] | None]:
    """Return what is around a list, the list's key and its rows: a page's, or what a single element holds."""
    if body[:1] == b"[":
        return {}, "", msgspec.json.decode(body, type=list[msgspec.Raw])
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    key = "data" if "data" in members else _HELD
    rows = bytes(members.get(key, b""))
    envelope = {name: msgspec.json.decode(value) for name, value in members.items() if name != key}
    return envelope, key, msgspec.json.decode(rows, type=list[msgspec.Raw]) if rows[:1] == b"[" else None


def _bytes(answer: web.Response) -> bytes:
    return bytes(answer.body) if isinstance(answer.body, bytes | bytearray) else b""
