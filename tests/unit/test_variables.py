"""Variables are read as graphql-core reads them, whatever is sent."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_variable_values, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from harvest_graphql.schema import core
from harvest_graphql.variables import Variables

SCHEMA = core()
TYPES = (
    "String",
    "String!",
    "ID!",
    "ID",
    "Int",
    "Int!",
    "Boolean",
    "Float",
    "DateTime",
    "Cursor",
    "JobStatus",
    "JobStatus!",
    "[ID!]!",
    "[JobStatus!]",
    "[JobStatus]!",
    "[String!]!",
    "[[ID]]",
    "HarvestJobFilter",
    "HarvestJobOrder",
    'String = "x"',
    "Int = 3",
    "JobStatus! = FAILED",
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.sampled_from(["FAILED", "2026-11-20T00:59:10Z", "CREATED_AT"]),
    st.lists(st.sampled_from(["FAILED", "a", 1, None]), max_size=3),
    st.fixed_dictionaries(
        {}, optional={"status": st.sampled_from([["FAILED"], "LOST", 3]), "portal": st.just("x")}
    ),
)


def both(declared: list[str], sent: dict[str, Any]) -> tuple[Any, Any]:
    """Return what is read of the variables, and what graphql-core reads."""
    names = ", ".join(f"$v{place}: {type_}" for place, type_ in enumerate(declared))
    (node,) = parse(f"query ({names}) {{ __typename }}").definitions
    assert isinstance(node, OperationDefinitionNode)
    theirs = get_variable_values(
        SCHEMA, node.variable_definitions or (), dict(sent), max_errors=5, hide_suggestions=True
    )
    return Variables(SCHEMA, node).coerced(sent, 5), theirs


@settings(max_examples=500, deadline=None)
@given(
    declared=st.lists(st.sampled_from(TYPES), min_size=1, max_size=4),
    sent=st.dictionaries(st.sampled_from(["v0", "v1", "v2", "v3", "other"]), VALUES, max_size=4),
)
def test_values_are_those_of_graphql_core(declared: list[str], sent: dict[str, Any]) -> None:
    ours, theirs = both(declared, sent)
    if isinstance(theirs, list):
        assert [each.message for each in ours] == [each.message for each in theirs]
    else:
        assert ours == theirs.coerced
        assert list(ours) == list(theirs.coerced)
        assert [type(value) for value in ours.values()] == [type(value) for value in theirs.coerced.values()]


@pytest.mark.parametrize(
    ("type_", "sent", "value"),
    [("ID!", "a", "a"), ("ID", 5, "5"), ("Int", 5, 5), ("Int", None, None), ('String = "x"', "y", "y")],
)
def test_usual_values(type_: str, sent: Any, value: Any) -> None:
    ours, _ = both([type_], {"v0": sent})
    assert ours == {"v0": value}


def test_what_is_not_sent_is_absent_or_the_default() -> None:
    assert both(["String", 'String = "x"'], {})[0] == {"v1": "x"}
