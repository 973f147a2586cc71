"""What the gateway mounts when it serves: keys, documents, probes, numbers, limits, origins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import ClientSession

from gateway.access.keys import Keys
from gateway.compose import Gateway

PRIVATE = '{ harvestSource(portal: "data-gov", slug: "air") { notificationEmails } }'
Serving = Callable[..., Awaitable[tuple[Gateway, ClientSession]]]


async def test_everything_is_there(serving: Serving) -> None:
    _, session = await serving(cors_origins="https://app.example.org")
    for path in ("/healthz", "/readyz", "/metrics", "/graphql?documentId=portals-freshness"):
        async with session.get(path, headers={"Origin": "https://app.example.org"}) as answer:
            assert answer.status == 200, path
            assert ("Access-Control-Allow-Origin" in answer.headers) is path.startswith("/graphql")
    async with session.get(f"/graphql?query={'x' * 100_000}") as answer:
        assert answer.status == 414
    async with session.get("/metrics") as answer:
        assert 'harvest_gateway_requests_total{outcome="OK"} 1.0' in await answer.text()


async def test_a_key_opens_what_is_private_until_it_is_revoked(serving: Serving) -> None:
    gateway, session = await serving()
    keys = Keys(gateway.pool)
    key = (await keys.create("tests", ["admin"])).key
    for headers, found in (({"X-Api-Key": key}, ["secret@example.org"]), ({}, None)):
        async with session.post("/graphql", json={"query": PRIVATE}, headers=headers) as answer:
            told = await answer.json()
            assert told["data"]["harvestSource"]["notificationEmails"] == found
    async with session.post("/graphql", json={"query": PRIVATE}, headers={"X-Api-Key": f"{key}x"}) as answer:
        assert answer.status == 401


async def test_trusted_documents_alone(serving: Serving) -> None:
    _, session = await serving(documents="trusted")
    async with session.post("/graphql", json={"query": PRIVATE}) as answer:
        assert answer.status == 403
    async with session.post("/graphql", json={"documentId": "portals-freshness"}) as answer:
        assert (await answer.json())["data"]["portals"]


async def test_callers_without_a_key_are_limited_by_address(serving: Serving) -> None:
    gateway, session = await serving(rate_cost=1000, rate_seconds=3600, trusted_proxies="127.0.0.1")
    key = (await Keys(gateway.pool).create("tests", ["sync"])).key
    ask = {"json": {"query": "{ nope }"}}

    async def status(caller: str, **headers: str) -> int:
        sent = {"X-Forwarded-For": caller, **headers}
        async with session.post("/graphql", **ask, headers=sent) as answer:
            return answer.status

    found = [await status("192.0.2.1") for _ in range(12)]
    assert found[:10] == [200] * 10
    assert found[-1] == 429
    async with session.get("/payloads/x", headers={"X-Forwarded-For": "192.0.2.1"}) as answer:
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) >= 1
    async with session.get("/payloads/x", headers={"X-Forwarded-For": "192.0.2.2"}) as answer:
        assert answer.status == 400
    assert await status("192.0.2.1", **{"X-Api-Key": key}) == 200
    assert await status("192.0.2.2") == 200
    rows = await gateway.pool.fetch("SELECT address FROM caller_spending ORDER BY address")
    assert [row["address"] for row in rows] == ["192.0.2.1", "192.0.2.2"]


async def test_the_limit_can_be_left_out(serving: Serving) -> None:
    gateway, session = await serving(rate_cost=0)
    async with session.post("/graphql", json={"query": "{ nope }"}) as answer:
        assert "RateLimit" not in answer.headers
    assert await gateway.pool.fetchval("SELECT count(*) FROM caller_spending") == 0
