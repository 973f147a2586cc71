from __future__ import annotations

from typing import Any

import pytest

from adapters.data_gouv_fr.generations import Generation, embeds
from adapters.data_gouv_fr.noted import Noted


def recalled(**noted: Any) -> Noted:
    found = Noted()
    found.recall(noted)
    return found


def test_the_generation_shows_in_how_a_job_gives_its_items() -> None:
    assert embeds({"items": []}) is True
    assert embeds({"items": {"href": "/x", "total": 1}}) is False
    assert embeds({"items": {}}) is False  # what a mask of an older portal leaves of the link
    for other in ({}, {"items": None}, {"items": "x"}, None, "x", []):
        assert embeds(other) is None


def test_nothing_is_known_at_first_and_todays_way_is_tried() -> None:
    noted = recalled()
    assert noted.as_json() == {}
    assert (noted.generation, noted.ways.embedded) == (None, False)


@pytest.mark.parametrize(
    ("embedded", "slash", "generation"),
    [
        (True, False, "V9"),
        (True, True, "V10"),
        (True, None, "V10"),
        (False, True, "V17"),
        (False, False, "V17"),
    ],
)
def test_items_and_slash_tell_the_generation(embedded: bool, slash: bool | None, generation: str) -> None:
    noted = recalled()
    if slash is not None:
        noted.saw_slash(slash=slash)
    assert noted.saw(embedded) is embedded
    assert noted.generation == generation
    assert noted.saw(embedded) is False


@pytest.mark.parametrize(
    "told",
    [
        {"wire": "V9", "trailingSlash": False, "jobStatuses": ["done", "failed"]},
        {"wire": "V10", "trailingSlash": True, "jobStatuses": None},
        {"wire": "V10", "trailingSlash": True},
        {"wire": "V17", "trailingSlash": True},
        {"trailingSlash": False},
    ],
)
def test_what_is_noted_is_recalled(told: dict[str, Any]) -> None:
    assert recalled(**told).as_json() == told


def test_what_cannot_be_read_was_not_noted() -> None:
    noted = recalled(wire="V5", trailingSlash="yes", jobStatuses={"done": 1})
    assert noted.as_json() == {"jobStatuses": None}
    noted.recall(None)
    assert noted.generation is None


def test_an_answer_that_contradicts_changes_the_generation_and_forgets_the_words() -> None:
    noted = recalled(wire="V10", trailingSlash=True, jobStatuses=["done"])
    assert noted.saw(None) is False
    assert noted.saw(embedded=True) is False
    assert noted.as_json()["jobStatuses"] == ["done"]
    assert noted.saw(embedded=False) is True
    assert noted.as_json() == {"wire": "V17", "trailingSlash": True}
    assert noted.saw(embedded=True) is True
    assert noted.as_json() == {"wire": "V10", "trailingSlash": True}


def test_a_slash_that_contradicts_does_so_too() -> None:
    noted = recalled(wire="V9", trailingSlash=False, jobStatuses=["done"])
    noted.saw_slash(slash=False)
    assert noted.asked_statuses
    noted.saw_slash(slash=True)
    assert noted.generation is Generation.V10
    assert not noted.asked_statuses
