"""A body that goes to a file obeys the same rules as one that goes to memory."""

from __future__ import annotations

import gzip
import io
import tempfile
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from gateway.errors import ConfigurationError, PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch.client import Client
from gateway.model.document import digest
from gateway.testing import FakePortal, Reply

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MEGABYTE = 1024 * 1024


async def _no_time(_: float) -> None:
    """Sleep without sleeping."""


@asynccontextmanager
async def asking(answers: dict[str, Any], **options: Any) -> AsyncIterator[tuple[FakePortal, Client]]:
    settings: dict[str, Any] = {"requests_per_second": 1e9, "sleep": _no_time, **options}
    async with (
        FakePortal(answers) as portal,
        Client(portal="p", base_url=portal.base_url, now=lambda: NOW, user_agent="t", **settings) as client,
    ):
        yield portal, client


class Full(io.BytesIO):
    """A file on a disk that has no room left."""

    def write(self, _: Any) -> int:
        raise OSError(28, "No space left on device")


async def test_a_body_goes_to_the_file() -> None:
    body = b'{"a": 1}' * 1000
    into = io.BytesIO(b"what was there before" * 1000)
    into.seek(5)
    async with asking({"/a?q=1": Reply(body)}) as (portal, client):
        answer = await client.download("/a", into, params={"q": 1}, mask="*")
        assert portal.requests[0].headers["X-Fields"] == "*"
    assert into.tell() == 0
    assert into.read() == body
    assert answer.body == b""
    assert answer.status == 200
    assert answer.fetch.page_hash == digest(body)
    assert (answer.fetch.endpoint, answer.fetch.mask) == ("/a?q=1", "*")


async def test_an_empty_body_is_one() -> None:
    into = io.BytesIO(b"before")
    async with asking({"/a": Reply(b"")}) as (_, client):
        answer = await client.download("/a", into)
    assert into.getvalue() == b""
    assert answer.fetch.page_hash == digest(b"")


@pytest.mark.parametrize("status", [201, 308, 404, 500])
async def test_every_other_status_keeps_its_body(status: int) -> None:
    into = io.BytesIO(b"before")
    async with asking({"/a": Reply(b"why", status)}) as (_, client):
        answer = await client.download("/a", into)
    assert (answer.status, answer.body) == (status, b"why")
    assert answer.fetch.page_hash == digest(b"why")
    assert into.getvalue() == b""


async def _broken_off(request: web.Request, sent: bytes, *, of: int) -> web.StreamResponse:
    """Send the beginning of a body of *of* bytes, and close the connection."""
    response = web.StreamResponse()
    response.content_length = of
    await response.prepare(request)
    await response.write(sent)
    assert request.transport is not None
    request.transport.close()
    return response


async def test_an_attempt_begins_with_an_empty_file() -> None:
    sent = 0

    async def breaking(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        sent += 1
        if sent == 3:
            return web.Response(body=b"whole")
        return await _broken_off(request, b"half of a long body", of=100_000)

    into = io.BytesIO()
    async with asking({"/a": breaking}) as (_, client):
        answer = await client.download("/a", into)
        assert client.requests == 3
    assert into.getvalue() == b"whole"
    assert answer.fetch.page_hash == digest(b"whole")


async def test_a_status_after_half_a_body_leaves_no_half() -> None:
    sent = 0

    async def vanishing(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        sent += 1
        if sent == 2:
            return web.Response(status=404, body=b"gone")
        return await _broken_off(request, b"half", of=100)

    into = io.BytesIO()
    async with asking({"/a": vanishing}) as (_, client):
        assert (await client.download("/a", into)).status == 404
    assert into.getvalue() == b""


async def test_errors_are_those_of_a_get() -> None:
    answers = {"/a": Reply({}, 403), "/b": Reply({}, 503)}
    async with asking(answers) as (_, client):
        with pytest.raises(PortalRefused):
            await client.download("/a", io.BytesIO())
        with pytest.raises(PortalUnavailable):
            await client.download("/b", io.BytesIO())
        assert client.requests == 4
        with pytest.raises(ValueError, match="slash"):
            await client.download("a", io.BytesIO())


async def test_a_bomb_does_not_fill_the_disk() -> None:
    bomb = Reply(gzip.compress(b"\0" * 50_000_000), headers={"Content-Encoding": "gzip"})
    into = io.BytesIO()
    async with asking({"/a": bomb}, max_body_bytes=MEGABYTE) as (_, client):
        with pytest.raises(PortalUnreadable):
            await client.download("/a", into)
        assert client.requests == 1
    assert len(into.getvalue()) <= MEGABYTE


async def test_a_full_disk_is_not_the_portals_fault() -> None:
    async with asking({"/a": Reply(b"body")}) as (_, client):
        with pytest.raises(ConfigurationError, match="No space left"):
            await client.download("/a", Full())
        assert client.requests == 1


async def test_memory_does_not_grow_with_the_body() -> None:
    async def large(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(b"x" * MEGABYTE)
        return response

    with tempfile.TemporaryFile() as into:
        async with asking({"/a": large}) as (_, client):
            tracemalloc.start()
            await client.download("/a", into)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert into.seek(0, io.SEEK_END) == 64 * MEGABYTE
    assert peak < 16 * MEGABYTE
