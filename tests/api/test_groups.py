"""Grouped counts say what one would count by hand."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import asyncpg
import pytest
from api.grouped import EVERYTHING, LIVE, THINGS, camel, groups, value_of
from api.sending import noting
from api.world import FR, Ask, World, gid, roll_up
from graphql import get_named_type

from gateway.model.enums import EntityType
from gateway.resources import operations
from gateway.store import tables
from harvest_graphql.engine import Engine
from harvest_graphql.held import Held, UnknownZone
from harvest_graphql.plan.keys import keys_of, main_instant
from harvest_graphql.schema import core

LISTS = {
    "organizations": EntityType.ORGANIZATION,
    "harvestBackends": EntityType.HARVEST_BACKEND,
    "harvestSources": EntityType.HARVEST_SOURCE,
    "harvestJobs": EntityType.HARVEST_JOB,
    "harvestRecords": EntityType.HARVEST_RECORD,
    "harvestErrors": EntityType.HARVEST_ERROR,
    "datasets": EntityType.DATASET,
}
EMBEDDED = {"validation_state": "validation { state }"}
"""Keys that a row shows inside of an object of its own."""


def snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def bucket(instant: str | None, name: str, zone: str) -> str | None:
    """Return the first day of the span of time that holds *instant*."""
    if instant is None:
        return None
    day = datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)).date()
    first = {"week": day - timedelta(days=day.weekday()), "month": day.replace(day=1), "day": day}
    return str(first.get(name, day.replace(month=1, day=1)))


def path_of(type_: EntityType, name: str) -> str:
    """Return the selection by which one finds a key's value in a row."""
    key = keys_of(type_)[name]
    if key.is_bucket:
        return camel(main_instant(type_))
    inner = EMBEDDED.get(name, f"{camel(name)} {THINGS.get(name, '')}")
    for relation in reversed(key.path):
        inner = f"{relation} {{ {inner} }}"
    return inner


def read(node: Any, type_: EntityType, name: str, zone: str) -> Any:
    key = keys_of(type_)[name]
    if key.is_bucket:
        return bucket(node[camel(main_instant(type_))], name, zone)
    for relation in key.path:
        node = node and node[relation]
    return node and value_of(node[EMBEDDED.get(name, camel(name)).split()[0]])


@pytest.mark.parametrize("given", ["", EVERYTHING], ids=["usual", "everything"])
@pytest.mark.parametrize("field", LISTS)
async def test_every_key_of_every_list_counts_what_the_list_holds(data: Ask, field: str, given: str) -> None:
    type_, zone = LISTS[field], "America/New_York"
    for name in keys_of(type_):
        listed = await data(f"{{ {field}(first: 100 {given}) {{ nodes {{ {path_of(type_, name)} }} }} }}")
        expected = Counter(read(node, type_, name, zone) for node in listed[field]["nodes"])
        found = await groups(data, field, [name.upper()], given=given, more=f', timeZone: "{zone}"')
        assert dict(found) == expected, name
        counts = [count for _, count in found]
        assert counts == sorted(counts, reverse=True)


def test_every_enum_of_the_schema_is_a_key() -> None:
    """What the list's type shows as an enum can be counted by."""
    types: dict[str, Any] = dict(core().type_map)
    for type_ in LISTS.values():
        fields = types[type_].fields
        shown = {
            snake(name) for name, field in fields.items() if hasattr(get_named_type(field.type), "values")
        }
        words = {name for name, key in keys_of(type_).items() if key.words is not None}
        assert shown <= words
        assert words - shown <= set(EMBEDDED)
        assert set(types[f"{type_}GroupKey"].values) == {name.upper() for name in keys_of(type_)}


async def test_groups_of_one_size_are_ordered_by_their_keys_and_none_is_last(data: Ask) -> None:
    assert await groups(data, "harvestJobs", ["PORTAL", "STATUS"]) == [
        ("data-gov", "SUCCEEDED", 11),
        ("data-gouv-fr", "LOST", 1),
        ("data-gouv-fr", "RUNNING", 1),
        ("data-gov", "FAILED", 1),
        ("data-gov", "LOST", 1),
        ("data-gov", "PARTIAL", 1),
    ]
    assert await groups(data, "harvestJobs", ["YEAR"], given="filter: {status: [LOST]}") == [
        ("2026-01-01", 1),
        (None, 1),
    ]
    assert await groups(data, "harvestSources", ["ORGANIZATION"], given=EVERYTHING) == [
        (gid("Organization", "epa"), 3),
        (gid("Organization", "ign", FR), 1),
        (None, 1),
    ]


async def test_filters_narrow_the_groups_and_the_page_does_not(data: Ask) -> None:
    by = ["STATUS"]
    everything = [("SUCCEEDED", 11), ("LOST", 2), ("FAILED", 1), ("PARTIAL", 1), ("RUNNING", 1)]
    cursor = (await data("{ harvestJobs { pageInfo { endCursor } } }"))["harvestJobs"]["pageInfo"][
        "endCursor"
    ]
    order = "orderBy: {field: TOTAL, direction: ASC}"
    for page in (
        "first: 1",
        f'after: "{cursor}"',
        "last: 2",
        f'last: 1, before: "{cursor}"',
        order,
        "first: 0",
    ):
        assert await groups(data, "harvestJobs", by, given=page) == everything
    for filters, expected in (
        ("status: [FAILED, LOST]", [("LOST", 2), ("FAILED", 1)]),
        ("status: [SCHEDULED]", [("SCHEDULED", 1)]),
        ('portal: ["data-gouv-fr"]', [("LOST", 1), ("RUNNING", 1)]),
        (f'organization: ["{gid("Organization", "ign", FR)}"]', [("LOST", 1), ("RUNNING", 1)]),
        (f'source: ["{gid("HarvestSource", "water")}"]', []),
        ('createdAt: {since: "2026-11-20", until: "2026-11-20T10:00:00Z"}', [("FAILED", 1)]),
        ('nativeStatus: ["x"]', []),
        ("presence: []", []),
        ("presence: [GONE]", []),
    ):
        assert await groups(data, "harvestJobs", by, given=f"filter: {{{filters}}}") == expected


async def test_what_is_not_counted_by_is_null(data: Ask) -> None:
    found = await data(
        """{ harvestJobs { totalCount groups(by: STATUS, first: 1) { __typename n: count
          keys { __typename status kind day source { id } } } nodes { nativeId } pageInfo { hasNextPage } } }"""
    )
    nothing = dict.fromkeys(("kind", "day", "source"))
    assert found["harvestJobs"]["groups"] == [
        {
            "__typename": "HarvestJobGroup",
            "n": 11,
            "keys": {"__typename": "HarvestJobGroupKeys", "status": "SUCCEEDED", **nothing},
        }
    ]
    assert found["harvestJobs"]["totalCount"] == len(found["harvestJobs"]["nodes"]) == 16


async def test_groups_of_nested_lists_and_lists_below_groups(data: Ask) -> None:
    found = await data(
        """{ harvestSources(orderBy: {field: NAME, direction: ASC}) { nodes { nativeId
          jobs { groups(by: [STATUS], first: 9) { count keys { status } } }
          records { groups(by: [STATUS, RECORD_TYPE], first: 9) { count keys { status recordType } } } }
          groups(by: [ORGANIZATION], first: 9) { count keys { organization { name sources { totalCount
            groups(by: [PROTOCOL], first: 9) { count } } } } } } }"""
    )
    air, _, water = found["harvestSources"]["nodes"]
    assert air["jobs"]["groups"][0] == {"count": 11, "keys": {"status": "SUCCEEDED"}}
    assert [(*each["keys"].values(), each["count"]) for each in air["records"]["groups"]] == [
        ("FAILED", "DATASET", 3),
        ("SUCCEEDED", "DATASET", 2),
    ]
    assert water["jobs"]["groups"] == water["records"]["groups"] == []
    assert found["harvestSources"]["groups"] == [
        {"count": 2, "keys": {"organization": {
            "name": "Environmental Agency", "sources": {"totalCount": 2, "groups": [{"count": 2}]}}}},
        {"count": 1, "keys": {"organization": {
            "name": "IGN", "sources": {"totalCount": 1, "groups": [{"count": 1}]}}}},
    ]  # fmt: skip


PARIS = [
    ("2026-02-28T22:59:59Z", "2026-02-01"),  # the last second of February, in winter: UTC+1
    ("2026-02-28T23:00:00Z", "2026-03-01"),
    ("2026-03-29T00:59:59Z", "2026-03-01"),  # the clocks go forward
    ("2026-03-29T01:00:00Z", "2026-03-01"),
    ("2026-03-31T21:59:59Z", "2026-03-01"),  # the last second of March, in summer: UTC+2
    ("2026-03-31T22:00:00Z", "2026-04-01"),
    ("2026-10-25T00:30:00Z", "2026-10-01"),  # half past two, twice
    ("2026-10-25T01:30:00Z", "2026-10-01"),
]


async def test_months_and_days_in_which_the_clocks_change(own_world: World, own_engine: Engine) -> None:
    await own_world.connection.execute("DELETE FROM harvest_job")
    await own_world.connection.execute("DELETE FROM job_rollup")
    for number, (instant, _) in enumerate(PARIS):
        await own_world.add(
            tables.HarvestJob, native_id=f"dst-{number}", status="SUCCEEDED", wire_status="SUCCEEDED",
            kind="HARVEST", created_at=datetime.fromisoformat(instant),
        )  # fmt: skip
    await roll_up(own_world.connection)

    async def ask(document: str, **variables: Any) -> Any:
        return json.loads(await own_engine.execute(document, variables))["data"]

    for given in ("", f"filter: {{{LIVE}}}"):
        by_month = await groups(ask, "harvestJobs", ["MONTH"], given=given, more=', timeZone: "Europe/Paris"')
        assert dict(by_month) == Counter(month for _, month in PARIS)
        for zone in ("Europe/Paris", "UTC", "Asia/Kathmandu", "America/Los_Angeles", "Pacific/Kiritimati"):
            for name in ("DAY", "WEEK", "MONTH", "YEAR"):
                found = await groups(
                    ask, "harvestJobs", [name], given=given, more=", timeZone: $zone", zone=zone
                )
                assert dict(found) == Counter(bucket(each, name.lower(), zone) for each, _ in PARIS)


@pytest.mark.parametrize(
    "zone",
    ["", "Foo+7", "UTC+5", "<+07>-7", "utc", "europe/paris", "Europe/Paris ", "localtime", "Factory", "posixrules",
     "../../etc/passwd", "/etc/localtime", "Europe/Paris'; DROP TABLE harvest_job; --", "Europe/Paris\0", "\ud800",
     "x" * 5000, "Europe/", "Europe", "1", "interval '1 hour'"],
)  # fmt: skip
async def test_what_is_no_time_zone_is_the_callers_mistake(answer: Ask, zone: str) -> None:
    document = "query ($z: String) { harvestJobs { groups(by: [DAY], timeZone: $z) { count } } }"
    (error,) = (await answer(document, z=zone))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert len(error["message"]) < 200


async def test_every_time_zone_that_is_one_is_known_to_postgres(seeded_url: str) -> None:
    async with asyncpg.create_pool(seeded_url, min_size=1, max_size=1) as pool:
        listed = await pool.fetchval("SELECT array_agg(name) FROM pg_timezone_names")
        held = Held(pool, size=1, deadline_seconds=5)
        with pytest.raises(UnknownZone):
            await held.row("SELECT now() AT TIME ZONE $1::text", ["Nowhere/Land"])
        await held.close()
    assert {"Europe/Paris", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+12"} <= set(listed)
    assert {"Europe/Paris", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+12"} <= available_timezones()


async def test_the_time_zone_is_utc_unless_it_is_said(data: Ask) -> None:
    plain = await groups(data, "harvestJobs", ["DAY"])
    document = "query ($z: String) { harvestJobs { groups(by: [DAY], timeZone: $z) { count keys { day } } } }"
    for variables in ({}, {"z": None}, {"z": "UTC"}, {"z": "Etc/UTC"}):
        found = (await data(document, **variables))["harvestJobs"]["groups"]
        assert [(each["keys"]["day"], each["count"]) for each in found] == plain


@pytest.mark.parametrize(
    "arguments",
    ["by: []", "by: [STATUS, STATUS]", "by: [DAY, WEEK, MONTH, YEAR]", "by: [DAY], first: -1",
     "by: [DAY], first: 1001"],
)  # fmt: skip
async def test_too_many_keys_or_groups_are_the_callers_mistake(answer: Ask, arguments: str) -> None:
    (error,) = (await answer(f"{{ harvestJobs {{ groups({arguments}) {{ count }} }} }}"))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("arguments", ["by: [NAME]", "by: [STATE]", "by: null", "", "by: [DAY], timeZone: 1"])
async def test_what_does_not_fit_the_schema_is_refused(answer: Ask, arguments: str) -> None:
    given = f"({arguments})" if arguments else ""
    (error,) = (await answer(f"{{ harvestJobs {{ groups{given} {{ count }} }} }}"))["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_the_number_of_groups_is_what_was_asked_for(data: Ask) -> None:
    everything = await groups(data, "harvestJobs", ["DAY", "STATUS"])
    assert len(everything) == 16
    for size in (0, 1, 5, 15):
        assert (
            await groups(data, "harvestJobs", ["DAY", "STATUS"], more=f", first: {size}") == everything[:size]
        )


async def test_a_document_cannot_ask_for_unbounded_work(answer: Ask) -> None:
    many = " ".join(f"a{n}: harvestJobs {{ groups(by: [DAY]) {{ count }} }}" for n in range(11))
    spread = "query { " + " ".join(f"a{n}: harvestJobs {{ ...F ...G }}" for n in range(6)) + " }"
    spread += " fragment F on HarvestJobConnection { x: groups(by: [DAY]) { count } }"
    spread += " fragment G on HarvestJobConnection { y: groups(by: [DAY]) { count } }"
    for document in (f"{{ {many} }}", spread):
        (error,) = (await answer(document))["errors"]
        assert error["extensions"]["code"] == "DOCUMENT_TOO_LARGE"
        assert "grouped counts" in error["message"]
    below = "harvestJobs(first: 0) { groups(by: [SOURCE], first: 1000) { keys { source { jobs { nodes { id } } } } } }"
    (error,) = (await answer(f"{{ {below} }}"))["errors"]
    assert error["extensions"]["code"] == "TOO_EXPENSIVE"


async def test_keys_given_by_variables_choose_the_plan(engine: Engine, data: Ask) -> None:
    document = """query ($by: [HarvestJobGroupKey!]!) { harvestJobs {
        groups(by: $by) { count keys { status kind portal { key } } } } }"""
    for by, expected in (
        (["STATUS"], ("SUCCEEDED", None, None)),
        (["KIND"], (None, "HARVEST", None)),
        ("KIND", (None, "HARVEST", None)),
        (["PORTAL", "STATUS"], ("SUCCEEDED", None, {"key": "data-gov"})),
    ):
        found = (await data(document, by=by))["harvestJobs"]["groups"]
        assert tuple(found[0]["keys"].values()) == expected
    one = """query ($key: HarvestJobGroupKey!) { harvestJobs { groups(by: [$key]) { count keys { status kind } } } }"""
    for key, expected_keys in (("STATUS", ("SUCCEEDED", None)), ("KIND", (None, "HARVEST"))):
        found = (await data(one, key=key))["harvestJobs"]["groups"]
        assert tuple(found[0]["keys"].values()) == expected_keys
    assert engine.plans == 5


async def test_groups_are_counted_in_the_lists_own_statement(seeded_url: str) -> None:
    sent: list[str] = []

    async with asyncpg.create_pool(seeded_url, min_size=1, max_size=1, connection_class=noting(sent)) as pool:
        engine = Engine(pool, status_seconds=60, connections=1)
        await engine.status()
        sent.clear()
        await engine.execute(
            """{ harvestSources { nodes { jobs { groups(by: [STATUS, MONTH]) { count keys { month } } } }
              groups(by: [ORGANIZATION, BACKEND, PORTAL]) { count keys { organization { name } backend { id } } } } }"""
        )
        await engine.execute("{ harvestSources { nodes { id } } }")
        counted, plain = sent
        assert "GROUP BY" in counted
        assert "GROUP BY" not in plain
        await engine.close()


async def test_runs_by_month(engine: Engine) -> None:
    found = json.loads(await engine.execute(operations()["runs-by-month"], {"portal": ["data-gov"]}))
    jobs = found["data"]["harvestJobs"]
    assert sum(each["count"] for each in jobs["groups"]) == jobs["totalCount"] == 14
    assert jobs["groups"][0] == {
        "count": 11,
        "keys": {
            "portal": {"key": "data-gov", "title": "Data.gov"},
            "month": "2026-11-01",
            "status": "SUCCEEDED",
        },
    }
