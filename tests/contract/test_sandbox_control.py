"""The control beside a sandbox portal: clock, dialect, truth, minimum, requests, told answers, each of the faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from gateway.cli.app import run
from gateway.sandbox.clock import opened
from gateway.sandbox.control import Running, running, start
from gateway.sandbox.portal import Dialect, Now, Passes, SandboxPortal

EPOCH = datetime(2026, 11, 22, tzinfo=UTC)
ROWS = [{"n": n} for n in range(6)]


class Numbers:
    """A world of six rows."""

    def truth(self, passes: Passes) -> Iterator[dict[str, Any]]:
        for at, kind, dialect in passes:
            yield {"at": at.isoformat(), "kind": kind, "dialect": dialect}

    def minimum(self, passes: Passes) -> dict[str, int]:
        return {"rows": len(passes)}

    def labels(self, at: datetime) -> Iterator[dict[str, Any]]:
        yield {"type": "Dataset", "nativeId": "1", "sameAs": at.isoformat()}


def routes(_: Numbers, __: Now, dialect: Dialect) -> list[web.RouteDef]:
    async def rows(request: web.Request) -> web.Response:
        size, page = int(request.query.get("page_size", "3")), int(request.query.get("page", "1"))
        return web.json_response({"data": ROWS[(page - 1) * size : page * size], "total": len(ROWS)})

    async def spoken(_: web.Request) -> web.Response:
        return web.json_response(dialect())

    return [web.get("/api/rows/", rows), web.get("/old/spoken", spoken)]


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
        {"at": "2026-11-22T00:00:00+00:00", "kind": "RECONCILE", "dialect": "plain"},
        {"at": "2026-11-23T12:00:00+00:00", "kind": "POLL", "dialect": "plain"},
    ]
    sandbox.advance(1)
    assert (await control(session, sandbox, "GET", "truth"))[0]["at"] == "2026-11-23T00:00:00+00:00"
    assert await control(session, sandbox, "GET", "minimum?passes=0:POLL") == [{"rows": 1}]
    assert (await control(session, sandbox, "GET", "labels"))[0]["nativeId"] == "1"
    for wrong in ("0:POL", "x:POLL"):
        async with session.get(f"{sandbox.control_url}/truth?passes={wrong}") as response:
            assert response.status == 400


async def spoken(session: aiohttp.ClientSession, sandbox: Running) -> Any:
    async with session.get(f"{sandbox.origin}/old/spoken") as response:
        return await response.json()


async def test_a_portal_speaks_another_dialect_when_it_is_told_to(
    session: aiohttp.ClientSession, sandbox: Running
) -> None:
    assert (sandbox.base_url, await spoken(session, sandbox)) == (f"{sandbox.origin}/api", "plain")
    told = (await control(session, sandbox, "POST", "dialect", {"dialect": "other"}))[0]
    assert (told["dialect"], told["dialects"]) == ("other", {"plain": "/api", "other": "/old"})
    assert told["api_path"] == "/old"
    assert (sandbox.base_url, await spoken(session, sandbox)) == (f"{sandbox.origin}/old", "other")
    sandbox.speak("plain")
    assert (await control(session, sandbox, "GET", "info"))[0]["dialect"] == "plain"
    for wrong in ({"dialect": "third"}, {"language": "other"}, ["other"], {"dialect": 1}):
        async with session.post(f"{sandbox.control_url}/dialect", json=wrong) as response:
            assert response.status == 400
    assert await spoken(session, sandbox) == "plain"


async def test_passes_name_what_the_portal_spoke(session: aiohttp.ClientSession, sandbox: Running) -> None:
    sandbox.speak("other")
    told = await control(session, sandbox, "GET", "truth?passes=0:RECONCILE:plain,1:POLL")
    assert [row["dialect"] for row in told] == ["plain", "other"]
    async with session.get(f"{sandbox.control_url}/truth?passes=0:POLL:third") as response:
        assert response.status == 400
        assert "plain, other" in await response.text()


async def test_a_folder_keeps_the_dialect(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    said = []
    for dialect in ("", "other", "", "plain", ""):
        served = await start(PORTAL, seed=1, scale=1, epoch=EPOCH, folder=tmp_path, dialect=dialect)
        said.append(await spoken(session, served))
        await served.stop()
    assert said == ["plain", "other", "other", "plain", "plain"]
    served = await start(PORTAL, seed=1, scale=1, epoch=EPOCH, folder=tmp_path)
    await control(session, served, "POST", "dialect", {"dialect": "other"})
    await served.stop()
    again = await start(PORTAL, seed=1, scale=1, epoch=EPOCH, folder=tmp_path)
    assert await spoken(session, again) == "other"
    await again.stop()


async def test_a_dialect_that_is_no_more_is_the_usual_one(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    opened("numbers", seed=1, scale=1, epoch=EPOCH, folder=tmp_path, live=False).speak("forgotten")
    served = await start(PORTAL, seed=1, scale=1, epoch=EPOCH, folder=tmp_path)
    assert await spoken(session, served) == "plain"
    await served.stop()


async def test_the_command_line_tells_and_changes_the_dialect(
    session: aiohttp.ClientSession, sandbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["sandbox", "dialect", "--url", sandbox.origin, "--json"]
    assert await asyncio.to_thread(run, asked) == 0
    shown = json.loads(capsys.readouterr().out)[sandbox.origin]
    assert shown == {"dialect": "plain", "dialects": ["plain", "other"]}
    assert await asyncio.to_thread(run, ["sandbox", "dialect", "other", "--url", sandbox.origin]) == 0
    assert "plain, other" in capsys.readouterr().out
    assert await spoken(session, sandbox) == "other"
    assert await asyncio.to_thread(run, ["sandbox", "dialect", "third", "--url", sandbox.origin]) == 2
    assert "plain, other" in capsys.readouterr().err


async def test_told_answers_are_given_word_for_word(session: aiohttp.ClientSession, sandbox: Running) -> None:
    answers = [
        {"path": "/api/rows/", "body": {"told": [1, None]}},
        {"path": "/api/nowhere", "body": "<p>Hello</p>", "media_type": "text/html", "status": 503},
        {"path": "/api/rows/", "method": "POST", "body": [], "status": 201},
    ]
    assert len((await control(session, sandbox, "POST", "answers", answers))[0]) == 3
    assert await rows(session, sandbox, "?page=2") == (200, {"told": [1, None]})
    async with session.get(f"{sandbox.base_url}/nowhere") as response:
        assert (response.status, response.content_type) == (503, "text/html")
        assert await response.text() == "<p>Hello</p>"
    async with session.post(f"{sandbox.base_url}/rows/") as response:
        assert (response.status, await response.json()) == (201, [])
    assert [request["status"] for request in sandbox.requests] == [200, 503, 201]


async def test_the_last_word_on_a_path_holds_until_all_is_forgotten(
    session: aiohttp.ClientSession, sandbox: Running
) -> None:
    for body in (1, 2):
        await control(session, sandbox, "POST", "answers", [{"path": "/api/rows/", "body": body}])
    assert await rows(session, sandbox) == (200, 2)
    assert len((await control(session, sandbox, "GET", "answers"))[0]) == 1
    await control(session, sandbox, "DELETE", "answers")
    assert await rows(session, sandbox) == (200, {"data": ROWS[:3], "total": 6})
    for wrong in ({"path": "/x", "body": 1}, [{"path": "/x"}], [{"path": "/x", "body": 1, "more": 2}]):
        async with session.post(f"{sandbox.control_url}/answers", json=wrong) as response:
            assert response.status == 400


async def test_a_told_answer_breaks_as_any_other(session: aiohttp.ClientSession, sandbox: Running) -> None:
    await control(session, sandbox, "POST", "answers", [{"path": "/api/rows/", "body": {"data": [1, 2]}}])
    await control(session, sandbox, "POST", "faults", {"kind": "status-500", "path": "/rows/"})
    assert (await rows(session, sandbox))[0] == 500
    assert await rows(session, sandbox) == (200, {"data": [1, 2]})


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
    for _ in range(2):  # a page that is asked for again is not a page after itself
        assert (await rows(session, sandbox, "?page=1"))[1] == {"data": ROWS[:3], "total": 6}
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
