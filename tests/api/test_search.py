"""The search: what is found by which text, in which order, and that no text breaks it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from api.sending import noting
from api.world import FR, Ask, World, gid, seed
from databases import filled

from gateway.postgres import connect
from gateway.store import tables
from gateway.store.searching import function
from harvest_graphql.engine import Engine
from harvest_graphql.plan.finding import MOST, TYPES
from harvest_graphql.problems import Code
from harvest_graphql.search import SearchType

FIND = """query Find($text: String!, $types: [SearchType!], $portal: [String!], $first: Int, $after: Cursor) {
  search(text: $text, types: $types, portal: $portal, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { node { nativeId } } }
    nodes { type rank matchedField node { __typename id nativeId portal { key } ...Named } }
  }
}
fragment Named on Entity {
  ... on HarvestSource { name organization { name } } ... on Organization { name sources { totalCount } }
  ... on Dataset { title } ... on HarvestError { message }
}"""
COPIES = 350


@pytest.fixture(scope="module")
def seeded_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """The address of a database with things to be found: the fixtures that ask an engine ask that of this one."""
    with filled(postgres_url, f"gateway_searched_{os.getpid()}", template_database, _fill) as url:
        yield url


async def _fill(connection: asyncpg.Connection) -> None:
    world = await seed(connection)
    await _publishers(world)
    await _sources(world)
    await _datasets(world)
    await world.add(
        tables.HarvestError, native_id="late", severity="ERROR",
        message="Timeout while reading https://rivers.example/a.json:\ncertificate expired",
    )  # fmt: skip
    await connection.execute("ANALYZE")


async def _publishers(world: World) -> None:
    await world.add(
        tables.Organization, native_id="meteo", portal=FR, name="Météo-France", acronym="MTFR", kind="UNKNOWN",
        aliases=["Office national de climatologie"], description="Prévisions du temps",
    )  # fmt: skip
    await world.add(tables.Organization, native_id="bare", kind="UNKNOWN")


async def _sources(world: World) -> None:
    words = {"protocol": "DCAT", "metadata_standard": "DCAT", "standard_family": "DCAT"}
    for values in (
        {"native_id": "lyon", "portal": FR, "name": "Géo-catalogue de Lyon", "slug": "grand-lyon",
         "url": "https://data.lyon.example/csw", "description": "Données d'urbanisme"},
        {"native_id": "rivers", "name": "Rivers", "description": "Gauging stations of the valley",
         "notification_emails": ["hidden@secretive.example"], "native_private": {"email": "hidden@secretive.example"}},
        {"native_id": "lakes", "name": "All rivers and lakes"},
        {"native_id": "drained", "name": "Rivers that were", "presence": "GONE"},
        {"native_id": "parched", "name": "Expired rivers", "presence": "EXPIRED"},
        {"native_id": "misspelt", "name": "Gauging statoins"},
        {"native_id": "hydro", "name": "Hydrology", "description": "Levels of one river"},
    ):  # fmt: skip
        await world.add(tables.HarvestSource, **words, **values)


async def _datasets(world: World) -> None:
    common = {"record_type": "DATASET", "state": "LIVE"}
    for values in (
        {"native_id": "schools", "portal": FR, "title": "Écoles élémentaires de la région",
         "keywords": ["éducation", "bâtiments publics"]},
        {"native_id": "bridges", "title": "Bridge inspections", "publisher": "Bureau of Highways",
         "remote_id": "hw-2024/17", "description": "Every crossing of rivers"},
        {"native_id": "wells", "portal": FR, "title": "Œuvres d'eau : puits & forages"},
        {"native_id": "spread", "title": "Salmon", "keywords": ["ladder"], "description": "In 2024"},
    ):  # fmt: skip
        await world.add(tables.Dataset, **common, **values)
    await world.connection.execute(
        "INSERT INTO dataset (portal, native_id, presence, first_seen_at, changed_at, record_type, state, title)"
        " SELECT 2, 'copy-' || n, 'PRESENT', now(), now(), 'DATASET', 'LIVE', 'Zebra sightings of station ' || n"
        f" FROM generate_series(1, {COPIES}) n"
    )


async def found(data: Ask, text: str, **more: Any) -> list[str]:
    """Return the native ids of what *text* finds."""
    answer = await data(FIND, text=text, **{"first": 100, **more})
    return [each["node"]["nativeId"] for each in answer["search"]["nodes"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rivers", "rivers"),
        ("geo catalogue", "lyon"),
        ("GÉO-CATALOGUE", "lyon"),
        ("données", "lyon"),
        ("donnee", "lyon"),
        ("d'urbanisme", "lyon"),
        ("grand-lyon", "lyon"),
        ("data.lyon.example", "lyon"),
        ("https://data.lyon.example/csw", "lyon"),
        ("meteo france", "meteo"),
        ("mtfr", "meteo"),
        ("Climatologie", "meteo"),
        ("prévision", "meteo"),
        ("ecole elementaire", "schools"),
        ("ECOLES", "schools"),
        ("batiment public", "schools"),
        ("inspecting bridges", "bridges"),
        ("highway", "bridges"),
        ("hw-2024/17", "bridges"),
        ("oeuvre", "wells"),
        ("puits forage", "wells"),
        ("timed certificates", None),
        ("certificates timeouts", "late"),
        ("rivers.example", "late"),
        ("salmon ladders", "spread"),
    ],
)
async def test_words_are_found_whatever_their_accents_capitals_and_endings(
    data: Ask, text: str, expected: str | None
) -> None:
    assert (await found(data, text))[:1] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metoe france", "meteo"),
        ("meteofrance", "meteo"),
        ("geo-catalouge", "lyon"),
        ("elementires", "schools"),
        ("bridge inspction", "bridges"),
        ("hydrolgy", "hydro"),
        ("hydrol", "hydro"),
    ],
)
async def test_typing_mistakes_in_names_are_forgiven(data: Ask, text: str, expected: str) -> None:
    answer = (await data(FIND, text=text))["search"]["nodes"]
    assert answer[0]["node"]["nativeId"] == expected
    assert 0.6 <= answer[0]["rank"] < 1
    assert answer[0]["matchedField"] in {"name", "title"}


async def test_the_very_name_comes_first_then_words_by_weight_then_what_is_alike(data: Ask) -> None:
    answer = (await data(FIND, text="rivers"))["search"]["nodes"]
    ids = [each["node"]["nativeId"] for each in answer]
    assert ids[0] == "rivers"
    assert set(ids[1:3]) == {"lakes", "parched"}
    assert set(ids[3:]) == {"hydro", "bridges", "late"}
    ranks = [each["rank"] for each in answer]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] == 2
    assert all(1 <= rank < 2 for rank in ranks[1:])
    assert [each["matchedField"] for each in answer[:3]] == ["name"] * 3
    fields = {each["node"]["nativeId"]: each["matchedField"] for each in answer[3:]}
    assert fields == {"hydro": "description", "bridges": "description", "late": "message"}


async def test_results_say_what_they_are(data: Ask) -> None:
    (result,) = (await data(FIND, text="Grand-Lyon"))["search"]["nodes"]
    assert result["type"] == "HARVEST_SOURCE"
    assert result["matchedField"] == "slug"
    assert result["node"] == {
        "__typename": "HarvestSource",
        "id": gid("HarvestSource", "lyon", FR),
        "nativeId": "lyon",
        "portal": {"key": "data-gouv-fr"},
        "name": "Géo-catalogue de Lyon",
        "organization": None,
    }
    (result,) = (await data(FIND, text="salmon ladder 2024"))["search"]["nodes"]
    assert result["matchedField"] is None
    (result,) = (await data(FIND, text="environmental agency"))["search"]["nodes"]
    assert result["node"]["sources"] == {"totalCount": 2}


async def test_what_is_gone_is_not_found_and_what_is_expired_is(data: Ask) -> None:
    ids = await found(data, "rivers")
    assert "parched" in ids
    assert "drained" not in ids


async def test_nothing_is_found_by_what_is_private(data: Ask, private: Ask) -> None:
    for text in ("secretive", "hidden@secretive.example"):
        assert await found(data, text) == []
        assert (await private(FIND, text=text))["data"]["search"]["nodes"] == []


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["HARVEST_SOURCE"], {"rivers", "lakes", "parched", "hydro"}),
        (["DATASET"], {"bridges"}),
        (["HARVEST_ERROR", "DATASET"], {"bridges", "late"}),
        (["ORGANIZATION"], set()),
        ([], set()),
        (None, {"rivers", "lakes", "parched", "hydro", "bridges", "late"}),
    ],
)
async def test_only_the_wanted_types(data: Ask, types: list[str] | None, expected: set[str]) -> None:
    assert set(await found(data, "rivers", types=types)) == expected


def test_every_type_of_the_schema_is_looked_for() -> None:
    assert [each.value for each in SearchType] == list(TYPES)


async def test_only_the_wanted_portals(data: Ask, answer: Ask) -> None:
    assert await found(data, "rivers", portal=["data-gouv-fr"]) == []
    assert await found(data, "eau", portal=["data-gouv-fr"]) == ["wells"]
    assert len(await found(data, "rivers", portal=["data-gov", "data-gouv-fr"])) == 6
    assert await found(data, "rivers", portal=[]) == []
    (error,) = (await answer(FIND, text="rivers", portal=["elsewhere"]))["errors"]
    assert error["extensions"]["code"] == Code.BAD_USER_INPUT


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


@pytest.mark.parametrize(
    "text", ["", " ", "a", " é ", "!!", "→→", "\t\n", "'", "x" * 1001, "nul\0nul", "half\ud800"]
)
async def test_a_text_that_cannot_be_looked_for_is_explained(answer: Ask, text: str) -> None:
    (error,) = (await answer(FIND, text=text))["errors"]
    assert error["extensions"]["code"] == Code.BAD_USER_INPUT


@pytest.mark.parametrize(("argument", "code"), [("first: 101", Code.BAD_USER_INPUT), ("first: -1", Code.BAD_USER_INPUT),
                                               ('after: "x"', Code.BAD_CURSOR)])  # fmt: skip
async def test_a_page_that_cannot_be_had_is_explained(answer: Ask, argument: str, code: Code) -> None:
    (error,) = (await answer(f'{{ search(text: "rivers", {argument}) {{ totalCount }} }}'))["errors"]
    assert error["extensions"]["code"] == code


HOSTILE = [
    "rivers' OR 1=1; DROP TABLE dataset; --",
    "a & | ! ( ) <-> :* b",
    "\\ \\\\ %s $1 {} %_ rivers",
    '"quoted" <b>tag</b> &amp; http://[::1]:x/',
    "the and of",
    "le la les",
    "12345678901234567890.5e999999 -7 +7",
    "x" * 1000,
    "ab " * 300,
    "'" * 998 + "ab",
    "العربية 日本語 Ελληνικά",
    "👩‍👩‍👧 aa\u200b\u202e\ufffe\U0010ffff",
    "ﬁ ﬃ İstanbul ǅ ß ŒUVRE",
    "\x01\x02 ab \x7f",
    "ZZ-no-such-thing-ZZ",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_text_breaks_it(engine: Engine, text: str) -> None:
    answer = json.loads(await engine.execute(FIND, {"text": text}))
    assert "errors" not in answer, answer["errors"]
    in_document = f"{{ search(text: {json.dumps(text)}) {{ totalCount }} }}"
    again = json.loads(await engine.execute(in_document))
    assert again["data"]["search"]["totalCount"] == answer["data"]["search"]["totalCount"]


async def test_stored_texts_of_any_kind_can_be_indexed(own_world: World) -> None:
    """What is too long is found by its beginning; nothing stops a sync."""
    for number, text in enumerate(
        [*HOSTILE, "y" * 100_000, "word " * 50_000, " ".join(f"w{n}é" for n in range(300_000))]
    ):
        await own_world.add(
            tables.Dataset, native_id=f"d{number}", record_type="DATASET", state="LIVE", title=text, description=text,
            keywords=[text, ""], publisher=text, remote_id=text[:500],
        )  # fmt: skip
        await own_world.add(tables.HarvestError, native_id=f"x{number}", severity="ERROR", message=text)


async def test_a_search_is_one_statement_and_one_plan(seeded_url: str) -> None:
    sent: list[str] = []

    async with asyncpg.create_pool(seeded_url, min_size=1, max_size=2, connection_class=noting(sent)) as pool:
        engine = Engine(pool, status_seconds=60)
        await engine.status()
        sent.clear()
        asked = [
            ("rivers", ["DATASET"]),
            ("zebra", ["DATASET"]),
            ("x'y", ["DATASET"]),
            ("zebra", ["ORGANIZATION"]),
        ]
        answers = [
            json.loads(await engine.execute(FIND, {"text": text, "types": types})) for text, types in asked
        ]
        await engine.close()
    assert [each for each in answers if "errors" in each] == []
    found = [each for each in sent if "search_found" in each]
    assert len(found) == 4
    assert len(set(found)) == engine.plans == 2, "one for each choice of types"
    assert "organization" not in found[0]
    assert "rivers" not in found[0]


async def test_a_name_that_is_like_the_text_is_found_beside_too_few_that_hold_its_words(data: Ask) -> None:
    """One holds the words in its description: what is nearly called so comes after it, on its page or the next."""
    page = (await data(FIND, text="gauging stations"))["search"]
    assert [each["node"]["nativeId"] for each in page["nodes"]] == ["rivers", "misspelt"]
    assert [each["rank"] >= 1 for each in page["nodes"]] == [True, False]
    first = (await data(FIND, text="gauging stations", first=1))["search"]
    assert first["pageInfo"]["hasNextPage"] is True
    assert await found(data, "gauging stations", after=first["pageInfo"]["endCursor"]) == ["misspelt"]


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


async def test_the_database_has_the_function_of_the_code(seeded_url: str) -> None:
    connection = await connect(seeded_url)
    try:
        body = await connection.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'search_found'")
    finally:
        await connection.close()
    assert str(body).strip() == function().partition("$$")[2].rpartition("$$")[0].strip()


async def test_the_indexes_are_used(seeded_url: str) -> None:
    connection = await connect(seeded_url)
    try:
        await connection.execute("SET enable_seqscan = off")
        before = await _scans(connection)
        await connection.fetch("SELECT * FROM search_found('no such word', '{0,1,2,3}', NULL, 20)")
        after = await _scans(connection)
    finally:
        await connection.close()
    used = {name for name, count in after.items() if count > before[name]}
    for table in ("harvest_source", "organization", "dataset", "harvest_error"):
        assert f"ix_{table}_words" in used
        assert table == "harvest_error" or f"ix_{table}_alike" in used


async def _scans(connection: asyncpg.Connection) -> dict[str, int]:
    """Return how often each index has been read."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    rows = await connection.fetch("SELECT indexrelname, idx_scan FROM pg_stat_user_indexes")
    return {row["indexrelname"]: row["idx_scan"] for row in rows}
