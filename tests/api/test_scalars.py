"""The scalars: what they take, what they tell, and who says so."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from api.world import Ask, World
from graphql import GraphQLScalarType, is_specified_scalar_type

from harvest_graphql.engine import Engine
from harvest_graphql.schema import core

OURS = {
    name: type_
    for name, type_ in core().type_map.items()
    if isinstance(type_, GraphQLScalarType) and not is_specified_scalar_type(type_)
}
RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


def test_every_scalar_but_the_portals_addresses_has_a_specification() -> None:
    bare = {name for name, type_ in OURS.items() if not (type_.specified_by_url or "").startswith("https://")}
    assert bare == {"URL"}  # portals hold malformed ones


async def test_instants_are_as_rfc_3339_has_them(data: Ask) -> None:
    found = await data("{ harvestSources(first: 1) { nodes { firstSeenAt changedAt } } }")
    for text in found["harvestSources"]["nodes"][0].values():
        assert RFC3339.fullmatch(text)
        assert datetime.fromisoformat(text).utcoffset() == timedelta(0)


SPANS = [
    (0, "PT0S"),
    (0.012, "PT0.012S"),
    (1, "PT1S"),
    (90.5, "PT1M30.5S"),
    (3600, "PT1H"),
    (86399, "PT23H59M59S"),
    (86400, "P1D"),
    (90061.000001, "P1DT1H1M1.000001S"),
    (2629746, "P30DT10H29M6S"),
    (-61.5, "-PT1M1.5S"),
]


@pytest.mark.parametrize(("seconds", "text"), SPANS)
async def test_spans_are_told_in_their_shortest_form(
    own_engine: Engine, own_world: World, seconds: float, text: str
) -> None:
    await own_world.connection.execute(
        "UPDATE harvest_job SET ended_at = started_at + make_interval(secs => $1) WHERE native_id = 'air-00'",
        seconds,
    )
    document = '{ harvestJob(portal: "data-gov", nativeId: "air-00") { durationSeconds duration } }'
    answer = json.loads(await own_engine.execute(document))
    assert answer["data"]["harvestJob"] == {"durationSeconds": seconds, "duration": text}


async def test_what_has_no_end_has_no_span(data: Ask) -> None:
    found = await data(
        '{ harvestJob(portal: "data-gouv-fr", nativeId: "geo-1") { durationSeconds duration } }'
    )
    assert found["harvestJob"] == {"durationSeconds": None, "duration": None}


@pytest.mark.parametrize(
    ("raw", "cron"),
    [
        ("0 0 * * *", True),
        ("*/15 1,3-5 * jan-mar MON", True),
        ("monthly", False),
        ("every 3 days at noon", False),
        ("0 0 * *", False),
        ("0 0 * * * *", False),
    ],
)
async def test_a_schedule_says_whether_it_is_a_cron_expression(
    own_engine: Engine, own_world: World, raw: str, cron: bool
) -> None:
    await own_world.connection.execute(
        "UPDATE harvest_source SET schedule_raw = $1 WHERE native_id = 'geo'", raw
    )
    document = (
        '{ harvestSource(portal: "data-gouv-fr", slug: "geo") { schedule { raw cron every everySeconds } } }'
    )
    found = json.loads(await own_engine.execute(document))["data"]["harvestSource"]["schedule"]
    assert found == {"raw": raw, "cron": raw if cron else None, "every": "P1D", "everySeconds": 86400}


async def test_a_source_without_a_schedule_has_none(data: Ask) -> None:
    found = await data('{ harvestSource(portal: "data-gov", slug: "air") { schedule { cron every } } }')
    assert found["harvestSource"]["schedule"] is None


@pytest.mark.parametrize("text", ["PT0S", "PT6H", "P1D", "P1DT30M", "PT90.5S", "P10DT1H2M3.000004S"])
async def test_spans_that_are_taken(data: Ask, text: str) -> None:
    document = f'{{ harvestJobs(filter: {{runningLongerThan: "{text}"}}) {{ totalCount }} }}'
    assert (await data(document))["harvestJobs"]["totalCount"] == 0


REFUSED = ("", "P", "PT", "P1DT", "6H", "PT6", "-PT6H", "P1Y", "P1M", "P1W", "PT6h", "PT.5S", "P1.5D", "PT٣S")
TOO_LONG = "P9999999999999D"


@pytest.mark.parametrize(
    "value",
    [
        *REFUSED,
        TOO_LONG,
        3600,
        True,
        None,
        ["PT1H"],
        {"hours": 1},
        pytest.param(f"PT{'9' * 5000}S", id="long"),
    ],
)
async def test_spans_that_are_refused(answer: Ask, value: Any) -> None:
    document = "query ($d: Duration!) { harvestJobs(filter: {runningLongerThan: $d}) { nodes { nativeId } } }"
    found = await answer(document, d=value)
    assert [error["extensions"]["code"] for error in found["errors"]] == ["BAD_USER_INPUT"]
    assert "data" not in found
