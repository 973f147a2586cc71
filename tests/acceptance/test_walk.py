"""No documented field is without a home; see ``walk.py``, which ``make walk`` runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from acceptance.walk import Outcome, documentation, walk
from acceptance.walking import table
from acceptance.walking.databases import making
from acceptance.walking.homes import Finding, Search
from acceptance.walking.leaves import Address, filled, leaves
from acceptance.walking.places import placed
from acceptance.walking.published import FOUND, Example, Role, examples, missing, published
from acceptance.walking.values import ROUNDS, Values

Find = Callable[[Any, Callable[[Callable[[str], Any]], dict[str, Any]]], dict[str, Finding]]

GOUV, GOV = "data-gouv-fr-reference.txt", "data-gov-harvester-api.txt"

PROSE = """List all things

GET//www.data.gouv.fr/api/1/things
Request
const response = await fetch('//www.data.gouv.fr/api/1/things', {
    method: 'GET',
    headers: {"Content-Type": "application/json"},
});
Response
[
  {"id": "text", "seen": "2024-09-15T17:51:14.243Z"}
]

Make a thing

POST//www.data.gouv.fr/api/1/things
    body: JSON.stringify({
      "id": "text"
    }),
Response
{
  "id": "text",
  "parts": [
    {
      "id": "te"""


@pytest.fixture(scope="module")
def folder() -> Path:
    found = documentation()
    if found is None:
        pytest.skip("the documentation is not here: GATEWAY_SHARED names its folder")
    return found


async def test_every_documented_field_is_read_back(
    folder: Path, postgres_url: str, template_database: str
) -> None:
    outcome: Outcome = await walk(folder, making(postgres_url, template_database))
    assert outcome.unreachable == {}
    assert outcome.problems == []
    assert outcome.examples == sum(FOUND.values())
    assert len(outcome.found) >= 570


def test_every_example_of_the_documentation_is_found(folder: Path) -> None:
    found = published(folder)
    assert list(missing(found)) == []
    assert len({(one.portal, one.name) for one in found}) == len(found)


def test_an_example_that_is_cut_off_is_none() -> None:
    found = list(examples(GOUV, PROSE))
    assert [(one.name, one.body) for one in found] == [
        ("GET /things answer", [{"id": "text", "seen": "2024-09-15T17:51:14.243Z"}]),
        ("POST /things request", {"id": "text"}),
    ]


def test_a_file_with_fewer_examples_than_it_has_is_told() -> None:
    found = [Example("data-gov", GOV, "GET /x", Role.ANSWER, 1, {"id": 1})]
    assert list(missing(found)) == [
        f"{GOUV}: 0 examples found, {FOUND[GOUV]} expected",
        f"{GOV}: 1 examples found, {FOUND[GOV]} expected",
    ]


def test_an_empty_list_and_null_are_leaves() -> None:
    found = leaves("x", {"a": [], "b": None, "c": [{"d/e": 1}]})
    assert [leaf.address.pointer for leaf in found] == ["/a", "/b", "/c/0/d~1e"]
    assert filled({"a": [], "c": [{"d/e": 1}]}, {"/a": 1, "/c/0/d~1e": 2}) == {"a": 1, "c": [{"d/e": 2}]}


def test_values_are_unique_or_told_apart_by_the_rounds() -> None:
    body = {
        "id": "text",
        "name": "text",
        "created": "2024-09-15T17:51:14.243Z",
        "ended": "2024-09-15T17:51:14.243Z",
        "active": False,
        "private": True,
        "status": "pending",
        "items": [{"status": "pending", "created": "2024-09-15T17:51:14.243Z"}],
    }
    found = leaves("x", body)
    values = Values("data-gouv-fr", found, lambda one: one, datetime(2026, 11, 20, tzinfo=UTC))
    sequences = {
        leaf.address: tuple(values.at(leaf.address, turn) for turn in range(ROUNDS)) for leaf in found
    }
    assert len(set(sequences.values())) == len(found)
    steady = [address for address, some in sequences.items() if len(set(some)) == 1]
    assert steady == [Address("x", "/id")]
    assert sequences[Address("x", "/created")][0] < sequences[Address("x", "/ended")][0]


@pytest.fixture
def search() -> Find:
    """Return what finds the leaves of an example's body in rows of jobs; a row is made of the round's values."""

    def find(body: Any, row: Callable[[Callable[[str], Any]], dict[str, Any]]) -> dict[str, Finding]:
        every = leaves("x", body)
        values = Values("data-gouv-fr", every, lambda one: one, datetime(2026, 11, 20, tzinfo=UTC))

        def told(turn: int) -> Callable[[str], Any]:
            return lambda pointer: values.at(Address("x", pointer), turn)

        places = placed({"HarvestJob": [row(told(turn))]} for turn in range(ROUNDS))
        searched = Search(every, values, places)
        return {leaf.address.pointer: searched.find(leaf) for leaf in every}

    return find


MEANINGS = {"done": "SUCCEEDED", "done-errors": "PARTIAL", "failed": "FAILED"}
JOB = {"id": "text", "status": "pending", "active": True}


def test_a_word_needs_a_home_beside_its_neighbours_and_its_meaning(search: Find) -> None:
    found = search(
        JOB,
        lambda at: {
            "nativeId": at("/id"),
            "nativeStatus": at("/status"),
            "status": MEANINGS[at("/status")],
            "active": at("/active"),
        },
    )
    assert {pointer: [str(home) for home in one.homes] for pointer, one in found.items()} == {
        "/id": ["HarvestJob.nativeId"],
        "/status": ["HarvestJob.nativeStatus"],
        "/active": ["HarvestJob.active"],
    }
    assert all(one.reached for one in found.values())


def test_a_word_without_its_meaning_is_not_reached(search: Find) -> None:
    found = search(
        JOB,
        lambda at: {"nativeId": at("/id"), "nativeStatus": at("/status"), "status": "UNKNOWN"},
    )
    assert found["/status"].problem.endswith("at status")
    assert not found["/status"].reached
    assert not found["/active"].reached


def test_a_flag_elsewhere_or_under_another_name_or_once_wrong_is_not_reached(search: Find) -> None:
    def elsewhere(at: Callable[[str], Any]) -> dict[str, Any]:
        return {"nativeId": "j", "source": {"id": at("/id")}, "active": at("/active")}

    assert not search(JOB, elsewhere)["/active"].reached
    named = search(JOB, lambda at: {"nativeId": at("/id"), "private": at("/active")})
    assert not named["/active"].reached
    constant = search(JOB, lambda at: {"nativeId": at("/id"), "active": True})
    assert not constant["/active"].reached


def test_a_value_of_another_round_is_none(search: Find) -> None:
    first: list[Any] = []

    def stale(at: Callable[[str], Any]) -> dict[str, Any]:
        first.append(at("/name"))
        return {"nativeId": "j", "name": first[0]}

    assert not search({"name": "text"}, stale)["/name"].reached


def test_the_table_is_checked_both_ways() -> None:
    homes = {"p: x /a": "HarvestJob.a", "p: x /b": ""}
    reasons = dict.fromkeys(("p: x /a", "p: x /b", "p: x /c"), "because")
    assert list(table.outdated(reasons, homes)) == [
        "p: x /a: it has a home, HarvestJob.a",
        "p: x /c: the documentation has no such leaf",
    ]


def test_a_leaf_is_excused_once(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    entry = '[[unreachable]]\nreason = "r"\nleaves = ["p: x /a"]\n'
    file.write_text(entry, encoding="utf-8")
    assert table.excused(file) == {"p: x /a": "r"}
    file.write_text(entry * 2, encoding="utf-8")
    with pytest.raises(ValueError, match="twice"):
        table.excused(file)
