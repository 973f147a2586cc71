"""Runs are counted from their rollups where these know enough, and the counts are those of the rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api.grouped import EVERYTHING, LIVE, groups, synced
from api.world import Ask, World, gid, roll_up

from gateway.store import tables
from harvest_graphql.engine import Engine


@pytest.mark.parametrize(
    ("arguments", "by", "rolled"),
    [
        ("", "PORTAL, STATUS, MONTH", True),
        ('filter: {portal: ["data-gov"], status: [FAILED], kind: [HARVEST]}', "PRESENCE, KIND", True),
        ('filter: {createdAt: {since: "2026-01-01"}}', "ORGANIZATION, BACKEND, SOURCE", True),
        (f'filter: {{organization: ["{gid("Organization", "epa")}"]}}', "WEEK", True),
        (f'filter: {{source: ["{gid("HarvestSource", "air")}"]}}', "WEEK", True),
        ("filter: {presence: [PRESENT]}", "STATUS", False),
        (f"filter: {{{LIVE}}}", "STATUS", False),
        ('filter: {nativeStatus: ["x"]}', "STATUS", False),
        ('filter: {nativeId: ["x"]}', "STATUS", False),
    ],
)
async def test_which_counts_come_from_the_rollup(
    engine: Engine, arguments: str, by: str, rolled: bool
) -> None:
    given = f"({arguments})" if arguments else ""
    (each,) = engine.explain(f"{{ harvestJobs{given} {{ groups(by: [{by}]) {{ count }} }} }}")
    assert ("FROM job_rollup " in each.sql) is rolled
    assert ("FROM harvest_job " in each.sql) is not rolled


KEYS = [
    "PORTAL",
    "ORGANIZATION",
    "BACKEND",
    "SOURCE",
    "PRESENCE",
    "STATUS",
    "KIND",
    "DAY",
    "WEEK",
    "MONTH",
    "YEAR",
]


async def same_either_way(ask: Ask, filters: tuple[str, ...]) -> int:
    """Assert that the rollup and the rows say the same; return how many groups were compared."""
    compared = 0
    for number, first in enumerate(KEYS):
        by = [first, *([KEYS[(number + 3) % len(KEYS)]] if number % 2 else [])]
        for narrowed in filters:
            more = ', first: 1000, timeZone: "Europe/Paris"'
            rolled = await groups(
                ask, "harvestJobs", by, given=f"first: 1, filter: {{{narrowed}}}", more=more
            )
            live = await groups(
                ask, "harvestJobs", by, given=f"first: 1, filter: {{{narrowed} {LIVE}}}", more=more
            )
            assert rolled == live, (by, narrowed)
            compared += len(rolled)
    return compared


async def test_the_rollup_says_what_the_rows_say(data: Ask) -> None:
    filters = ("", "status: [SCHEDULED], ", "status: [FAILED, SCHEDULED, LOST], ", 'portal: ["data-gov"], ',
               f'organization: ["{gid("Organization", "epa")}"], ', 'createdAt: {until: "2026-11-10"}, ')  # fmt: skip
    assert await same_either_way(data, filters) > 50


async def test_a_source_that_moves_to_another_publisher_takes_its_runs_along(
    own_world: World, own_engine: Engine
) -> None:
    city = own_world.keys["organization", "city"]
    await own_world.connection.execute(
        "UPDATE harvest_source SET organization_id = $1 WHERE native_id = 'air'", city
    )

    async def ask(document: str) -> Any:
        return json.loads(await own_engine.execute(document))["data"]

    assert (gid("Organization", "city"), 14) in await groups(ask, "harvestJobs", ["ORGANIZATION"])
    await same_either_way(ask, ("", f'organization: ["{gid("Organization", "city")}"], '))


async def test_what_is_only_named_is_counted_live(own_world: World, own_engine: Engine) -> None:
    """A rollup need not know of a stub."""
    await own_world.add(
        tables.HarvestJob, native_id="stub", presence="UNKNOWN", status="UNKNOWN", wire_status="UNKNOWN", kind="UNKNOWN"
    )  # fmt: skip
    await roll_up(own_world.connection)

    async def ask(document: str) -> Any:
        return json.loads(await own_engine.execute(document))["data"]

    assert await groups(ask, "harvestJobs", ["PRESENCE"]) == [("PRESENT", 16)]
    assert await groups(ask, "harvestJobs", ["PRESENCE"], given=EVERYTHING) == [
        ("PRESENT", 16),
        ("UNKNOWN", 1),
    ]


@pytest.mark.parametrize("adapter", ["data-gouv-fr", "data-gov"])
async def test_the_rollup_that_a_sync_wrote_says_what_the_rows_say(adapter: str, database_url: str) -> None:
    async with synced(adapter, database_url, seed=2) as ask:
        found = await same_either_way(
            ask, ("", "status: [SCHEDULED], ", "status: [SUCCEEDED, LOST, FAILED], ")
        )
        presences = await groups(ask, "harvestJobs", ["PRESENCE"])
    assert found > 200
    assert dict(presences)["PRESENT"] > 100
