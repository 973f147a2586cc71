"""Payloads over HTTP: the bytes, their headers, and what is said where there are none."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as Client
from api.world import FR, KEYS, World, gid

from gateway.errors import PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.model.identity import global_id
from gateway.ports import Part
from gateway.postgres import connect_pool
from harvest_graphql.engine import Engine
from harvest_graphql.payloads import CHUNK, Ask, routes

Serve = Callable[[Ask], Awaitable[Client]]


def path(record: str, kind: str = "RawPayload", portal: int = 2) -> str:
    return f"/payloads/{global_id(kind, KEYS[portal], record)}"


async def never(portal: str, record: str, part: Part) -> bool:
    raise AssertionError(f"nobody should ask {portal} for {part} of {record}")


@pytest.fixture
def serve(own_world: World, pool: asyncpg.Pool, aiohttp_client: Any) -> Serve:
    """Serve payloads of ``own_world``, with a way to ask portals."""
    assert own_world.keys

    async def served(ask: Ask) -> Client:
        app = web.Application()
        app.add_routes(routes(pool, ask))
        client: Client = await aiohttp_client(app)
        return client

    return served


@pytest.fixture
async def asking(seeded_url: str, aiohttp_client: Any) -> AsyncIterator[Serve]:
    """The same of the database that tests share: they only read it."""
    pool = await connect_pool(seeded_url, size=2)

    async def served(ask: Ask) -> Client:
        app = web.Application()
        app.add_routes(routes(pool, ask))
        client: Client = await aiohttp_client(app)
        return client

    yield served
    await pool.close()


async def test_the_publishers_json_as_a_file(asking: Serve) -> None:
    client = await asking(never)
    answer = await client.get(path("r0"))
    body = json.dumps({"title": "NO₂", "n": [1, 2]}, ensure_ascii=False).encode()
    assert await answer.read() == body
    assert answer.status == 200
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "Content-Disposition": 'attachment; filename="r0.json"',
        "Content-Length": str(len(body)),
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{digest}"',
        "Cache-Control": "no-cache",
    }
    assert {name: answer.headers[name] for name in headers} == headers


@pytest.mark.parametrize(
    ("record", "kind", "media_type", "ending", "body"),
    [
        ("r1", "RawPayload", "application/xml; charset=utf-8", "xml", b"<xml/>"),
        ("r1", "TransformedPayload", "application/json", "json", '{"a":"é","b":1}'.encode()),
        ("r2", "RawPayload", "text/plain; charset=utf-8", "txt", "nul � inside".encode()),
    ],
)
async def test_other_files(
    asking: Serve, record: str, kind: str, media_type: str, ending: str, body: bytes
) -> None:
    client = await asking(never)
    answer = await client.get(path(record, kind))
    assert await answer.read() == body
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"].endswith(f'.{ending}"')


async def test_what_came_by_itself_keeps_its_bytes_and_its_media_type(serve: Serve, own_world: World) -> None:
    client = await serve(never)
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?><é/>'.encode("latin-1")
    await own_world.payload("r3", "RAW", latin, "application/xml; charset=iso-8859-1")
    answer = await client.get(path("r3"))
    assert await answer.read() == latin
    assert answer.headers["Content-Type"] == "application/xml; charset=iso-8859-1"
    await own_world.payload("r3", "TRANSFORMED", b'{ "b": 1, "a": [] }', None)
    assert await (await client.get(path("r3", "TransformedPayload"))).read() == b'{"a":[],"b":1}'


@pytest.mark.parametrize("said", ["text/html\r\nX-Evil: 1", "nonsense", "a/b; c=d; e=f", ""])
async def test_a_portals_media_type_is_no_header_of_its_own(
    serve: Serve, own_world: World, said: str
) -> None:
    client = await serve(never)
    await own_world.payload("r3", "RAW", b"\xff", said)
    answer = await client.get(path("r3"))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "X-Evil" not in answer.headers


async def test_the_same_bytes_are_not_sent_twice_and_a_head_sends_none(asking: Serve) -> None:
    client = await asking(never)
    first = await client.get(path("r0"))
    for sent in (first.headers["ETag"], f'"other", W/{first.headers["ETag"]}', "*"):
        again = await client.get(path("r0"), headers={"If-None-Match": sent})
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    other = await client.get(path("r0"), headers={"If-None-Match": '"other"'})
    assert other.status == 200
    head = await client.head(path("r0"))
    assert (head.status, await head.read()) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Content-Disposition"):
        assert head.headers[name] == first.headers[name]


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
async def test_payloads_of_several_chunks(serve: Serve, own_world: World, size: int) -> None:
    client = await serve(never)
    body = Random(size).randbytes(size)
    await own_world.payload("r3", "RAW", body, "application/json")
    answer = await client.get(path("r3"))
    assert await answer.read() == body
    assert answer.headers["ETag"] == f'"{hashlib.sha256(body).hexdigest()}"'
    text = "é☃" * (size // 5)
    await own_world.document("r4", json.dumps({"source_raw": text}).encode())
    assert await (await client.get(path("r4"))).read() == text.encode()


async def test_a_large_payload_is_never_whole_in_memory(serve: Serve, own_world: World) -> None:
    client = await serve(never)
    size = 24_000_000
    await own_world.connection.execute(
        "INSERT INTO payload SELECT id, 'RAW', portal, 'text/plain', convert_to(repeat('x', $1), 'UTF8'), now()"
        " FROM harvest_record WHERE native_id = 'r3'",
        size,
    )
    tracemalloc.start()
    try:
        answer = await client.get(path("r3"))
        received = 0
        async for chunk in answer.content.iter_chunked(CHUNK):
            received += len(chunk)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert received == size == answer.content_length
    assert peak < size / 3


async def test_a_reader_who_goes_away_holds_nothing(
    serve: Serve, own_world: World, pool: asyncpg.Pool
) -> None:
    client = await serve(never)
    await own_world.payload("r3", "RAW", bytes(30_000_000), "text/plain")
    for _ in range(3):
        answer = await client.get(path("r3"))
        answer.close()
    assert pool.get_idle_size() == pool.get_size()
    assert (await client.get(path("r0"))).status == 200


def refused(answer: dict[str, Any]) -> str:
    (error,) = answer["errors"]
    assert error["message"]
    code: str = error["extensions"]["code"]
    return code


@pytest.mark.parametrize(
    ("where", "status", "code"),
    [
        ("/payloads/x", 400, "BAD_ID"),
        ("/payloads/%00", 400, "BAD_ID"),
        ("/payloads/é", 400, "BAD_ID"),
        (f"/payloads/{gid('HarvestRecord', 'r0')}", 400, "BAD_ID"),
        (path("a\0b"), 400, "BAD_ID"),
        (path("nobody"), 404, "NOT_FOUND"),
        (path("r0", portal=FR), 404, "NOT_FOUND"),
        (f"/payloads/{global_id('RawPayload', 'nowhere', 'r0')}", 404, "NOT_FOUND"),
        (path("r0", "TransformedPayload"), 404, "PAYLOAD_ABSENT"),
    ],
)
async def test_ids_that_name_no_payload(asking: Serve, where: str, status: int, code: str) -> None:
    client = await asking(never)
    answer = await client.get(where)
    assert (answer.status, refused(await answer.json())) == (status, code)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert (await client.head(where)).status == status


async def test_a_payload_that_the_portal_is_asked_for(serve: Serve, own_world: World) -> None:
    asked: list[tuple[str, str, Part]] = []

    async def ask(portal: str, record: str, part: Part) -> bool:
        asked.append((portal, record, part))
        await own_world.payload(record, part.value, b"<fetched/>", "application/xml")
        return True

    client = await serve(ask)
    for _ in range(2):
        answer = await client.get(path("r3"))
        assert await answer.read() == b"<fetched/>"
    assert asked == [("data-gov", "r3", Part.RAW)]


async def test_many_readers_wait_for_one_request(serve: Serve, own_world: World) -> None:
    asked = 0

    async def ask(_: str, record: str, part: Part) -> bool:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.2)
        await own_world.payload(record, part.value, b"1", "application/json")
        return True

    client = await serve(ask)
    answers = await asyncio.gather(*(client.get(path("r3")) for _ in range(5)))
    assert [answer.status for answer in answers] == [200] * 5
    assert asked == 1


@pytest.mark.parametrize(("stored", "code"), [(False, "PAYLOAD_NOT_FETCHED"), (True, "PAYLOAD_ABSENT")])
async def test_a_portal_that_has_none_to_give(
    serve: Serve, own_world: World, stored: bool, code: str
) -> None:
    async def ask(_: str, record: str, part: Part) -> bool:
        if stored:
            await own_world.payload(record, part.value, None)
        return stored

    client = await serve(ask)
    answer = await client.get(path("r4"))
    assert (answer.status, refused(await answer.json())) == (404, code)


@pytest.mark.parametrize(
    ("error", "status", "code", "wait"),
    [
        (PortalUnavailable("It is down."), 503, "PORTAL_UNAVAILABLE", None),
        (PortalUnavailable("Blocked.", retry_after=12.3), 503, "PORTAL_UNAVAILABLE", "13"),
        (PortalUnavailable("Blocked.", retry_after=0), 503, "PORTAL_UNAVAILABLE", "1"),
        (PortalRefused("The key is wrong."), 502, "PORTAL_REFUSED", None),
        (PortalUnreadable("HTML."), 502, "PORTAL_UNREADABLE", None),
        (RuntimeError("secret"), 500, "INTERNAL", None),
    ],
)
async def test_a_portal_that_does_not_answer_as_it_should(
    asking: Serve, error: Exception, status: int, code: str, wait: str | None
) -> None:
    async def ask(*_: object) -> bool:
        raise error

    client = await asking(ask)
    answer = await client.get(path("r3"))
    text = await answer.text()
    assert (answer.status, refused(json.loads(text))) == (status, code)
    assert answer.headers.get("Retry-After") == wait
    assert "secret" not in text


async def test_a_database_that_is_gone(serve: Serve, pool: asyncpg.Pool) -> None:
    client = await serve(never)
    await pool.close()
    answer = await client.get(path("r0"))
    assert (answer.status, refused(await answer.json())) == (503, "UNAVAILABLE")


@pytest.mark.parametrize(
    ("record", "name"),
    [("../../etc/passwd", "_.._etc_passwd"), ('a"; x="\r\nb', "a_x_b"), ("..", "payload"), ("é" * 300, "_")],
)
async def test_names_of_files_are_harmless(serve: Serve, own_world: World, record: str, name: str) -> None:
    client = await serve(never)
    await own_world.connection.execute(
        "UPDATE harvest_record SET native_id = $1 WHERE native_id = 'r1'", record
    )
    answer = await client.get(path(record))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.xml"'


async def test_the_schema_says_the_same(asking: Serve, engine: Engine) -> None:
    client = await asking(never)
    found = json.loads(
        await engine.execute(
            "{ harvestRecords { nodes { raw { ...F } transformed { ...F } } } }"
            " fragment F on Payload { state download bytes sha256 }"
        )
    )
    payloads = [node[key] for node in found["data"]["harvestRecords"]["nodes"] for key in node]
    stored = [payload for payload in payloads if payload["state"] == "STORED"]
    assert len(stored) == 4
    for payload in stored:
        body = await (await client.get(payload["download"])).read()
        assert (len(body), hashlib.sha256(body).hexdigest()) == (payload["bytes"], payload["sha256"])
