"""What is compiled of a table reads every element as its rules say, one after the other."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.data_gouv_fr import ADAPTER as GOUV
from adapters.data_gov import ADAPTER as GOV
from gateway.model.entities import HarvestError, Organization
from gateway.model.enums import EntityType
from gateway.model.mapping import Rule, Table, passing, public, same
from gateway.testing import garbage
from gateway.testing.interpreting import interpreted

TABLES = [table for adapter in (GOUV, GOV) for table in adapter.tables.values()]
KEYS = sorted({step for table in TABLES for rule in table.rules for step in rule.path})
PASSING = [rule.read for table in TABLES for rule in table.rules if rule.passes]
TEXTS = st.text(max_size=8) | st.sampled_from(
    ("", "done", "ERROR", "create", "dataset", "2026-11-07T19:00:21Z", "Sat, 07 Nov 2026 19:00:21 GMT")
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from((*KEYS, "email", "kind", "permissions")), inner, max_size=6)
    ),
    max_leaves=12,
)
ELEMENTS = st.dictionaries(st.sampled_from(KEYS) | st.sampled_from(("email", "more", "x")), JSON, max_size=12)


def unruled(table: Table[Any]) -> dict[str, Any]:
    """Return what has to be given, as the place tells it."""
    return {} if "native_id" in {rule.field for rule in table.rules} else {"native_id": "a/1"}


@settings(max_examples=200, deadline=None)
@given(element=ELEMENTS)
def test_a_compiled_table_reads_as_its_rules_say(element: dict[str, Any]) -> None:
    for table in TABLES:
        assert repr(table.read(element, **unruled(table))) == repr(
            interpreted(table, element, **unruled(table))
        )


@settings(max_examples=50, deadline=None)
@given(element=ELEMENTS, native=JSON)
def test_what_is_left_over_can_be_given(element: dict[str, Any], native: Any) -> None:
    for table in TABLES:
        if "native" not in {rule.field for rule in table.rules}:
            known = {**unruled(table), "native": native}
            assert table.read(element, **known) == interpreted(table, element, **known)


@pytest.mark.parametrize("value", garbage.VALUES, ids=lambda value: repr(value)[:20])
def test_values_that_pass_are_returned_as_they_are(value: Any) -> None:
    assert PASSING
    for read in PASSING:
        if value is None or read.__dict__["passes"] in (object, type(value)):
            assert read(value) is value


def test_rules_read_members_parts_of_members_and_the_whole() -> None:
    table = Table(
        Organization,
        (
            Rule("native_id", "/id"),
            Rule("name", "/a~1b/c~0d"),
            Rule("slug", "/a~1b/e", str),
            Rule("aliases", "", sorted),
        ),
        consumed=frozenset({"left out"}),
        private=frozenset({"secret"}),
    )
    found = table.read(
        {"id": "x", "a/b": {"c~d": "n"}, "left out": 1, "more": [{"secret": 1, "open": 2}]}, logo="l"
    )
    assert found == Organization(
        native_id="x",
        name="n",
        slug="None",
        aliases=["a/b", "id", "left out", "more"],  # type: ignore[arg-type]
        logo="l",
        native={"more": [{"open": 2}]},
        native_private={"more": [{"secret": 1, "open": 2}]},
    )


def test_every_entity_has_lists_of_its_own() -> None:
    table = Table(
        Organization, (Rule("native_id", "/id"), Rule("badges", "/b", list_of)), consumed=frozenset()
    )
    one, other = table.read({"id": "x"}), table.read({"id": "y"})
    assert isinstance(one.badges, list)
    assert isinstance(other.badges, list)
    assert one.badges is not other.badges


def test_what_passes_is_never_handed_to_the_rule() -> None:
    table = Table(
        Organization, (Rule("native_id", "/id"), Rule("name", "/n", shouting)), consumed=frozenset()
    )
    assert [table.read({"id": "x", "n": value}).name for value in ("a", None, 7)] == ["a", None, "7!"]


def test_fields_that_the_place_tells_are_asked_for_and_no_others_taken() -> None:
    table = GOUV.tables[EntityType.HARVEST_ERROR]
    with pytest.raises(TypeError, match="native_id"):
        table.read({})
    with pytest.raises(TypeError, match="colour"):
        table.read({}, native_id="x", colour="red")
    assert table.read({}, native_id="x") == HarvestError(
        native_id="x", severity=table.read({}, native_id="y").severity
    )


def test_a_field_that_nothing_has_is_no_rule() -> None:
    with pytest.raises(ValueError, match="Organization has no field colour"):
        Table(Organization, (Rule("colour", "/colour"),), consumed=frozenset())


def test_an_entity_that_does_more_when_it_is_made_is_refused() -> None:
    class Counting(Organization):
        def __post_init__(self) -> None:
            raise AssertionError

    with pytest.raises(TypeError, match="Counting"):
        Table(Counting, (Rule("native_id", "/id"),), consumed=frozenset())


def test_a_traceback_shows_the_line_of_the_rule() -> None:
    def breaking(value: Any) -> Any:
        return value and 1 / 0

    table = Table(
        Organization, (Rule("native_id", "/id"), Rule("name", "/n", breaking)), consumed=frozenset()
    )
    with pytest.raises(ZeroDivisionError) as caught:
        table.read({"n": 1})
    shown = "".join(traceback.format_exception(caught.value))
    assert "<Organization read by rules" in shown
    assert "made.name = None if at_2 is None else breaking" in shown


def test_what_has_nothing_private_is_not_copied() -> None:
    value = {"a": [{"b": 1}], "c": None}
    assert public(value, frozenset({"email"})) is value
    assert public({"a": [{"email": 1, "b": 1}]}, frozenset({"email"})) == {"a": [{"b": 1}]}
    assert same(value) is value


def list_of(value: Any) -> list[Any]:
    """Return a list of *value*, an empty one of nothing."""
    return [] if value is None else [value]


@passing(str)
def shouting(value: Any) -> Any:
    """Return a text, and anything else with an exclamation mark."""
    return value if value is None or isinstance(value, str) else f"{value}!"
