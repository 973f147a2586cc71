"""The pages of a search: every result once, no more than is said, the same whatever is asked of them."""

from __future__ import annotations

import pytest
from api.searched import COPIES, FIND, found
from api.world import Ask

from harvest_graphql.plan.finding import MOST
from harvest_graphql.problems import Code


@pytest.fixture(scope="module")
def seeded_url(searched_url: str) -> str:
    """The fixtures that ask an engine ask that of this database."""
    return searched_url


@pytest.mark.parametrize(("text", "size"), [("rivers", 1), ("rivers", 4), ("zebra", 70), ("zebra", 100)])
async def test_paging_shows_every_result_once(data: Ask, text: str, size: int) -> None:
    whole, seen, cursor = (await data(FIND, text=text))["search"]["totalCount"], [], None
    while True:
        page = (await data(FIND, text=text, first=size, after=cursor))["search"]
        edges = page["edges"]
        assert [each["node"]["node"]["nativeId"] for each in edges] == [
            each["node"]["nativeId"] for each in page["nodes"]
        ]
        assert page["pageInfo"]["hasPreviousPage"] is (cursor is not None)
        assert page["pageInfo"]["startCursor"] == edges[0]["cursor"]
        seen += [each["node"]["id"] for each in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == page["totalCount"] == whole


async def test_there_are_no_more_results_than_said(data: Ask) -> None:
    page = (await data(FIND, text="zebra sightings"))["search"]
    assert page["totalCount"] == MOST < COPIES
    assert len(page["nodes"]) == 20
    again = (await data(FIND, text="Zebra  SIGHTINGS of station 7"))["search"]
    assert again["nodes"][0]["node"]["nativeId"] == "copy-7"
    assert again["nodes"][0]["rank"] == 2


async def test_a_cursor_is_of_one_text(data: Ask, answer: Ask) -> None:
    cursor = (await data(FIND, text="rivers", first=1))["search"]["pageInfo"]["endCursor"]
    sources = await data("{ harvestSources(first: 1) { pageInfo { endCursor } } }")
    for text, after in (("zebra", cursor), ("rivers", sources["harvestSources"]["pageInfo"]["endCursor"])):
        (error,) = (await answer(FIND, text=text, after=after))["errors"]
        assert error["extensions"]["code"] == Code.BAD_CURSOR
    (error,) = (await answer("query ($c: Cursor) { harvestSources(after: $c) { nodes { id } } }", c=cursor))[
        "errors"
    ]
    assert error["extensions"]["code"] == Code.BAD_CURSOR


async def test_what_is_selected_may_be_little(data: Ask) -> None:
    assert await data('{ search(text: "rivers") { totalCount } }') == {"search": {"totalCount": 6}}
    assert await data('{ search(text: "rivers", first: 0) { nodes { rank } pageInfo { hasNextPage } } }') == {
        "search": {"nodes": [], "pageInfo": {"hasNextPage": True}}
    }
    found = await data(
        '{ search(text: "rivers", first: 1) { __typename nodes { __typename node { ... on Dataset { title } } } } }'
    )
    assert found["search"] == {
        "__typename": "SearchResultConnection",
        "nodes": [{"__typename": "SearchResult", "node": {}}],
    }


@pytest.mark.parametrize(("argument", "code"), [("first: 101", Code.BAD_USER_INPUT), ("first: -1", Code.BAD_USER_INPUT),
                                               ('after: "x"', Code.BAD_CURSOR)])  # fmt: skip
async def test_a_page_that_cannot_be_had_is_explained(answer: Ask, argument: str, code: Code) -> None:
    (error,) = (await answer(f'{{ search(text: "rivers", {argument}) {{ totalCount }} }}'))["errors"]
    assert error["extensions"]["code"] == code


@pytest.mark.parametrize(
    "text",
    [
        "rivers",
        "station 7",
        "gauging stations",
        "zebra sighting of statoin",
        "hydrolgy",
        "bridge inspction",
        "zebra sightings of statoin",
        "Météo-France",
    ],
)
@pytest.mark.parametrize("types", [None, ["DATASET"], ["HARVEST_SOURCE", "DATASET"]], ids=str)
async def test_a_page_holds_the_same_whether_or_not_it_is_counted_and_whatever_its_size(
    data: Ask, text: str, types: list[str] | None
) -> None:
    """A first page that nobody counts is found by less work: by the best rows alone."""
    whole = await found(data, text, types=types)
    assert len(whole) == len(set(whole))
    given = "$text: String!, $types: [SearchType!], $first: Int"
    bare = f"query ({given}) {{ search(text: $text, types: $types, first: $first)"
    for size in (1, 2, 3, 5, 20, 100):
        page = await data(
            f"{bare} {{ nodes {{ node {{ nativeId }} }} }} }}", text=text, types=types, first=size
        )
        assert [each["node"]["nativeId"] for each in page["search"]["nodes"]] == whole[:size]
        said = await data(f"{bare} {{ pageInfo {{ hasNextPage }} }} }}", text=text, types=types, first=size)
        counted = (await data(FIND, text=text, types=types, first=size))["search"]
        assert (
            said["search"]["pageInfo"]["hasNextPage"]
            is counted["pageInfo"]["hasNextPage"]
            is (counted["totalCount"] > size)
        )
