"""The search: what is found by which text, and in which order."""

from __future__ import annotations

import pytest
from api.searched import FIND, found
from api.world import FR, Ask, gid

from harvest_graphql.plan.finding import TYPES
from harvest_graphql.problems import Code
from harvest_graphql.search import SearchType


@pytest.fixture(scope="module")
def seeded_url(searched_url: str) -> str:
    """The fixtures that ask an engine ask that of this database."""
    return searched_url


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


@pytest.mark.parametrize(
    "text", ["", " ", "a", " é ", "!!", "→→", "\t\n", "'", "x" * 1001, "nul\0nul", "half\ud800"]
)
async def test_a_text_that_cannot_be_looked_for_is_explained(answer: Ask, text: str) -> None:
    (error,) = (await answer(FIND, text=text))["errors"]
    assert error["extensions"]["code"] == Code.BAD_USER_INPUT


async def test_a_name_that_is_like_the_text_is_found_beside_too_few_that_hold_its_words(data: Ask) -> None:
    """One holds the words in its description: what is nearly called so comes after it, on its page or the next."""
    page = (await data(FIND, text="gauging stations"))["search"]
    assert [each["node"]["nativeId"] for each in page["nodes"]] == ["rivers", "misspelt"]
    assert [each["rank"] >= 1 for each in page["nodes"]] == [True, False]
    first = (await data(FIND, text="gauging stations", first=1))["search"]
    assert first["pageInfo"]["hasNextPage"] is True
    assert await found(data, "gauging stations", after=first["pageInfo"]["endCursor"]) == ["misspelt"]
