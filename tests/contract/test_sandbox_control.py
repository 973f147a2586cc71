"""The control beside a sandbox portal: clock, truth, minimum, requests, and each of the faults."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from gateway.sandbox.control import Running, running
from gateway.sandbox.portal import Dialect, Now, Passes, SandboxPortal

EPOCH = datetime(2026, 11, 22, tzinfo=UTC)
ROWS = [{"n": n} for n in range(6)]


class Numbers:
    """A world of six rows."""

    def truth(self, passes: Passes) -> Iterator[dict[str, Any]]:
        yield from ({"at": at.isoformat(), "kind": kind} for at, kind, _ in passes)

    def minimum(self, passes: Passes) -> dict[str, int]:
        return {"rows": len(passes)}

    def labels(self, at: datetime) -> Iterator[dict[str, Any]]:
        yield {"type": "Dataset", "nativeId": "1", "sameAs": at.isoformat()}


def routes(_: Numbers, __: Now, ___: Dialect) -> list[web.RouteDef]:
    async def rows(request: web.Request) -> web.Response:
        size, page = int(request.query.get("page_size", "3")), int(request.query.get("page", "1"))
        return web.json_response({"data": ROWS[(page - 1) * size : page * size], "total": len(ROWS)})

    return [web.get("/api/rows/", rows)]


PORTAL = SandboxPortal("numbers", "Numbers", {"plain": "/api", "other": "/old"}, lambda *_: Numbers(), routes)


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    async with running(PORTAL, seed=1, scale=1, epoch=EPOCH) as served:
        yield served


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(
        force_close=True
    )  # aiohttp asks again on a kept connection that was closed
    async with aiohttp.ClientSession(connector=connector) as opened:
        yield opened


async def control(
    session: aiohttp.ClientSession, sandbox: Running, method: str, name: str, body: Any = None
) -> Any:
    async with session.request(method, f"{sandbox.control_url}/{name}", json=body) as response:
        text = await response.read()
        assert response.status < 300, text
        return [msgspec.json.decode(line) for line in text.splitlines()] if text else None


async def rows(session: aiohttp.ClientSession, sandbox: Running, query: str = "") -> tuple[int, Any]:
    async with session.get(f"{sandbox.base_url}/rows/{query}") as response:
        body = await response.read()
        return response.status, msgspec.json.decode(body) if "json" in response.content_type else body


async def test_the_clock_is_moved_and_shown_in_every_answer(
    session: aiohttp.ClientSession, sandbox: Running
) -> None:
    assert (await control(session, sandbox, "GET", "clock"))[0]["now"] == "2026-11-22T00:00:00Z"
    moved = (await control(session, sandbox, "POST", "advance", {"days": 2}))[0]
    assert (moved["days"], moved["now"]) == (2, "2026-11-24T00:00:00Z")
    async with session.get(f"{sandbox.base_url}/rows/") as response:
        assert response.headers["Date"] == "Tue, 24 Nov 2026 00:00:00 GMT"
    async with session.post(f"{sandbox.control_url}/advance", json={"days": -1}) as response:
        assert response.status == 400
    info = (await control(session, sandbox, "GET", "info"))[0]
    assert (info["name"], info["seed"], info["scale"], info["api_path"]) == ("numbers", 1, 1, "/api")


async def test_truth_and_minimum_take_passes(session: aiohttp.ClientSession, sandbox: Running) -> None:
    told = await control(session, sandbox, "GET", "truth?passes=0:RECONCILE,1.5:POLL")
    assert told == [
        {"at": "2026-11-22T00:00:00+00:00", "kind": "RECONCILE"},
        {"at": "2026-11-23T12:00:00+00:00", "kind": "POLL"},
    ]
    sandbox.advance(1)
    assert (await control(session, sandbox, "GET", "truth"))[0]["at"] == "2026-11-23T00:00:00+00:00"
    assert await control(session, sandbox, "GET", "minimum?passes=0:POLL") == [{"rows": 1}]
    assert (await control(session, sandbox, "GET", "labels"))[0]["nativeId"] == "1"
    for wrong in ("0:POL", "x:POLL"):
        async with session.get(f"{sandbox.control_url}/truth?passes={wrong}") as response:
            assert response.status == 400


async def test_the_portals_requests_are_remembered(session: aiohttp.ClientSession, sandbox: Running) -> None:
    await rows(session, sandbox, "?page=2")
    await session.get(f"{sandbox.base_url}/nothing")
    log = (await control(session, sandbox, "GET", "requests"))[0]
    assert log == [
        {"method": "GET", "path": "/api/rows/?page=2", "status": 200},
        {"method": "GET", "path": "/api/nothing", "status": 404},
    ]
    await control(session, sandbox, "DELETE", "requests")
    assert await control(session, sandbox, "GET", "requests") == [[]]


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("status-500", 500, {"message": "Ordered by the sandbox"}),
        ("status-404", 404, {"message": "Ordered by the sandbox"}),
        ("429", 429, {"message": "Too Many Requests"}),
        ("lying-total", 200, {"data": ROWS[:3], "total": 13}),
        ("poison", 200, {"data": ["poison", *ROWS[1:3]], "total": 6}),
        ("delay", 200, {"data": ROWS[:3], "total": 6}),
    ],
)
async def test_a_fault_breaks_as_many_answers_as_ordered(
    session: aiohttp.ClientSession, sandbox: Running, kind: str, status: int, body: Any
) -> None:
    await control(session, sandbox, "POST", "faults", {"kind": kind, "path": "/rows/", "seconds": 0.01})
    assert await rows(session, sandbox) == (status, body)
    assert await rows(session, sandbox) == (200, {"data": ROWS[:3], "total": 6})


async def test_faults_are_ordered_by_path_and_cleared(
    session: aiohttp.ClientSession, sandbox: Running
) -> None:
    order = {"kind": "status-503", "path": r"page=2", "times": None}
    assert len((await control(session, sandbox, "POST", "faults", [order, order]))[0]) == 2
    assert (await rows(session, sandbox))[0] == 200
    for _ in range(3):
        assert (await rows(session, sandbox, "?page=2"))[0] == 503
    assert len((await control(session, sandbox, "GET", "faults"))[0]) == 2
    await control(session, sandbox, "DELETE", "faults")
    assert (await rows(session, sandbox, "?page=2"))[0] == 200
    for wrong in ({"kind": "nope"}, {"kind": "drop", "path": "("}, {"kind": "drop", "often": 1}):
        async with session.post(f"{sandbox.control_url}/faults", json=wrong) as response:
            assert response.status == 400


async def test_pages_that_are_no_pages(session: aiohttp.ClientSession, sandbox: Running) -> None:
    await control(session, sandbox, "POST", "faults", {"kind": "html-200"})
    status, body = await rows(session, sandbox)
    assert (status, body[:9]) == (200, b"<!doctype")
    await control(session, sandbox, "POST", "faults", {"kind": "garbage"})
    with pytest.raises(msgspec.DecodeError):
        await rows(session, sandbox)


@pytest.mark.parametrize("kind", ["drop", "truncate"])
async def test_broken_connections(session: aiohttp.ClientSession, sandbox: Running, kind: str) -> None:
    twice = 2 if kind == "drop" else 1  # aiohttp asks once more by itself when a connection is dropped
    await control(session, sandbox, "POST", "faults", {"kind": kind, "times": twice})
    with pytest.raises(aiohttp.ClientError):
        await rows(session, sandbox)
    assert (await rows(session, sandbox))[0] == 200


async def test_a_row_that_arrives_while_paging_shifts_the_pages(
    session: aiohttp.ClientSession, sandbox: Running
) -> None:
    await control(session, sandbox, "POST", "faults", {"kind": "shifted-page"})
    assert (await rows(session, sandbox))[1] == {"data": ROWS[:3], "total": 6}
    assert (await rows(session, sandbox, "?page=2"))[1] == {"data": [ROWS[2], *ROWS[3:5]], "total": 7}
    assert (await rows(session, sandbox, "?page=2"))[1] == {"data": ROWS[3:], "total": 6}


async def test_a_poisoned_row_breaks_the_pages_that_hold_it(
    session: aiohttp.ClientSession, sandbox: Running
) -> None:
    order = {"kind": "poison-500", "position": 4, "times": None}
    await control(session, sandbox, "POST", "faults", order)
    answers = [(await rows(session, sandbox, f"?page_size=1&page={page}"))[0] for page in range(1, 7)]
    assert answers == [200, 200, 200, 200, 500, 200]


async def test_unknown_controls_are_named(session: aiohttp.ClientSession, sandbox: Running) -> None:
    async with session.get(f"{sandbox.control_url}/nothing") as response:
        assert response.status == 404
        assert "POST /_sandbox/advance" in await response.text()
