"""How many statements are really sent, and that plans are found again."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest
from api.sending import noting
from api.world import FR, gid

from harvest_graphql.engine import Engine
from harvest_graphql.visibility import READ_PRIVATE


@pytest.fixture
async def logged(seeded_url: str) -> Any:
    """An engine, and the statements that its connections sent."""
    sent: list[str] = []

    async with asyncpg.create_pool(seeded_url, min_size=1, max_size=2, connection_class=noting(sent)) as pool:
        engine = Engine(pool, status_seconds=60)
        await engine.status()
        sent.clear()
        yield engine, sent
        await engine.close()


async def test_ten_jobs_and_five_errors_each_are_one_statement(logged: tuple[Engine, list[str]]) -> None:
    engine, sent = logged
    document = """{ harvestSources(first: 100, filter: {portal: ["data-gov"]}) { nodes { name organization { name }
        jobs(first: 10) { nodes { status errors(first: 5) { nodes { message } } } } } } }"""
    answer = json.loads(await engine.execute(document))
    assert len(sent) == 1
    assert [each.sql for each in engine.explain(document)] == sent
    nodes = answer["data"]["harvestSources"]["nodes"]
    jobs = next(node["jobs"]["nodes"] for node in nodes if node["name"] == "Air quality")
    assert len(jobs) == 10
    assert len(jobs[0]["errors"]["nodes"]) == 5


async def test_freshness_costs_no_statement_of_its_own(engine: Engine) -> None:
    before = engine.sent
    await engine.execute("{ portals { key } harvestJobs { totalCount } }")
    assert engine.sent - before == 2


async def test_total_count_is_counted_only_where_it_is_selected(engine: Engine) -> None:
    (without,) = engine.explain("{ harvestJobs { nodes { id } } }")
    (with_it,) = engine.explain("{ harvestJobs { totalCount } }")
    assert "SELECT count(*) FROM" not in without.sql
    assert "SELECT count(*) FROM" in with_it.sql
    assert "LIMIT" not in with_it.sql


async def test_one_plan_serves_all_calls_of_one_shape(engine: Engine) -> None:
    document = """query ($f: HarvestSourceFilter, $n: Int) {
      harvestSources(filter: $f, first: $n) { nodes { nativeId } } }"""
    asked = [
        ({"slug": ["air"]}, 20, ["air"]),
        ({"slug": ["geo"]}, 20, ["geo"]),
        ({"slug": ["geo", "air"]}, 20, ["air", "geo"]),
        ({"slug": ["geo", "air", "x"]}, 20, ["air", "geo"]),
        ({"slug": []}, 20, []),
        ({"slug": None}, 20, ["water", "air", "geo"]),
        ({"active": True}, 20, ["geo"]),
        ({"active": False}, 20, []),
        ({"active": True, "slug": ["air"]}, 20, []),
        ({"organization": [gid("Organization", "epa")]}, 20, ["water", "air"]),
        ({"organization": [gid("Organization", "ign", FR)]}, 20, ["geo"]),
        (None, 1, ["water"]),
        (None, None, ["water", "air", "geo"]),
    ]
    for _ in range(2):
        for filters, size, expected in asked:
            answer = json.loads(await engine.execute(document, {"f": filters, "n": size}))
            assert [node["nativeId"] for node in answer["data"]["harvestSources"]["nodes"]] == expected
    assert engine.plans == 10


async def test_orders_given_by_variables_choose_the_plan(engine: Engine) -> None:
    document = "query ($o: HarvestSourceOrder) { harvestSources(orderBy: $o) { nodes { nativeId } } }"
    for order, expected in (
        ({"field": "NAME", "direction": "ASC"}, ["air", "geo", "water"]),
        ({"field": "NAME", "direction": "DESC"}, ["water", "geo", "air"]),
        ({"field": "CREATED_AT"}, ["water", "air", "geo"]),
        ({"direction": "ASC"}, ["geo", "air", "water"]),
    ):
        answer = json.loads(await engine.execute(document, {"o": order}))
        assert [node["nativeId"] for node in answer["data"]["harvestSources"]["nodes"]] == expected


async def test_values_are_never_part_of_the_statement(engine: Engine) -> None:
    hostile = "x'; DROP TABLE harvest_source; --"
    for document, variables in (
        (
            f'{{ harvestSources(filter: {{slug: ["{hostile}"], nameContains: "{hostile}"}}) {{ nodes {{ id }} }} }}',
            {},
        ),
        (
            "query ($s: String) { harvestSource(portal: $s, slug: $s) { id } }".replace(
                "String)", "String!)"
            ),
            {"s": hostile},
        ),
    ):
        for each in engine.explain(document, variables):
            assert "DROP" not in each.sql
        assert "errors" not in json.loads(await engine.execute(document, variables))


async def test_origins_payloads_and_settings_cost_no_statement_of_their_own(
    logged: tuple[Engine, list[str]],
) -> None:
    engine, sent = logged
    document = """{
      portals { jobStatuses { told words { word status } } }
      harvestSources(first: 20) { nodes { native document { hash text json }
        provenance(field: "name") { rules { rule } }
        config { filters { label declared } extraConfigs { declared } featureSettings { key enabled } }
        records(first: 5) { nodes { raw { ...P } transformed { ...P } document { text } provenance(field: "status") {
          rules { pointer basis clock } document { bytes } } } } } }
    } fragment P on Payload { id state mediaType bytes sha256 text json caveat download href }"""
    answer = json.loads(await engine.execute(document, scopes=frozenset({READ_PRIVATE})))
    assert "errors" not in answer
    assert len(sent) == 2
    assert [each.sql for each in engine.explain(document, scopes=frozenset({READ_PRIVATE}))] == sent
