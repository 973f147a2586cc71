from __future__ import annotations

import json

import pytest
from api.world import Ask, World

from harvest_graphql.engine import Engine

PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { nativeId } }"
WAYS = [
    ("harvestJobs", "{field: CREATED_AT, direction: DESC}"),
    ("harvestJobs", "{field: CREATED_AT, direction: ASC}"),
    ("harvestJobs", "{field: ENDED_AT, direction: DESC}"),
    ("harvestJobs", "{field: TOTAL, direction: ASC}"),
    ("harvestJobs", "{field: FAILED, direction: DESC}"),
    ("harvestJobs", "{field: CHANGED_AT, direction: ASC}"),
    ("harvestSources", "{field: NAME, direction: DESC}"),
    ("harvestSources", "{field: NEXT_RUN_AT, direction: ASC}"),
    ("harvestErrors", "{field: CREATED_AT, direction: ASC}"),
]


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(("field", "order"), WAYS)
async def test_paging_shows_every_row_once_in_both_directions(
    data: Ask, field: str, order: str, size: int
) -> None:
    whole = await data(f"{{ {field}(first: 100, orderBy: {order}) {{ totalCount nodes {{ nativeId }} }} }}")
    everything = [node["nativeId"] for node in whole[field]["nodes"]]
    assert whole[field]["totalCount"] == len(everything) == len(set(everything)) > 2
    forward, backward = [], []
    cursor = None
    while True:
        page = (
            await data(
                f"query ($after: Cursor) {{ {field}(first: {size}, after: $after, orderBy: {order}) {{ {PAGE} }} }}",
                after=cursor,
            )
        )[field]
        forward += [edge["node"]["nativeId"] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] is (cursor is not None)
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
        cursor = page["pageInfo"]["endCursor"]
        assert cursor == page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert forward == everything
    cursor = None
    while True:
        page = (
            await data(
                f"query ($before: Cursor) {{ {field}(last: {size}, before: $before, orderBy: {order}) {{ {PAGE} }} }}",
                before=cursor,
            )
        )[field]
        backward[:0] = [edge["node"]["nativeId"] for edge in page["edges"]]
        assert page["pageInfo"]["hasNextPage"] is (cursor is not None)
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        cursor = page["pageInfo"]["startCursor"]
        assert cursor == page["edges"][0]["cursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert backward == everything


async def test_between_two_cursors(data: Ask) -> None:
    edges = (await data("{ harvestJobs(first: 100) { edges { cursor node { nativeId } } } }"))["harvestJobs"][
        "edges"
    ]
    for left in (0, 3, len(edges) - 2):
        for right in (5, len(edges) - 1):
            found = await data(
                """query ($a: Cursor, $b: Cursor) {
                  harvestJobs(first: 100, after: $a, before: $b) { nodes { nativeId } } }""",
                a=edges[left]["cursor"],
                b=edges[right]["cursor"],
            )
            assert found["harvestJobs"]["nodes"] == [edge["node"] for edge in edges[left + 1 : right]]


async def test_a_cursor_written_in_the_document_and_an_empty_page(data: Ask) -> None:
    page = (await data(f"{{ harvestSources(first: 1) {{ {PAGE} }} }}"))["harvestSources"]
    cursor = page["pageInfo"]["endCursor"]
    rest = await data(f'{{ harvestSources(after: "{cursor}") {{ nodes {{ nativeId }} }} }}')
    assert [node["nativeId"] for node in rest["harvestSources"]["nodes"]] == ["air", "geo"]
    none = (await data(f"{{ harvestSources(first: 0) {{ {PAGE} }} }}"))["harvestSources"]
    assert none == {
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "edges": [],
    }


async def test_rows_that_arrive_do_not_disturb_the_others(own_engine: Engine, own_world: World) -> None:
    seen = []
    cursor = None
    document = f"query ($c: Cursor) {{ harvestJobs(first: 2, after: $c) {{ {PAGE} }} }}"
    for step in range(20):
        page = json.loads(await own_engine.execute(document, {"c": cursor}))["data"]["harvestJobs"]
        seen += [edge["node"]["nativeId"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        await own_world.connection.execute(
            "INSERT INTO harvest_job (portal, native_id, presence, first_seen_at, changed_at, status, wire_status,"
            " kind, created_at)"
            f" VALUES (2, 'late-{step}', 'PRESENT', now(), now(), 'FAILED', 'FAILED', 'HARVEST', '2026-12-01')"
        )
    assert len(seen) == len(set(seen)) == 16


@pytest.mark.parametrize("nested", ["jobs", "records", "datasets"])
async def test_nested_lists_page_as_well(data: Ask, nested: str) -> None:
    found = await data(
        f'{{ harvestSource(portal: "data-gov", slug: "air") {{ {nested}(first: 1) {{ {PAGE} totalCount }} }} }}'
    )
    page = found["harvestSource"][nested]
    again = await data(
        f"""query ($c: Cursor!) {{ harvestSource(portal: "data-gov", slug: "air") {{
          {nested}(first: 9, after: $c) {{ nodes {{ nativeId }} }} }} }}""",
        c=page["pageInfo"]["endCursor"],
    )
    rest = again["harvestSource"][nested]["nodes"]
    assert page["edges"][0]["node"] not in rest
    assert len(rest) == min(9, page["totalCount"] - 1)
