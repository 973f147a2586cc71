"""The comparison of shapes is no rubber stamp: each kind of difference is found."""

from __future__ import annotations

from typing import Any

import pytest
from acceptance.wire.shape import Latitude, Shape, differences

LATITUDE = Latitude(
    nullable={"ended": "string", "owner": "object"},
    free=frozenset({"config"}),
    empty=frozenset({"counts"}),
)


def found(captured: Any, ours: Any) -> list[str]:
    return list(differences(Shape.of(captured), Shape.of(ours), LATITUDE))


@pytest.mark.parametrize(
    ("captured", "ours", "words"),
    [
        ({"a": 1}, {}, "a: missing"),
        ({"a": 1}, {"a": 1, "b": 1}, "b: not in the capture"),
        ({"a": 1}, {"a": "1"}, "a: string where the capture has integer"),
        ({"a": 1}, {"a": 1.5}, "a: number where the capture has integer"),
        ({"a": True}, {"a": 1}, "a: integer where the capture has boolean"),
        ({"a": "x"}, {"a": None}, "a: null where the capture has string"),
        ({"ended": None}, {"ended": 1}, "ended: integer where the capture has null"),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {}}}, "a.b.c: missing"),
        ({"data": [{"a": 1}, {"a": 2}]}, {"data": [{"a": 1}, {}]}, "data[].a: missing in some"),
        ([{"a": 1}], [{"a": 1, "c": 2}], "[].c: not in the capture"),
        ([{"a": ["x"]}], [{"a": [1]}], "[].a[]: integer where the capture has string"),
        ([], {}, "body: object where the capture has array"),
        ({"config": {}}, {"config": []}, "config: array where the capture has object"),
    ],
)
def test_a_difference_is_found(captured: Any, ours: Any, words: str) -> None:
    assert found(captured, ours) == [words]


@pytest.mark.parametrize(
    ("captured", "ours"),
    [
        ({"a": 1}, {"a": 2}),
        ({"ended": "x"}, {"ended": None}),
        ({"ended": None}, {"ended": "x"}),
        ({"data": [{"ended": "x"}]}, {"data": [{"ended": None}]}),
        ({"owner": {"id": 1}}, {"owner": None}),
        ({"owner": None}, {"owner": {"id": 1, "name": "x"}}),
        ({"config": {"a": 1}}, {"config": {"b": [2]}}),
        ({"counts": {"a": 1}}, {"counts": {}}),
        ({"data": []}, {"data": [{"a": 1}]}),
        ([{"a": 1}, {"a": None}], [{"a": None}]),
    ],
)
def test_what_the_facts_allow_is_no_difference(captured: Any, ours: Any) -> None:
    assert found(captured, ours) == []


def test_counters_have_all_of_their_keys_or_none() -> None:
    assert found({"counts": {"a": 1, "b": 1}}, {"counts": {"a": 1}}) == ["counts.b: missing"]
