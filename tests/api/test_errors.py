"""What users are told when something is wrong: a code, words that help, nothing of the inside."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import asyncpg
import pytest
from api.engines import engine_on
from api.world import FR, Ask, World, gid

from gateway.postgres import connect_pool
from harvest_graphql.engine import Engine
from harvest_graphql.limits import Limits

BAD = [
    ("{", {}, "GRAPHQL_PARSE_FAILED"),
    ("", {}, "GRAPHQL_PARSE_FAILED"),
    ("{ harvestSources { nope } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("{ harvestSources }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("mutation { x }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("subscription { x }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("query ($a: Int!) { harvestJobs(first: $a) { totalCount } }", {}, "BAD_USER_INPUT"),
    ("query ($a: Int!) { harvestJobs(first: $a) { totalCount } }", {"a": "x"}, "BAD_USER_INPUT"),
    ("query ($a: Int!) { harvestJobs(first: $a) { totalCount } }", {"a": 10**30}, "BAD_USER_INPUT"),
    (
        "query ($s: [JobStatus!]) { harvestJobs(filter: {status: $s}) { totalCount } }",
        {"s": ["NOPE"]},
        "BAD_USER_INPUT",
    ),
    (
        "query ($s: JobStatus = FAILED) { harvestJobs(filter: {status: [$s]}) { totalCount } }",
        {"s": None},
        "BAD_USER_INPUT",
    ),
    (
        "query ($d: DateTime) { harvestJobs(filter: {createdAt: {since: $d}}) { totalCount } }",
        {"d": "soon"},
        "BAD_USER_INPUT",
    ),
    (
        "query ($d: DateTime) { harvestJobs(filter: {createdAt: {since: $d}}) { totalCount } }",
        {"d": 5},
        "BAD_USER_INPUT",
    ),
    ('{ harvestJobs(filter: {createdAt: {since: "soon"}}) { totalCount } }', {}, "GRAPHQL_VALIDATION_FAILED"),
    ("{ harvestJobs(first: 101) { nodes { id } } }", {}, "BAD_USER_INPUT"),
    ("{ harvestJobs(first: -1) { nodes { id } } }", {}, "BAD_USER_INPUT"),
    ("{ harvestJobs(first: 1, last: 1) { nodes { id } } }", {}, "BAD_USER_INPUT"),
    (
        "{ portals { key } harvestSources { nodes { jobs(last: 1000) { totalCount } } } }",
        {},
        "BAD_USER_INPUT",
    ),
    ('{ harvestJobs(after: "x") { nodes { id } } }', {}, "BAD_CURSOR"),
    ("query ($c: Cursor) { harvestJobs(after: $c) { nodes { id } } }", {"c": "x"}, "BAD_CURSOR"),
    ("query ($c: Cursor) { harvestJobs(after: $c) { nodes { id } } }", {"c": 5}, "BAD_CURSOR"),
    ("query ($c: Cursor) { harvestJobs(after: $c) { nodes { id } } }", {"c": "x" * 9000}, "BAD_CURSOR"),
    ('{ node(id: "x") { id } }', {}, "BAD_ID"),
    ("query ($i: ID!) { node(id: $i) { id } }", {"i": "x"}, "BAD_ID"),
    ("query ($i: ID!) { node(id: $i) { id } }", {"i": 5}, "BAD_ID"),
    ("query ($i: ID!) { node(id: $i) { id } }", {"i": "\ud800"}, "BAD_ID"),
    ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["x"]}, "BAD_ID"),
    ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": [gid("Dataset", "a")] * 101}, "BAD_USER_INPUT"),
    (
        "query ($i: [ID!]) { harvestJobs(filter: {source: $i}) { totalCount } }",
        {"i": [gid("Dataset", "x")]},
        "BAD_ID",
    ),
    (
        "query ($i: [ID!]) { harvestJobs(filter: {source: $i}) { totalCount } }",
        {"i": [gid("Dataset", "x")] * 2},
        "BAD_ID",
    ),
    ('{ harvestSource(portal: "data-gov") { id } }', {}, "BAD_USER_INPUT"),
    ('{ harvestSource(portal: "data-gov", nativeId: "a", slug: "b") { id } }', {}, "BAD_USER_INPUT"),
    ('{ harvestSources(filter: {portal: ["nowhere"]}) { totalCount } }', {}, "BAD_USER_INPUT"),
    ("query ($s: String!) { harvestSource(portal: $s, slug: $s) { id } }", {"s": "a\0b"}, "BAD_USER_INPUT"),
    ("query ($s: String!) { harvestSource(portal: $s, slug: $s) { id } }", {"s": "\udfff"}, "BAD_USER_INPUT"),
    (
        "query ($s: String!) { harvestSources(filter: {nameContains: $s}) { totalCount } }",
        {"s": "\0"},
        "BAD_USER_INPUT",
    ),
    ('{ harvestSources(filter: {slug: ["\\u0000"]}) { totalCount } }', {}, "BAD_USER_INPUT"),
    ("{" + "a{" * 5000 + "}" * 5001, {}, "GRAPHQL_PARSE_FAILED"),
    ("{ harvestJobs(filter: " + "[" * 5000 + ") { totalCount } }", {}, "GRAPHQL_PARSE_FAILED"),
    ("{ portals { " + "key " * 5000 + "} }", {}, "GRAPHQL_PARSE_FAILED"),
    ("{ portals { " + "key " * 500 + "} }", {}, "DOCUMENT_TOO_LARGE"),
    ("{ portals { " + " ".join(f"a{n}: key" for n in range(500)) + "} }", {}, "DOCUMENT_TOO_LARGE"),
    (
        "{ harvestSources { nodes " + "{ lastJob { source " * 10 + "{ id }" + "} }" * 10 + "} }",
        {},
        "DOCUMENT_TOO_LARGE",
    ),
]


WIDE = " ".join(
    f"a{n}: portal {{ key title baseUrl siteUrl caveats notice sync {{ state }} }}" for n in range(55)
)
BAD += [
    # Fields of any type are written once for each type: Postgres would plan this for half a second.
    (f"{{ nodes(ids: []) {{ ... on Entity {{ {WIDE} }} }} }}", {}, "DOCUMENT_TOO_LARGE"),
    (f"{{ nodes(ids: {'1' * 5000}) {{ id }} }}", {}, "DOCUMENT_TOO_LARGE"),
    ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["x"] * 600}, "BAD_USER_INPUT"),
    ("query ($s: String!) { search(text: $s) { totalCount } }", {"s": "x" * 10_001}, "BAD_USER_INPUT"),
]


@pytest.mark.parametrize(("document", "variables", "code"), BAD)
async def test_users_mistakes_have_a_code(
    engine: Engine, document: str, variables: dict[str, Any], code: str
) -> None:
    answer = json.loads(await engine.execute(document, variables))
    assert "data" not in answer
    for error in answer["errors"]:
        assert error["extensions"] == {"code": code}
        assert error["message"]
        assert len(error["message"]) < 600


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "values",
    [
        ("CREATED_AT", "DESC", "2026-01-01T00:00:00+00:00", 10**30),
        ("CREATED_AT", "DESC", "2026-01-01T00:00:00+00:00", True),
        ("CREATED_AT", "DESC", "2026-01-01T00:00:00+00:00", "1"),
        ("CREATED_AT", "DESC", "2026-01-01", 1),
        ("CREATED_AT", "DESC", "yesterday", 1),
        ("CREATED_AT", "DESC", 5, 1),
        ("CREATED_AT", "DESC", "a\0b", 1),
        ("CREATED_AT", "DESC", "\ud800", 1),
        ("CREATED_AT", "DESC", float("nan"), 1),
        ("CREATED_AT", "DESC", [], 1),
        ("CREATED_AT", "ASC", "2026-01-01T00:00:00+00:00", 1),
        ("CREATED_AT", "ASC", None, 1),
        ("TOTAL", "DESC", 5, 1),
        ("CREATED_AT", "DESC", None),
        {"a": 1},
        (),
    ],
)
async def test_cursors_that_the_gateway_did_not_make_or_for_another_order(answer: Ask, values: Any) -> None:
    found = await answer("query ($c: Cursor) { harvestJobs(after: $c) { nodes { id } } }", c=cursor(*values))
    assert found["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


async def test_a_cursor_without_the_key_of_an_order_that_always_has_one(answer: Ask) -> None:
    found = await answer(
        "query ($c: Cursor) { harvestJobs(after: $c, orderBy: {field: CHANGED_AT}) { nodes { id } } }",
        c=cursor("CHANGED_AT", "DESC", None, 1),
    )
    assert found["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


async def test_an_unknown_portal_is_told_which_there_are(answer: Ask) -> None:
    found = await answer('{ harvestSources(filter: {portal: ["x", "data-gov"]}) { totalCount } }')
    assert found["errors"][0]["message"] == "There is no portal 'x'. The portals are: data-gouv-fr, data-gov."


async def test_a_portal_that_is_newer_than_the_engine_is_found(own_world: World, own_engine: Engine) -> None:
    await own_engine.status()
    await own_world.connection.execute(
        "INSERT INTO portal SELECT 5, 'third', adapter, title, base_url, site_url, sandbox, inventory, capabilities,"
        " caveats, breaker_state, breaker_until, notice FROM portal WHERE number = 2"
    )
    await own_world.connection.execute("UPDATE harvest_source SET portal = 5 WHERE native_id = 'water'")
    found = json.loads(
        await own_engine.execute(
            '{ harvestSources(filter: {portal: ["third"]}) { nodes { id portal { key } } } }'
        )
    )
    (node,) = found["data"]["harvestSources"]["nodes"]
    assert node["portal"]["key"] == "third"
    assert list(found["extensions"]["freshness"]) == ["data-gouv-fr", "data-gov", "third"]


async def test_the_gateways_own_mistakes_are_masked(
    own_world: World, own_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    await own_world.connection.execute("ALTER TABLE harvest_source DROP COLUMN slug CASCADE")
    body = await own_engine.execute("{ portals { key } harvestSources { nodes { slug } } }")
    answer = json.loads(body)
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["path"] == ["harvestSources"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert b"slug" not in body
    assert b"SELECT" not in body
    reference = error["message"].split()[-1].strip(".")
    assert reference in caplog.text
    assert "UndefinedColumnError" in caplog.text


async def test_a_statement_that_takes_too_long(own_world: World, pool: asyncpg.Pool) -> None:
    async with engine_on(pool, deadline_seconds=0.3) as engine:
        holder = own_world.connection.transaction()
        await holder.start()
        await own_world.connection.execute("LOCK TABLE harvest_job IN ACCESS EXCLUSIVE MODE")
        answer = json.loads(await engine.execute("{ harvestJobs { totalCount } }"))
        await holder.rollback()
        assert answer["errors"][0]["extensions"]["code"] == "TIMEOUT"
        again = json.loads(await engine.execute("{ harvestJobs { totalCount } }"))
        assert again["data"]["harvestJobs"]["totalCount"] == 16


async def test_a_lost_connection_is_replaced(own_world: World, own_engine: Engine) -> None:
    document = "{ harvestJobs { totalCount } }"
    first = await own_engine.execute(document)
    await own_world.connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await asyncio.sleep(0.05)
    assert await own_engine.execute(document) == first


async def test_many_requests_share_few_connections(engine: Engine) -> None:
    document = "query ($n: Int) { harvestJobs(first: $n) { nodes { id } } }"
    answers = await asyncio.gather(*(engine.execute(document, {"n": number}) for number in range(50)))
    assert [len(json.loads(answer)["data"]["harvestJobs"]["nodes"]) for answer in answers] == [
        min(number, 16) for number in range(50)
    ]


async def test_a_pool_that_is_given_back_is_as_it_was(own_world: World, pool: asyncpg.Pool) -> None:
    assert own_world.keys
    async with engine_on(pool, connections=2) as engine:
        await engine.execute("{ portals { key } }")
    async with pool.acquire() as connection:
        assert isinstance(connection, asyncpg.pool.PoolConnectionProxy)
        assert await connection.fetchval("SHOW statement_timeout") == "0"


def test_ids_of_two_portals_differ() -> None:
    assert gid("HarvestSource", "a") != gid("HarvestSource", "a", FR)


async def test_what_costs_too_much_is_refused_before_it_runs(engine: Engine) -> None:
    below = "records(first: 100) { nodes { errors(first: 3) { nodes { id } } } }"
    text = f"{{ harvestJobs(first: 100) {{ nodes {{ {below} }} }} }}"
    sent = engine.sent
    answer = json.loads(await engine.execute(text))
    assert answer["errors"][0]["extensions"]["code"] == "TOO_EXPENSIVE"
    assert "40,100" in answer["errors"][0]["message"]
    assert engine.sent == sent


async def test_every_answer_says_what_it_cost(engine: Engine) -> None:
    answer = json.loads(
        await engine.execute("{ harvestSources(first: 2) { nodes { organization { name } } } }")
    )
    assert answer["extensions"]["cost"] == {"nodes": 4, "limit": 20_000}


async def test_an_answer_that_is_too_long_is_not_sent(seeded_url: str) -> None:
    pool = await connect_pool(seeded_url, size=2)
    small = Engine(pool, limits=Limits(answer_bytes=50))
    try:
        answer = json.loads(await small.execute("{ harvestSources { nodes { id name description } } }"))
    finally:
        await small.close()
        await pool.close()
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "ANSWER_TOO_LARGE"
