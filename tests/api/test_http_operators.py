"""What operators ask: is the process up, can it answer, what does it do."""

from __future__ import annotations

from functools import partial
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as Client
from prometheus_client.parser import text_string_to_metric_families

from gateway.errors import DatabaseUnavailable
from gateway.postgres import ensure_ready, head
from harvest_graphql.engine import Engine
from harvest_graphql.pages.mounting import Pages
from harvest_graphql.serving import probes
from harvest_graphql.serving.metrics import Metrics
from harvest_graphql.view import routes

QUERY = "{ portals { key } }"


@pytest.fixture
async def watched(aiohttp_client: Any, own_engine: Engine, pool: asyncpg.Pool) -> Client:
    metrics = Metrics(own_engine, pool)
    app = web.Application()
    app.add_routes([*routes(own_engine, observe=metrics.observe, page=Pages({}).front), *metrics.routes()])
    app.add_routes(probes.routes(partial(ensure_ready, pool, head())))
    client: Client = await aiohttp_client(app)
    return client


async def numbers(client: Client) -> dict[tuple[str, ...], float]:
    answer = await client.get("/metrics")
    assert answer.status == 200
    assert answer.content_type == "text/plain"
    return {
        (sample.name.removeprefix("harvest_gateway_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(await answer.text())
        for sample in family.samples
    }


async def test_requests_are_counted_by_outcome(watched: Client) -> None:
    await watched.post("/graphql", json={"query": QUERY})
    await watched.post("/graphql", json={"query": QUERY})
    await watched.post("/graphql", json={"query": "{ nope }"})
    await watched.put("/graphql")
    await watched.get("/graphql", headers={"X-Api-Key": "x"})
    await watched.get("/graphql", headers={"Accept": "text/html"})
    found = await numbers(watched)
    assert {key[1]: value for key, value in found.items() if key[0] == "requests_total"} == {
        "OK": 2,
        "GRAPHQL_VALIDATION_FAILED": 1,
        "BAD_REQUEST": 1,
        "UNAUTHENTICATED": 1,
        "PAGE": 1,
    }
    assert found["request_duration_seconds_count", "OK"] == 2
    assert 0 < found["request_duration_seconds_sum", "OK"] < 20


async def test_what_the_process_holds(watched: Client) -> None:
    before = await numbers(watched)
    await watched.post("/graphql", json={"query": QUERY})
    after = await numbers(watched)
    assert after["statements_total",] >= before["statements_total",] + 1
    assert after["plans",] == before["plans",] + 1
    assert after["pool_connections_max",] == 2
    assert after["pool_connections",] >= after["pool_connections_idle",]
    assert after["answering_connections",] == 1
    assert after["answering_connections_busy",] == 0
    assert after["database_up",] == 1


async def test_how_current_each_portal_is(watched: Client) -> None:
    found = await numbers(watched)
    answer = await (await watched.post("/graphql", json={"query": QUERY})).json()
    freshness = answer["extensions"]["freshness"]
    for key, told in freshness.items():
        assert found["portal_loading", key] == (told["state"] == "LOADING")
        assert found["portal_complete", key] == told["complete"]
        assert (("portal_polled_timestamp_seconds", key) in found) is (told["polledAt"] is not None)
    assert any(
        name[0] == "portal_polled_timestamp_seconds" and value > 1.7e9 for name, value in found.items()
    )


async def test_the_labels_do_not_grow_with_what_is_asked(watched: Client) -> None:
    for number in range(30):
        await watched.post("/graphql", json={"query": f"{{ f{number} }}", "operationName": f"N{number}"})
        await watched.get(f"/graphql?query={{p{number}}}")
    assert len([key for key in await numbers(watched) if key[0] == "requests_total"]) == 1


async def test_the_newer_format_is_spoken_too(watched: Client) -> None:
    answer = await watched.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.content_type == "application/openmetrics-text"
    assert (await answer.text()).endswith("# EOF\n")


async def test_a_database_that_is_gone(watched: Client, pool: asyncpg.Pool) -> None:
    assert (await watched.get("/readyz")).status == 200
    await watched.post("/graphql", json={"query": QUERY})
    pool.terminate()
    ready = await watched.get("/readyz")
    assert ready.status == 503
    assert "does not answer" in await ready.text()
    assert (await watched.get("/healthz")).status == 200
    found = await numbers(watched)
    assert found["database_up",] == 0
    assert found["requests_total", "OK"] == 1


async def test_the_schema_has_to_be_current(watched: Client, pool: asyncpg.Pool) -> None:
    for revision, status in (("0001", 503), (head(), 200), ("9999", 200)):
        await pool.execute("UPDATE alembic_version SET version_num = $1", revision)
        answer = await watched.get("/readyz")
        assert answer.status == status, revision
        assert answer.headers["Cache-Control"] == "no-store"
    await pool.execute("DROP TABLE alembic_version")
    answer = await watched.get("/readyz")
    assert answer.status == 503
    assert "gateway migrate" in await answer.text()


async def test_connections_that_were_lost_are_no_reason(watched: Client, pool: asyncpg.Pool) -> None:
    await pool.fetchval("SELECT 1")
    with pytest.raises(asyncpg.PostgresConnectionError):
        await pool.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert (await watched.get("/readyz")).status == 200


async def test_the_probes_say_what_is_wrong(aiohttp_client: Any) -> None:
    async def broken() -> None:
        raise DatabaseUnavailable("It is away.", hint="Wait.")

    app = web.Application()
    app.add_routes(probes.routes(broken))
    client = await aiohttp_client(app)
    answer = await client.get("/readyz")
    assert (answer.status, await answer.text()) == (503, "It is away. Wait.\n")
    assert (await (await client.get("/healthz")).text()) == "ok\n"
