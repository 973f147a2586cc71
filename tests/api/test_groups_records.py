"""Records are counted from the rollups of their runs where these know enough, and the counts are those of the rows."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from api.grouped import EVERYTHING, LIVE, groups, synced
from api.world import GOV, Ask, World, gid, roll_up

from gateway.store import tables
from harvest_graphql.engine import Engine

KEYS = ("PORTAL", "ORGANIZATION", "BACKEND", "SOURCE", "STATUS")
FILTERS = (
    "",
    "status: [FAILED], ",
    "status: [FAILED, SUCCEEDED], ",
    'portal: ["data-gov"], ',
    f'organization: ["{gid("Organization", "epa")}"], ',
    f'source: ["{gid("HarvestSource", "air")}"], status: [SUCCEEDED], ',
)


@pytest.mark.parametrize(
    ("arguments", "by", "rolled"),
    [
        ("", "PORTAL, STATUS", True),
        ("", "STATUS", True),
        ('filter: {portal: ["data-gov"], status: [FAILED]}', "PORTAL", True),
        ('filter: {portal: ["data-gov", "data-gouv-fr"], status: [FAILED, LOST]}', "STATUS, PORTAL", True),
        ("", "SOURCE", False),
        (f'filter: {{source: ["{gid("HarvestSource", "air")}"]}}', "STATUS", False),
        (f'filter: {{organization: ["{gid("Organization", "epa")}"]}}', "STATUS", False),
        ("", "MONTH", False),
        ("", "ACTION", False),
        ("filter: {presence: [PRESENT]}", "STATUS", False),
        ("filter: {action: [CREATE]}", "STATUS", False),
        (f"filter: {{{LIVE}}}", "STATUS", False),
    ],
)
async def test_which_counts_come_from_rollups(engine: Engine, arguments: str, by: str, rolled: bool) -> None:
    given = f"({arguments})" if arguments else ""
    (each,) = engine.explain(f"{{ harvestRecords{given} {{ totalCount groups(by: [{by}]) {{ count }} }} }}")
    assert ("FROM harvest_record " in each.sql) is not rolled


async def same_either_way(ask: Ask, filters: tuple[str, ...]) -> int:
    """Assert that rollups and rows say the same; return how many groups were compared."""
    compared = 0
    for filter_ in filters:
        rolled, live = (f"first: 1, filter: {{{filter_}{more}}}" for more in ("", LIVE))
        totals = [
            (await ask(f"{{ harvestRecords({given}) {{ totalCount }} }}"))["harvestRecords"]
            for given in (rolled, live)
        ]
        assert totals[0] == totals[1], filter_
        for by in itertools.chain(((key,) for key in KEYS), itertools.permutations(KEYS, 2)):
            more = ", first: 1000"
            counted = await groups(ask, "harvestRecords", list(by), given=rolled, more=more)
            assert counted == await groups(ask, "harvestRecords", list(by), given=live, more=more), by
            compared += len(counted)
    return compared


async def test_the_rollups_say_what_the_rows_say(data: Ask) -> None:
    assert await same_either_way(data, FILTERS) > 50


async def test_the_records_of_one_run_are_counted_by_its_rollup(data: Ask) -> None:
    counts = "{ totalCount groups(by: [STATUS]) { count keys { status } } }"

    def document(given: str) -> str:
        return f"{{ harvestJobs {{ nodes {{ records{given} {counts} }} }} }}"

    assert await data(document("")) == await data(document(f"(filter: {{{LIVE}}})"))


async def test_records_of_a_run_that_is_only_named_are_counted(own_world: World, own_engine: Engine) -> None:
    world = own_world
    job = await world.add(
        tables.HarvestJob, native_id="stub", presence="UNKNOWN", status="UNKNOWN", wire_status="UNKNOWN", kind="UNKNOWN"
    )  # fmt: skip
    await world.connection.execute(
        "UPDATE harvest_record SET job_id = $1 WHERE id = (SELECT min(id) FROM harvest_record WHERE portal = $2)",
        job,
        GOV,
    )
    await roll_up(world.connection)

    async def ask(document: str) -> Any:
        return json.loads(await own_engine.execute(document))["data"]

    await same_either_way(ask, FILTERS)


async def test_other_presences_are_counted_from_the_rows(own_world: World, own_engine: Engine) -> None:
    await own_world.connection.execute(
        "UPDATE harvest_record SET presence = 'GONE' WHERE id = (SELECT min(id) FROM harvest_record)"
    )
    await roll_up(own_world.connection)

    async def ask(document: str) -> Any:
        return json.loads(await own_engine.execute(document))["data"]

    await same_either_way(ask, FILTERS)
    every = await groups(ask, "harvestRecords", ["PRESENCE"], given=EVERYTHING)
    assert ("GONE", 1) in every


@pytest.mark.parametrize("adapter", ["data-gouv-fr", "data-gov"])
async def test_the_rollups_that_a_sync_wrote_say_what_the_rows_say(adapter: str, database_url: str) -> None:
    async with synced(adapter, database_url, seed=3) as ask:
        found = await same_either_way(ask, ("", "status: [FAILED, LOST, ARCHIVED], "))
    assert found > 200
