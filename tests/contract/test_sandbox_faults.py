"""Each kind of fault that can be ordered really breaks what is sent, and is counted."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from gateway.sandbox.control import Running, running
from gateway.sandbox.faults import KINDS
from gateway.sandbox.portal import Dialect, Now, Passes, SandboxPortal

EPOCH = datetime(2026, 11, 22, tzinfo=UTC)
ROWS = [{"id": f"r{n}", "name": "Forêts"} for n in range(40)]


class Forests:
    """A world of forty rows."""

    def truth(self, passes: Passes) -> Iterator[dict[str, Any]]:
        yield {"passes": len(passes)}

    def minimum(self, passes: Passes) -> dict[str, int]:
        return {"rows": len(passes)}

    def labels(self, at: datetime) -> Iterator[dict[str, Any]]:
        yield {"at": at}


def routes(_: Forests, __: Now, ___: Dialect) -> list[web.RouteDef]:
    async def rows(request: web.Request) -> web.Response:
        size, page = int(request.query.get("page_size", "20")), int(request.query.get("page", "1"))
        body = {"data": ROWS[(page - 1) * size : page * size], "total": len(ROWS)}
        text = json.dumps(body, ensure_ascii=False)
        return web.Response(text=text, content_type="application/json")

    async def count(_: web.Request) -> web.Response:
        return web.json_response({"count": 40})

    return [web.get("/api/rows/", rows), web.get("/api/count/", count)]


PORTAL = SandboxPortal("forests", "Forests", {"plain": "/api"}, lambda *_: Forests(), routes)


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    async with running(PORTAL, seed=1, scale=1, epoch=EPOCH) as served:
        yield served


@dataclass
class Heard:
    """What came over the wire until the connection was closed."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reset: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.json["data"]]


async def ask(sandbox: Running, path: str) -> Heard:
    """Return the answer to GET *path*, byte for byte."""
    host, port = sandbox.origin.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    said = b""
    heard = Heard()
    try:
        while chunk := await reader.read(65536):
            said += chunk
    except ConnectionResetError:
        heard.reset = True
    writer.close()
    head, _, heard.body = said.partition(b"\r\n\r\n")
    if head:
        first, *lines = head.decode().split("\r\n")
        heard.status = int(first.split(" ")[1])
        heard.headers = {name.title(): value for name, _, value in (line.partition(": ") for line in lines)}
    return heard


async def broken(sandbox: Running, kind: str, path: str = "/api/rows/", **order: Any) -> Heard:
    """Return an answer that a fault of *kind* has broken, once it was counted."""
    sandbox.faults.add(json.dumps({"kind": kind, **order}).encode())
    heard = await ask(sandbox, path)
    assert dict(sandbox.faults.fired) == {kind: 1}
    assert sandbox.faults.orders == []
    return heard


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("429", "30"),
        ("429-silent", None),
        ("429-date", "Sun, 22 Nov 2026 00:00:30 GMT"),
        ("429-past", "Sat, 21 Nov 2026 00:00:00 GMT"),
        ("429-year", "31536000"),
        ("429-text", "in a while"),
        ("429-html", None),
    ],
)
async def test_too_many_requests_in_every_way(sandbox: Running, kind: str, said: str | None) -> None:
    heard = await broken(sandbox, kind, seconds=30)
    assert (heard.status, heard.headers.get("Retry-After")) == (429, said)


@pytest.mark.parametrize("status", [200, 404, 500, 502, 503, 504])
async def test_errors_for_programs_and_for_people(sandbox: Running, status: int) -> None:
    heard = await broken(sandbox, f"html-{status}")
    assert (heard.status, heard.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert heard.body.startswith(b"<!doctype")
    sandbox.faults.fired.clear()
    heard = await broken(sandbox, f"status-{status}")
    assert (heard.status, heard.json) == (status, {"message": "Ordered by the sandbox"})


async def test_answers_without_an_answer(sandbox: Running) -> None:
    assert (await broken(sandbox, "no-content")).status == 204
    for kind, where in (("redirect", "/elsewhere"), ("redirect-loop", "/api/rows/?page=2")):
        sandbox.faults.fired.clear()
        heard = await broken(sandbox, kind, "/api/rows/?page=2")
        assert (heard.status, heard.headers["Location"]) == (302, where)
    sandbox.faults.fired.clear()
    assert (await broken(sandbox, "drop")).status == 0


async def test_bodies_that_end_too_early(sandbox: Running) -> None:
    whole = len((await ask(sandbox, "/api/rows/")).body)
    heard = await broken(sandbox, "truncate")
    assert (int(heard.headers["Content-Length"]), len(heard.body)) == (whole, whole // 2)
    sandbox.faults.fired.clear()
    heard = await broken(sandbox, "cut-chunks")
    assert heard.headers["Transfer-Encoding"] == "chunked"
    assert len(heard.body) > whole // 2
    assert not heard.body.endswith(b"0\r\n\r\n")
    sandbox.faults.fired.clear()
    assert (await broken(sandbox, "reset")).reset


async def test_a_body_that_drips_comes_in_pieces(sandbox: Running) -> None:
    began = asyncio.get_running_loop().time()
    heard = await broken(sandbox, "drip", seconds=0.01)
    assert heard.json["total"] == 40
    assert asyncio.get_running_loop().time() - began >= 0.15
    host, port = sandbox.origin.removeprefix("http://").split(":")
    sandbox.faults.add(b'{"kind": "drip", "seconds": 0.05}')
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/rows/ HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    writer.close()  # who loses patience breaks nothing
    assert (await ask(sandbox, "/api/rows/")).status == 200


async def test_codings_that_are_not_what_is_said(sandbox: Running) -> None:
    heard = await broken(sandbox, "gzip-garbage")
    assert heard.headers["Content-Encoding"] == "gzip"
    assert heard.json["total"] == 40
    sandbox.faults.fired.clear()
    heard = await broken(sandbox, "gzip-bomb", size=3_000_000)
    assert heard.headers["Content-Encoding"] == "gzip"
    assert len(heard.body) < 10_000
    assert gzip.decompress(heard.body) == b" " * 3_000_000


@pytest.mark.parametrize(("kind", "coding"), [("latin-1", "latin-1"), ("utf-16", "utf-16")])
async def test_text_in_another_charset_than_is_said(sandbox: Running, kind: str, coding: str) -> None:
    heard = await broken(sandbox, kind)
    assert heard.headers["Content-Type"] == "application/json; charset=utf-8"
    with pytest.raises(UnicodeDecodeError):
        heard.body.decode()
    assert json.loads(heard.body.decode(coding))["data"][0]["name"] == "Forêts"


async def test_plain_text_in_another_charset_is_none_either(sandbox: Running) -> None:
    with pytest.raises(UnicodeDecodeError):
        (await broken(sandbox, "latin-1", "/api/count/")).body.decode()


async def test_a_mark_before_the_text(sandbox: Running) -> None:
    heard = await broken(sandbox, "bom")
    assert heard.body[:4] == b"\xef\xbb\xbf{"


@pytest.mark.parametrize(("days", "said"), [(400, "Mon, 27 Dec 2027"), (-400, "Sat, 18 Oct 2025")])
async def test_a_clock_that_is_off(sandbox: Running, days: float, said: str) -> None:
    heard = await broken(sandbox, "skew", days=days)
    assert heard.headers["Date"] == f"{said} 00:00:00 GMT"
    assert (await ask(sandbox, "/api/rows/")).headers["Date"] == "Sun, 22 Nov 2026 00:00:00 GMT"


async def test_pages_other_than_were_asked_for(sandbox: Running) -> None:
    second = "/api/rows/?page=2&page_size=20"
    assert (await broken(sandbox, "small-pages", second)).ids == [f"r{n}" for n in range(10, 20)]
    for kind in ("same-page", "page-loop"):
        sandbox.faults.fired.clear()
        assert (await broken(sandbox, kind, second)).ids == [f"r{n}" for n in range(20)]
    sandbox.faults.fired.clear()
    assert (await broken(sandbox, "page-loop", "/api/rows/?page=4&page_size=10")).ids[0] == "r0"


async def test_a_first_page_is_no_other_and_uses_nothing_up(sandbox: Running) -> None:
    for kind in ("same-page", "page-loop", "removed-row"):
        sandbox.faults.add(json.dumps({"kind": kind}).encode())
    assert (await ask(sandbox, "/api/rows/?page=1&page_size=20")).ids == [f"r{n}" for n in range(20)]
    assert (await ask(sandbox, "/api/count/")).json == {"count": 40}
    assert len(sandbox.faults.orders) == 3
    assert not sandbox.faults.fired


async def test_rows_that_are_not_what_they_were(sandbox: Running) -> None:
    heard = await broken(sandbox, "empty-page")
    assert heard.json == {"data": [], "total": 40}
    sandbox.faults.fired.clear()
    heard = await broken(sandbox, "id-again")
    assert heard.ids == [*(f"r{n}" for n in range(19)), "r0"]
    sandbox.faults.fired.clear()
    heard = await broken(sandbox, "tenfold")
    assert heard.json["data"] == ROWS[:20]
    assert len(heard.body) > 9 * len(json.dumps(ROWS[:20], ensure_ascii=False))
    sandbox.faults.fired.clear()
    assert (await broken(sandbox, "lying-total", "/api/count/")).json == {"count": 47}


async def test_a_row_that_is_deleted_while_paging_shifts_the_pages(sandbox: Running) -> None:
    heard = await broken(sandbox, "removed-row", "/api/rows/?page=2&page_size=10")
    assert heard.ids == [f"r{n}" for n in range(11, 21)]
    assert heard.json["total"] == 39
    sandbox.faults.fired.clear()
    heard = await broken(sandbox, "removed-row", "/api/rows/?page=4&page_size=10")
    assert heard.ids == [f"r{n}" for n in range(31, 40)]


async def test_short_pages_shift_too(sandbox: Running) -> None:
    kinds = [{"kind": "small-pages", "times": 2}, {"kind": "removed-row"}]
    sandbox.faults.add(json.dumps(kinds).encode())
    first = await ask(sandbox, "/api/rows/?page=1&page_size=20")
    second = await ask(sandbox, "/api/rows/?page=2&page_size=20")
    assert (first.ids, first.json["total"]) == ([f"r{n}" for n in range(10)], 40)
    assert (second.ids, second.json["total"]) == ([f"r{n}" for n in range(11, 21)], 39)
    assert dict(sandbox.faults.fired) == {"small-pages": 2, "removed-row": 1}
    assert sandbox.faults.orders == []


async def test_a_fault_waits_for_its_turn(sandbox: Running) -> None:
    sandbox.faults.add(b'{"kind": "status-500", "after": 2, "path": "/rows/"}')
    answers = [(await ask(sandbox, path)).status for path in ("/api/rows/", "/api/count/", "/api/rows/")]
    assert answers == [200, 200, 200]
    assert (await ask(sandbox, "/api/rows/")).status == 500
    assert (await ask(sandbox, "/_sandbox/fired")).json == {"status-500": 1}


def test_there_are_as_many_kinds_as_are_wanted() -> None:
    assert len(KINDS) >= 24
