"""Aliases, fragments, directives, interfaces, introspection: what GraphQL is beyond fields."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api.world import FR, Ask, World, gid
from graphql import get_introspection_query

from harvest_graphql.engine import Engine
from harvest_graphql.schema import core


async def test_aliases_fragments_and_directives(data: Ask) -> None:
    found = await data(
        """query ($yes: Boolean!, $no: Boolean = false, $slug: String = "air") {
          first: harvestSource(portal: "data-gov", slug: $slug) { ...Named
            title: name @skip(if: $no) url @include(if: $no) }
          second: harvestSource(portal: "data-gov", nativeId: "water") { ...Named ... @include(if: $yes) { createdAt } }
          third: harvestSource(portal: "data-gov", nativeId: "none") { id }
        }
        fragment Named on HarvestSource { __typename name ... on Entity { nativeId }
          organization { n: name } organization { slug } }""",
        yes=True,
    )
    assert found == {
        "first": {
            "__typename": "HarvestSource",
            "name": "Air quality",
            "nativeId": "air",
            "organization": {"n": "Environmental Agency", "slug": "epa"},
            "title": "Air quality",
        },
        "second": {
            "__typename": "HarvestSource",
            "name": "Water",
            "nativeId": "water",
            "organization": {"n": "Environmental Agency", "slug": "epa"},
            "createdAt": "2026-10-18T04:00:00.000000Z",
        },
        "third": None,
    }


async def test_the_same_document_with_other_booleans(data: Ask) -> None:
    document = "query ($on: Boolean!) { portals { key @include(if: $on) title @skip(if: $on) } }"
    assert list((await data(document, on=True))["portals"][0]) == ["key"]
    assert list((await data(document, on=False))["portals"][0]) == ["title"]


async def test_node_is_any_type(data: Ask) -> None:
    ids = [
        gid("Organization", "epa"),
        gid("Person", "zoe", FR),
        gid("HarvestBackend", "dcat", FR),
        gid("HarvestSource", "old"),
        gid("HarvestJob", "air-00"),
        gid("HarvestRecord", "geo-1/0", FR),
        gid("HarvestError", "e-job"),
        gid("Dataset", "no2"),
        gid("Portal", "data-gov"),
    ]
    document = "query ($id: ID!) { node(id: $id) { __typename id ... on Entity { nativeId portal { key } presence } } }"
    for each in ids:
        found = (await data(document, id=each))["node"]
        assert found["id"] == each
    listed = await data(
        """query ($ids: [ID!]!) { nodes(ids: $ids) {
             __typename id ... on HarvestSource { name } ... on Portal { key } } }""",
        ids=[*ids, gid("Dataset", "nowhere"), ids[3]],
    )
    assert [node and node["id"] for node in listed["nodes"]] == [*ids, None, ids[3]]
    assert listed["nodes"][3] == {"__typename": "HarvestSource", "id": ids[3], "name": "Old source"}
    assert listed["nodes"][8]["key"] == "data-gov"


async def test_nothing_found_is_null(data: Ask) -> None:
    found = await data(
        f"""{{ node(id: "{gid("Dataset", "x")}") {{ id }} portal(key: "x") {{ key }}
          harvestJob(portal: "x", nativeId: "y") {{ id }}
          dataset(portal: "data-gov", nativeId: "y") {{ id }} nodes(ids: []) {{ id }} }}"""
    )
    assert found == {"node": None, "portal": None, "harvestJob": None, "dataset": None, "nodes": []}


async def test_look_ups_by_id_and_by_slug(own_engine: Engine, own_world: World) -> None:
    await own_world.connection.execute("UPDATE person SET slug = 'zoe-d'")
    for field, portal, native, slug in (
        ("person", "data-gouv-fr", "zoe", "zoe-d"),
        ("organization", "data-gov", "epa", "epa"),
        ("harvestSource", "data-gov", "air", "air"),
    ):
        for by in (f'nativeId: "{native}"', f'slug: "{slug}"'):
            answer = json.loads(
                await own_engine.execute(f'{{ {field}(portal: "{portal}", {by}) {{ nativeId }} }}')
            )
            assert answer["data"] == {field: {"nativeId": native}}


async def test_every_field_of_every_type_can_be_selected(data: Ask) -> None:
    """All scalar fields of each entity at once, and one level below."""
    schema = core()
    for name, native, portal in (
        ("Organization", "epa", 2),
        ("Person", "zoe", FR),
        ("HarvestBackend", "dcat", FR),
        ("HarvestSource", "air", 2),
        ("HarvestJob", "air-00", 2),
        ("HarvestRecord", "r1", 2),
        ("HarvestError", "e1-0", 2),
        ("Dataset", "no2", 2),
    ):
        text = (
            f"query ($id: ID!) {{ node(id: $id) {{ ... on {name} {{ {_everything(schema, name, 2)} }} }} }}"
        )
        found = (await data(text, id=gid(name, native, portal)))["node"]
        assert found["nativeId"] == native
    portals = await data(f"{{ portals {{ {_everything(schema, 'Portal', 3)} }} }}")
    gov = portals["portals"][1]
    assert gov["counts"] == {
        "__typename": "PortalCounts",
        "organizations": 2, "persons": 0, "backends": 0, "sources": 2, "jobs": 14, "records": 5, "errors": 7,
        "datasets": 1, "quarantined": 0,
    }  # fmt: skip
    assert gov["sync"]["state"] == "READY"
    assert gov["sync"]["polledAt"] == "2026-11-20T08:00:00.000000Z"
    assert gov["sync"]["lastRun"]["requests"] == 7
    assert [stream["stream"] for stream in gov["sync"]["streams"]] == [
        "organizations", "sources", "jobs", "records", "errors",
    ]  # fmt: skip
    assert portals["portals"][0]["sync"]["state"] == "LOADING"


def _everything(schema: Any, name: str, depth: int) -> str:
    words = ["__typename"]
    for field, definition in schema.type_map[name].fields.items():
        named = definition.type
        while hasattr(named, "of_type"):
            named = named.of_type
        if not hasattr(named, "fields"):
            words.append(field)
        elif depth:
            given = {"provenance": '(field: "presence")', "groups": "(by: [PORTAL, MONTH])"}.get(field, "")
            words.append(f"{field}{given} {{ {_everything(schema, named.name, depth - 1)} }}")
    return " ".join(words)


async def test_last_seen_is_told_by_the_stream_or_the_row(data: Ask) -> None:
    document = "query ($id: ID!) { node(id: $id) { ... on Entity { lastSeenAt } } }"
    for id_, expected in (
        (gid("HarvestSource", "air"), "2026-11-19T12:00:00.000000Z"),
        (gid("HarvestSource", "old"), "2026-11-18T20:00:00.000000Z"),
        (gid("Organization", "ign", FR), "2026-11-19T13:00:00.000000Z"),
        (gid("HarvestRecord", "geo-1/0", FR), "2026-10-30T16:00:00.000000Z"),
    ):
        assert (await data(document, id=id_))["node"]["lastSeenAt"] == expected


async def test_introspection_alone_and_beside_data(data: Ask) -> None:
    whole = await data(get_introspection_query())
    assert whole["__schema"]["queryType"]["name"] == "Query"
    mixed = await data(
        '{ __typename a: __type(name: "Node") { name kind } portals { key } __schema { queryType { name } } }'
    )
    assert list(mixed) == ["__typename", "a", "portals", "__schema"]
    assert mixed["a"] == {"name": "Node", "kind": "INTERFACE"}
    named = await data("query ($n: String!) { __type(name: $n) { name } }", n="Portal")
    assert named["__type"]["name"] == "Portal"


async def test_operations_are_chosen_by_name(answer: Ask) -> None:
    document = 'query A { portal(key: "data-gov") { key } } query B { portal(key: "data-gov") { title } }'
    assert (await answer(document, "B"))["data"] == {"portal": {"title": "Data.gov"}}
    assert (await answer(document))["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await answer(document, "C"))["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_many_aliases_of_one_object_and_long_ones(data: Ask) -> None:
    long = "x" * 200
    fields = " ".join(f"a{number}: name" for number in range(55))
    found = await data(f'{{ harvestSource(portal: "data-gov", slug: "air") {{ {fields} {long}: name }} }}')
    assert len(found["harvestSource"]) == 56
    assert found["harvestSource"][long] == "Air quality"


async def test_empty_selections(engine: Engine) -> None:
    assert json.loads(await engine.execute("{ harvestJobs { __typename } }"))["data"] == {
        "harvestJobs": {"__typename": "HarvestJobConnection"}
    }


@pytest.mark.parametrize(
    "text",
    ["{ portals { key } } # comment", "\ufeff{ portals { key } }", "query Q { portals { key, title } }"],
)
async def test_harmless_oddities(data: Ask, text: str) -> None:
    assert len((await data(text))["portals"]) == 2
