"""The same request, sent to a sandbox portal, and its answer held against the capture."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from acceptance.wire.capture import Capture
from acceptance.wire.shape import Latitude, Shape, differences
from multidict import CIMultiDictProxy
from yarl import URL

SAME = ("Access-Control-Allow-Origin", "Cache-Control", "WWW-Authenticate")
"""Headers whose value decides what a client does."""
THERE = ("Content-Disposition", "Set-Cookie")
"""Headers whose presence does."""
LINKS = ("next_page", "previous_page")
"""Members of an envelope that name another page."""
REAL_ORIGIN = re.compile(r"^https?://[^/]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sandbox portal answered."""

    status: int
    headers: CIMultiDictProxy[str]
    body: Any
    """Decoded where it is JSON, else text."""
    broken: bool
    """Whether the connection broke before the body's end."""


@dataclass(frozen=True, slots=True)
class Ask:
    """How a capture's request becomes one of the sandbox's world."""

    ids: Mapping[str, str]
    """Captured id or slug -> one that fits in the sandbox."""
    headers: Mapping[str, str | None]
    """Request headers to set instead of the captured ones; None leaves one out."""
    verbatim: bool = False
    """Whether a text body is sent as it is, not as a JSON string."""

    def translate(self, text: str) -> str:
        """Return *text* with the captured ids replaced."""
        for captured, ours in self.ids.items():
            text = text.replace(captured, ours)
        return text

    def body(self, capture: Capture) -> bytes | None:
        """Return the request's body."""
        if capture.sent is None:
            return None
        if self.verbatim:
            return str(capture.sent).encode()
        return self.translate(json.dumps(capture.sent)).encode()

    def request_headers(self, capture: Capture) -> dict[str, str]:
        """Return the request's headers."""
        headers: dict[str, str | None] = {"Accept": "application/json", **capture.headers, **self.headers}
        if capture.sent is not None:
            headers.setdefault("Content-Type", "application/json")
        return {name: value for name, value in headers.items() if value is not None}


async def ask(session: aiohttp.ClientSession, origin: str, capture: Capture, how: Ask) -> Answer:
    """Send the request of *capture* to the sandbox at *origin*."""
    url = URL(origin + how.translate(capture.path), encoded=True)
    async with session.request(
        capture.method,
        url,
        headers=how.request_headers(capture),
        data=how.body(capture),
        allow_redirects=False,
        skip_auto_headers=("Content-Type",),
    ) as response:
        try:
            body, broken = await response.read(), False
        except aiohttp.ClientPayloadError:
            body, broken = b"", True
        return Answer(response.status, response.headers, _decoded(response.headers, body), broken)


def _decoded(headers: CIMultiDictProxy[str], body: bytes) -> Any:
    if body and headers.get("Content-Type", "").startswith("application/json"):
        return json.loads(body)
    return body.decode()


def compared(capture: Capture, answer: Answer, how: Ask, latitude: Latitude, origin: str) -> Iterator[str]:
    """Yield how the sandbox's *answer* differs from the captured one, a sentence each."""
    if answer.status != capture.status:
        yield f"status {answer.status}, captured {capture.status}"
        return
    yield from _headers(capture, answer, how, origin)
    if "INCOMPLETE" in str(capture.body)[-200:]:
        if not answer.broken:
            yield "the body ends well, captured as cut off"
    elif capture.is_json and not isinstance(answer.body, str):
        yield from differences(Shape.of(capture.body), Shape.of(answer.body), latitude)
        yield from _links(capture, answer, how, origin)
    else:
        yield from _texts(capture, answer)


def _links(capture: Capture, answer: Answer, how: Ask, origin: str) -> Iterator[str]:
    """Yield how links to other pages differ: their host follows the request's, their path names a slug."""
    if not isinstance(capture.body, dict) or not isinstance(answer.body, dict):
        return
    host = capture.headers.get("Host")
    expected = f"{capture.headers.get('X-Forwarded-Proto', 'http')}://{host}" if host else origin
    for name in LINKS:
        theirs, ours = capture.body.get(name), answer.body.get(name)
        if isinstance(theirs, str) and isinstance(ours, str):
            wanted = URL(REAL_ORIGIN.sub(expected, how.translate(theirs)))
            if (URL(ours).with_query(None), URL(ours).query) != (wanted.with_query(None), wanted.query):
                yield f"{name}: {ours}, captured {wanted}"


def _headers(capture: Capture, answer: Answer, how: Ask, origin: str) -> Iterator[str]:
    theirs, ours = capture.answered, answer.headers
    expected: dict[str, str | None] = {name: theirs.get(name) for name in SAME}
    expected["Content-Type"] = theirs.get("Content-Type")
    if location := theirs.get("Location"):
        expected["Location"] = REAL_ORIGIN.sub(origin, how.translate(location))
    for name, value in expected.items():
        if ours.get(name) != value:
            yield f"{name}: {ours.get(name)!r}, captured {value!r}"
    if _listed(theirs.get("Allow")) != _listed(ours.get("Allow")):
        yield f"Allow: {ours.get('Allow')!r}, captured {theirs.get('Allow')!r}"
    for name in THERE:
        if (name in theirs) != (name in ours):
            yield f"{name}: {'there' if name in ours else 'missing'}, captured the other way"


def _listed(value: str | None) -> set[str]:
    return set((value or "").replace(" ", "").split(",")) - {""}


def _texts(capture: Capture, answer: Answer) -> Iterator[str]:
    if capture.is_json or not isinstance(answer.body, str):
        yield f"body {str(answer.body)[:80]!r}, captured {str(capture.body)[:80]!r}"
        return
    theirs, ours = capture.body.splitlines() or [""], answer.body.splitlines() or [""]
    markup = theirs[0].lstrip().startswith("<")
    csv = capture.answered.get("Content-Type", "").startswith("text/csv")
    worded = csv or not markup
    differs = ours[0].lower() != theirs[0].lower() if worded else not ours[0].lstrip().startswith("<")
    if differs or bool(capture.body) != bool(answer.body):
        yield f"body {ours[0][:80]!r}, captured {theirs[0][:80]!r}"
