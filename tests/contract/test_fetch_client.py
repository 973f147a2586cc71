from __future__ import annotations

import asyncio
import gzip
import logging
import traceback
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway.errors import ConfigurationError, PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch.client import BudgetSpent, Client
from gateway.model.document import digest
from gateway.testing import FakePortal, Reply

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = "udata_very-secret-key"


class Slept(list[float]):
    """A sleep that takes no time and remembers."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@asynccontextmanager
async def asking(answers: dict[str, Any], **options: Any) -> AsyncIterator[tuple[FakePortal, Client, Slept]]:
    slept = Slept()
    settings: dict[str, Any] = {"requests_per_second": 1e9, "backoff_seconds": 0.5, "sleep": slept, **options}
    async with (
        FakePortal(answers) as portal,
        Client(
            portal="p", base_url=portal.base_url, now=lambda: NOW, user_agent="test/1 (mailto:x)", **settings
        ) as client,
    ):
        yield portal, client, slept


async def test_an_answer_tells_where_it_came_from() -> None:
    reply = Reply(b'{"a": 1}', headers={"Date": "Fri, 20 Nov 2026 01:02:03 GMT", "X-Thing": "y"})
    async with asking({"/a/?x=1+2,3%2B4": reply}) as (portal, client, _):
        answer = await client.get("/a/", params={"x": "1 2,3+4"}, mask="data{*}")
        sent = portal.requests[0]
    assert answer.status == 200
    assert answer.media_type == "application/json"
    assert answer.headers["x-thing"] == "y"
    assert answer.body == b'{"a": 1}'
    assert answer.fetch.endpoint == "/a/?x=1+2,3%2B4"
    assert answer.fetch.mask == "data{*}"
    assert answer.fetch.fetched_at == datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
    assert answer.fetch.page_hash == digest(b'{"a": 1}')
    assert sent.headers["X-Fields"] == "data{*}"
    assert sent.headers["Accept"] == "application/json"
    assert sent.headers["User-Agent"] == "test/1 (mailto:x)"
    assert client.requests == 1


async def test_an_answer_without_a_date_arrives_now() -> None:
    async with asking({"/a": Reply({}, headers={"Date": "no date"})}) as (_, client, _slept):
        assert (await client.get("/a")).fetch.fetched_at == NOW


@pytest.mark.parametrize("date", ["Sun, 26 Dec 2027 12:00:00 GMT", "Fri, 17 Oct 2025 12:00:00 GMT"])
async def test_a_clock_that_is_years_off_is_not_believed(date: str) -> None:
    async with asking({"/a": Reply({}, headers={"Date": date})}) as (_, client, _slept):
        assert (await client.get("/a")).fetch.fetched_at == NOW


async def test_a_retry_after_date_is_counted_from_a_clock_that_is_off_as_well() -> None:
    headers = {"Retry-After": "Sun, 26 Dec 2027 12:00:09 GMT", "Date": "Sun, 26 Dec 2027 12:00:00 GMT"}
    async with asking({"/a": [Reply({}, 503, headers=headers), Reply({})]}) as (_, client, slept):
        await client.get("/a")
    assert slept == pytest.approx([9.0], abs=0.1)


async def test_the_key_goes_out_only_where_it_is_asked_for() -> None:
    async with asking({"/a": Reply({})}, api_key=KEY, key_header="X-API-KEY") as (portal, client, _):
        await client.get("/a")
        await client.get("/a", keyed=True)
        headers = [request.headers for request in portal.requests]
    assert "X-API-KEY" not in headers[0]
    assert headers[1]["X-API-KEY"] == KEY


async def test_redirects_are_answers_and_the_key_stays_at_home() -> None:
    async with FakePortal({"/there": Reply({})}) as elsewhere:
        moved = Reply(b"", 308, headers={"Location": f"{elsewhere.base_url}/there"})
        async with asking({"/a": moved}, api_key=KEY) as (_, client, _slept):
            answer = await client.get("/a", keyed=True)
        assert answer.status == 308
        assert elsewhere.requests == []


async def test_cookies_are_not_kept() -> None:
    async with asking({"/a": Reply({}, headers={"Set-Cookie": "session=1"})}) as (portal, client, _):
        await client.get("/a")
        await client.get("/a")
        assert all("Cookie" not in request.headers for request in portal.requests)


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with asking({"/a": Reply({})}) as (_, client, _slept):
        assert (await client.get("/a")).status == 200


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_passing_failure_is_tried_again(status: int) -> None:
    async with asking({"/a": [Reply({}, status), Reply({}, status), Reply({"ok": 1})]}) as (_, client, slept):
        assert (await client.get("/a")).status == 200
        assert client.requests == 3
    assert slept == pytest.approx([0.5, 1.0], abs=0.1)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_lasting_failure_is_unavailable(status: int) -> None:
    async with asking({"/a?q=1": Reply({}, status)}) as (_, client, _slept):
        with pytest.raises(PortalUnavailable) as caught:
            await client.get("/a?q=1")
        assert client.requests == 3
    assert caught.value.portal == "p"
    assert caught.value.endpoint == "/a?q=1"


async def test_a_lasting_500_is_an_answer() -> None:
    async with asking({"/a": Reply({}, 500)}) as (_, client, _slept):
        assert (await client.get("/a")).status == 500
        assert client.requests == 3


async def test_the_caller_says_what_is_tried_again() -> None:
    async with asking({"/a": Reply({}, 500), "/b": [Reply({}, 400), Reply({})]}) as (_, client, _slept):
        assert (await client.get("/a", retry=frozenset({503}))).status == 500
        assert client.requests == 1
        assert (await client.get("/b", retry=frozenset({400}))).status == 200


@pytest.mark.parametrize("status", [200, 301, 400, 404, 410, 418])
async def test_every_other_status_is_an_answer_at_once(status: int) -> None:
    async with asking({"/a": Reply({}, status)}) as (_, client, _slept):
        assert (await client.get("/a")).status == status
        assert client.requests == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_is_final(status: int) -> None:
    async with asking({"/a": Reply({}, status)}, api_key=KEY) as (_, client, _slept):
        with pytest.raises(PortalRefused) as caught:
            await client.get("/a", keyed=True)
        assert client.requests == 1
    assert KEY not in str(caught.value)


async def test_a_short_retry_after_is_waited_for() -> None:
    busy = Reply({}, 429, headers={"Retry-After": "7"})
    async with asking({"/a": [busy, Reply({})]}) as (_, client, slept):
        assert (await client.get("/a")).status == 200
    assert slept == pytest.approx([7.0], abs=0.1)


async def test_a_retry_after_date_is_counted_from_the_portals_clock() -> None:
    headers = {"Retry-After": "Fri, 20 Nov 2026 00:00:09 GMT", "Date": "Fri, 20 Nov 2026 00:00:00 GMT"}
    async with asking({"/a": [Reply({}, 503, headers=headers), Reply({})]}) as (_, client, slept):
        await client.get("/a")
    assert slept == pytest.approx([9.0], abs=0.1)


async def test_a_long_retry_after_gives_up_at_once() -> None:
    headers = {"Retry-After": "3600", "Date": "Fri, 20 Nov 2026 00:00:00 GMT"}
    async with asking({"/a": Reply({}, 429, headers=headers)}) as (_, client, slept):
        with pytest.raises(PortalUnavailable) as caught:
            await client.get("/a")
        assert client.requests == 1
    assert caught.value.retry_after == 3600
    assert slept == []


@pytest.mark.parametrize("text", ["9" * 400, "-1", "soon", ""])
async def test_a_silly_retry_after_breaks_nothing(text: str) -> None:
    async with asking({"/a": Reply({}, 429, headers={"Retry-After": text})}) as (_, client, _slept):
        with pytest.raises(PortalUnavailable):
            await client.get("/a")


async def test_what_a_pass_may_send_counts_retries() -> None:
    async with asking({"/a": Reply({}, 500)}, max_requests=4) as (portal, client, _):
        await client.get("/a")
        with pytest.raises(BudgetSpent) as caught:
            await client.get("/a")
        assert client.requests == len(portal.requests) == 4
    assert caught.value.retry_after is None


async def test_nobody_there_is_unavailable() -> None:
    async with FakePortal({}) as portal:
        address = portal.base_url
    async with Client(
        portal="p",
        base_url=address,
        now=lambda: NOW,
        user_agent="t",
        backoff_seconds=0,
        requests_per_second=1e9,
    ) as client:
        with pytest.raises(PortalUnavailable):
            await client.get("/a")
        assert client.requests == 3


async def _drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _truncate(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_length = 100
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport is not None
    request.transport.close()
    return response


async def _bad_gzip(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"this is no gzip", headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize("broken", [_drop, _truncate, _bad_gzip])
async def test_a_broken_answer_is_tried_again_then_unavailable(broken: Any) -> None:
    async with asking({"/a": broken}) as (_, client, _slept):
        with pytest.raises(PortalUnavailable):
            await client.get("/a")
        assert client.requests == 3


async def test_nothing_is_sent_behind_the_clients_back() -> None:
    answers: dict[str, Any] = {"/a": Reply({}), "/b": _drop}
    async with asking(answers) as (portal, client, _):
        await client.get("/a")  # the connection is kept; aiohttp would send again on a kept one
        with pytest.raises(PortalUnavailable):
            await client.get("/b")
        assert client.requests == len(portal.requests) == 4


async def test_broken_http_keeps_no_key_in_its_error() -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 abc nonsense\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    async with (
        server,
        Client(
            portal="p",
            base_url=f"http://{host}:{port}",
            now=lambda: NOW,
            user_agent="t",
            api_key=KEY,
            attempts=1,
            requests_per_second=1e9,
        ) as client,
    ):
        with pytest.raises(PortalUnavailable) as caught:
            await client.get("/a", keyed=True)
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert not any(isinstance(error, aiohttp.ClientResponseError) for error in chain)
    assert KEY not in "".join(traceback.format_exception(caught.value)) + repr(chain) + repr(client)


async def test_no_log_line_holds_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with asking({"/a": Reply({}, 401)}, api_key=KEY) as (_, client, _slept):
        with pytest.raises(PortalRefused):
            await client.get("/a", keyed=True)
    assert KEY not in caplog.text


async def test_each_answer_tells_its_own_media_type() -> None:
    said = ["Application/JSON; charset=utf-8", "Application/JSON; charset=utf-8", "text/html", "nonsense"]
    answers: dict[str, Any] = {"/a": [Reply(b"", headers={"Content-Type": each}) for each in said]}
    async with asking(answers) as (_, client, _slept):
        told = [(await client.get("/a")).media_type for _ in said]
    assert told == ["application/json", "application/json", "text/html", "application/octet-stream"]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_codings_are_taken_off(coding: str) -> None:
    raw = b'{"a": 1}' * 1000
    packed = gzip.compress(raw) if coding == "gzip" else zlib.compress(raw)
    async with asking({"/a": Reply(packed, headers={"Content-Encoding": coding})}) as (_, client, _slept):
        assert (await client.get("/a")).body == raw


async def test_a_bomb_is_measured_as_it_inflates() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    reply = Reply(bomb, headers={"Content-Encoding": "gzip"})
    async with asking({"/a": reply}, max_body_bytes=1_000_000) as (_, client, _slept):
        with pytest.raises(PortalUnreadable):
            await client.get("/a")
        assert client.requests == 1


async def test_a_slow_drip_ends() -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    async with asking({"/a": drip}, timeout_seconds=0.3, attempts=1) as (_, client, _slept):
        with pytest.raises(PortalUnavailable):
            await client.get("/a")


async def test_requests_keep_their_distance() -> None:
    async with asking({"/a": Reply({})}, requests_per_second=2.0) as (_, client, slept):
        for _ in range(3):
            await client.get("/a")
    assert [round(seconds, 1) for seconds in slept] == [0.5, 1.0]


async def test_one_answer_that_asks_for_a_pause_pauses_everybody() -> None:
    answers = {"/a": [Reply({}, 429, headers={"Retry-After": "7"}), Reply({})]}
    async with asking(answers, connections=2) as (_, client, slept):
        await asyncio.gather(*(client.get("/a") for _ in range(4)))
    assert [round(seconds) for seconds in slept].count(7) >= 3


async def test_only_so_many_requests_are_under_way() -> None:
    under_way = most = 0

    async def count(_: web.Request) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        return web.Response(body=b"{}")

    async with asking({"/a": count}, connections=2) as (_, client, _slept):
        await asyncio.gather(*(client.get("/a") for _ in range(6)))
    assert most == 2


@pytest.mark.parametrize(
    "url", ["", "www.example.org", "ftp://x/", "http://", "http://u:p@h/", "http://h/?q=1", "http://[x"]
)
def test_a_base_url_must_be_one(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Client(portal="p", base_url=url, now=lambda: NOW, user_agent="t")


async def test_paths_cannot_leave_the_portal() -> None:
    async with asking({}, api_key=KEY) as (portal, client, _):
        with pytest.raises(ValueError, match="slash"):
            await client.get("@evil.example/a")
        assert (await client.get("//evil.example/a", keyed=True)).status == 404
        assert len(portal.requests) == 1
