"""What lists can be narrowed by: everything that a thing says of itself, its runs' failures, errors, texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api.test_lists import names
from api.world import FR, NOW, Ask, World, gid, hours_ago
from graphql import GraphQLEnumType, GraphQLInputObjectType, get_named_type
from sqlalchemy import Boolean, DateTime, Text

from gateway.model.enums import EntityType
from gateway.store import ledger, tables
from harvest_graphql.engine import Engine
from harvest_graphql.plan.relations import BACKREF, entity_type, is_private, snake, table_of
from harvest_graphql.schema import core

ROOT = core().query_type
assert ROOT is not None
LISTS = {
    name: get_named_type(field.args["filter"].type)
    for name, field in ROOT.fields.items()
    if "filter" in field.args
    and entity_type(get_named_type(field.args["filter"].type).name[: -len("Filter")])
}
"""The input of each list of things of the model."""
LONG = {"description", "state_basis", "validation_comment", "schedule_words"}
"""Texts that are found by `search`, or follow from a text that there is a filter of."""
ADDRESSES = {"api_url", "portal_url", "logo", "logo_thumbnail", "landing_page", "collection_parent_url"}
"""Addresses that follow from an id, or that nobody looks things up by."""
OURS = {"last_seen_at", "wire_status", "text_record_id", "last_job_id", "plain_name"}
"""What the gateway notes for itself, or says by another filter."""


def filters_of(inputs: GraphQLInputObjectType) -> dict[str, dict[str, Any]]:
    return {name: field.extensions[BACKREF].metadata for name, field in inputs.fields.items()}


@pytest.mark.parametrize("inputs", LISTS.values(), ids=str)
def test_every_word_id_text_flag_and_instant_has_a_filter(inputs: GraphQLInputObjectType) -> None:
    type_ = EntityType(inputs.name.removesuffix("Filter"))
    own = {
        marks.get("column", snake(name))
        for name, marks in filters_of(inputs).items()
        if not marks.get("through")
    }
    own |= {name.removesuffix("_contains") for name in own} | {f"{name}_id" for name in own}
    wanted = {
        column.name
        for column in table_of(type_).columns
        if isinstance(column.type, Text | DateTime | Boolean) or "refers" in column.info
        if not is_private(column)
    }
    assert wanted - own - LONG - ADDRESSES - OURS == set()


def some(field: Any, name: str) -> Any:
    """Return a value that a filter takes."""
    named = get_named_type(field.type)
    if isinstance(named, GraphQLEnumType):
        return list(named.values)
    if named.name == "ID":
        target = next(each for each in IDS if name in IDS[each])
        return [gid(target, "x"), gid(target, "y", FR)]
    return {
        "DateTimeRange": {"since": "2026-01-01", "until": "2027-01-01T00:00:00+02:00"},
        "Boolean": True,
        "Int": 1,
        "Duration": "PT1S",
        "String": ["data-gov"] if str(field.type).startswith("[") else "a",
    }[named.name]


IDS = {
    "Organization": {"organization"},
    "Person": {"owner", "validationBy"},
    "HarvestBackend": {"backend"},
    "HarvestSource": {"source"},
    "HarvestJob": {"job", "stateJob"},
    "HarvestRecord": {"record", "latestRecord"},
    "Dataset": {"dataset", "parent"},
}


@pytest.mark.parametrize("field", LISTS)
async def test_every_filter_can_be_asked(engine: Engine, field: str) -> None:
    inputs = LISTS[field]
    selected = "totalCount nodes { id } pageInfo { endCursor }"
    document = f"query ($f: {inputs.name}) {{ {field}(filter: $f) {{ {selected} }} }}"
    for name, each in inputs.fields.items():
        value = [gid(inputs.name.removesuffix("Filter"), "x")] if name == "id" else some(each, name)
        for given in (value, None, [] if isinstance(value, list) else value):
            answer = json.loads(await engine.execute(document, {"f": {name: given}}))
            assert "errors" not in answer, (name, given, answer)
            page = answer["data"][field]
            assert page["totalCount"] >= len(page["nodes"])
            assert page["totalCount"] == 0 or given != [], name


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("consecutiveFailuresGte: 1", ["air", "geo"]),
        ("consecutiveFailuresGte: 2", ["geo"]),
        ("consecutiveFailuresGte: 3", []),
        ("lastJobHasErrors: true", ["air", "geo"]),
        ("lastJobHasErrors: false", []),
        (f'id: ["{gid("HarvestSource", "air")}"]', ["air"]),
        (f'id: ["{gid("HarvestSource", "geo", FR)}", "{gid("HarvestSource", "water")}"]', ["water", "geo"]),
        (f'validationBy: ["{gid("Person", "zoe", FR)}"]', ["geo"]),
        ('scheduleRaw: ["0 0 * * *"]', ["geo"]),
        ('nameContains: "geo"', ["geo"]),
        ('nameContains: "GEO 1"', ["geo"]),
        ('nameContains: "geo-1"', []),
        ('urlContains: "AIR.Example/dàta"', ["air"]),
        ('urlContains: "air-example"', []),
        ('lastJobEndedAt: {until: "2026-11-20T07:01:31Z"}', ["air"]),
    ],
)
async def test_filters_of_sources(data: Ask, filters: str, expected: list[str]) -> None:
    assert await names(data, f"(filter: {{{filters}}})") == expected


@pytest.mark.parametrize(
    ("field", "filters", "expected"),
    [
        ("harvestJobs", "hasErrors: true", ["geo-1", "air-00"]),
        ("harvestJobs", "hasErrors: false, status: [FAILED, RUNNING]", []),
        ("harvestJobs", "hasErrors: false, status: [LOST, PARTIAL]", ["air-02", "air-04", "geo-0"]),
        ("harvestJobs", f'backend: ["{gid("HarvestBackend", "dcat", FR)}"]', ["geo-1", "geo-0"]),
        ("harvestJobs", "sourceActive: true, protocol: [DCAT]", ["geo-1", "geo-0"]),
        ("harvestJobs", "metadataStandard: [CKAN]", []),
        ("harvestJobs", "metadataProfile: [FEDERAL], status: [FAILED]", ["air-00"]),
        ("harvestRecords", "hasErrors: false", ["r2", "r0"]),
        ("harvestRecords", "hasErrors: true, jobStatus: [FAILED]", ["r4", "r3", "r1"]),
        ("harvestRecords", 'remoteUrlContains: "GEO.example"', ["geo-1/0"]),
        ("harvestErrors", "recordStatus: [SKIPPED]", ["geo-1/0/e1", "geo-1/0/e0"]),
        ("harvestErrors", f'dataset: ["{gid("Dataset", "no2")}"], severity: [WARNING]', ["e4-1", "e3-1", "e1-1"]),
        ("harvestErrors", "jobStatus: [RUNNING], hasRecord: false", ["geo-1/e0"]),
        ("harvestErrors", 'messageContains: "Recor\uff3f 1"', []),
        ("harvestErrors", 'messageContains: "IS 50\uff05"', ["e4-1", "e4-0", "e3-1", "e3-0", "e1-1", "e1-0"]),
        ("datasets", 'keyword: ["no₂", "x"]', ["no2"]),
        ("datasets", 'keyword: ["NO"]', []),
        ("datasets", f'stateJob: ["{gid("HarvestJob", "air-00")}"]', ["no2"]),
        ("datasets", f'latestRecord: ["{gid("HarvestRecord", "r0")}"]', ["no2"]),
        ("organizations", 'nameContains: "of BAH"', ["city"]),
        ("organizations", 'alias: ["EPA"]', ["epa"]),
        ("organizations", 'badge: ["certified"], kind: [UNKNOWN]', ["ign"]),
    ],
)  # fmt: skip
async def test_filters_of_the_other_lists(data: Ask, field: str, filters: str, expected: list[str]) -> None:
    assert await names(data, f"(filter: {{{filters}}})", field) == expected


async def test_sources_in_the_order_of_their_failures(data: Ask) -> None:
    assert await names(data, "(orderBy: {field: CONSECUTIVE_FAILURES})") == ["geo", "air", "water"]
    counts = await names(data, "", key="consecutiveFailures")
    assert counts == [0, 1, 2]


RUNNING = "query ($d: Duration!) { harvestJobs(filter: {runningLongerThan: $d}) { nodes { nativeId } } }"


async def running(engine: Engine, span: str) -> list[str]:
    answer = json.loads(await engine.execute(RUNNING, {"d": span}))
    return [node["nativeId"] for node in answer["data"]["harvestJobs"]["nodes"]]


async def test_a_run_goes_on_until_the_portal_was_last_asked(own_engine: Engine, own_world: World) -> None:
    polled = "UPDATE sync_stream SET polled_at = $1 WHERE portal = 1 AND stream = 'jobs'"
    assert await running(own_engine, "PT0S") == []  # it was made after that
    await own_world.connection.execute(polled, NOW)
    assert await running(own_engine, "PT59M59S") == ["geo-1"]
    assert await running(own_engine, "PT1H") == []
    await own_world.connection.execute(
        "UPDATE harvest_job SET started_at = $1 WHERE native_id = 'geo-1'", hours_ago(0.25)
    )
    assert await running(own_engine, "PT16M") == []
    assert await running(own_engine, "PT14M") == ["geo-1"]
    assert await running(own_engine, "P999999999D") == []


async def test_a_first_load_that_has_not_asked_for_runs_goes_by_its_beginning(
    own_engine: Engine, own_world: World
) -> None:
    await own_world.connection.execute("DELETE FROM sync_stream WHERE portal = 1")
    assert await running(own_engine, "PT0S") == []
    await own_world.add(
        ledger.SyncRun, portal=FR, kind="RECONCILE", state="RUNNING", baseline=True, started_at=NOW, requests=0,
        tallies={},
    )  # fmt: skip
    assert await running(own_engine, "PT30M") == ["geo-1"]


def test_what_a_pass_decides_is_in_no_kept_answer() -> None:
    marks = filters_of(LISTS["harvestJobs"])
    assert marks["runningLongerThan"]["volatile"] is True


TITLES = ["zoo", "Étang", "eau", "École", "œuvre", "Zebra", "(a)", "étang", "Ésope", "Ωmega"]
ORDERED = ["(a)", "eau", "École", "Ésope", "Étang", "étang", "œuvre", "Zebra", "zoo", "Ωmega"]


async def titled(world: World) -> None:
    source = world.keys["harvest_source", "air"]
    await world.connection.execute("DELETE FROM dataset")
    for place, title in enumerate(TITLES):
        await world.add(
            tables.Dataset,
            native_id=f"d{place}",
            source_id=source,
            record_type="DATASET",
            state="LIVE",
            title=title,
        )


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_texts_are_in_order_without_accents_on_every_page(
    own_engine: Engine, own_world: World, direction: str
) -> None:
    await titled(own_world)
    seen: list[str] = []
    cursor = None
    order = f"{{field: TITLE, direction: {direction}}}"
    document = f"""query ($c: Cursor) {{ datasets(first: 1, after: $c, orderBy: {order}) {{
        nodes {{ title }} pageInfo {{ endCursor hasNextPage }} }} }}"""
    while True:
        page = json.loads(await own_engine.execute(document, {"c": cursor}))["data"]["datasets"]
        seen += [node["title"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == (ORDERED if direction == "ASC" else ORDERED[::-1])


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("(first: 2, orderBy: {field: TITLE, direction: ASC}) { nodes { title } }", "ix_dataset_title"),
        ('(filter: {titleContains: "Étan"}) { totalCount }', "ix_dataset_alike"),
    ],
)
async def test_texts_are_found_in_their_indexes(
    own_engine: Engine, own_world: World, asked: str, index: str
) -> None:
    await titled(own_world)
    connection = own_world.connection
    (found,) = own_engine.explain(f"{{ datasets{asked} }}")
    async with connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        plan = await connection.fetch(f"EXPLAIN {found.sql}", *found.arguments)
    assert index in "\n".join(row[0] for row in plan)
