"""What counts as drift: told by value, cheaply for what is as expected, and the same either way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gov_elements as gov
import pytest
import udata_elements as udata

from adapters.data_gouv_fr import ADAPTER as GOUV
from adapters.data_gov import ADAPTER as GOV
from gateway.fetch.decode import DecodeError, storable
from gateway.model.document import Document
from gateway.model.enums import EntityType
from gateway.model.expected import (
    Drift,
    DriftKind,
    Expected,
    JsonType,
    anything,
    drifts,
    either,
    element,
    expects,
    flag,
    free,
    many,
    number,
    text,
    word,
)
from gateway.ports import Adapter
from gateway.store.drift import MOST, OTHERS, bounded
from gateway.store.judging import Judges, Sighting
from gateway.testing import garbage

FIELD, TYPE, WORD = DriftKind.UNKNOWN_FIELD, DriftKind.WRONG_TYPE, DriftKind.UNKNOWN_WORD
THING = element(
    id=text(),
    state=word(("open", "shut")),
    size=number(),
    live=flag(),
    tags=many(text()),
    parts=many(element(kind=word(("a", "b")))),
    config=free(),
    extra=anything(),
    default=either(flag(), word(("true",))),
)
TYPE_OF_THINGS = EntityType.HARVEST_SOURCE
ELEMENTS: dict[str, tuple[Any, dict[EntityType, dict[str, Any]]]] = {
    "data-gouv-fr": (
        GOUV,
        {
            EntityType.ORGANIZATION: udata.ORGANIZATION,
            EntityType.PERSON: udata.USER,
            EntityType.HARVEST_SOURCE: udata.SOURCE,
            EntityType.HARVEST_JOB: udata.JOB,
            EntityType.HARVEST_RECORD: udata.ITEM,
        },
    ),
    "data-gov": (
        GOV,
        {
            EntityType.HARVEST_SOURCE: gov.SOURCE,
            EntityType.HARVEST_JOB: gov.JOB,
            EntityType.HARVEST_RECORD: {
                **gov.RECORD,
                "source_raw": "<a/>",
                "source_transform": {"title": "b"},
            },
        },
    ),
}


def document(type_: EntityType, value: Any) -> Document:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return garbage.document(type_, body)


def judged(value: Any) -> set[tuple[str, DriftKind, str]]:
    found = Judges({TYPE_OF_THINGS: THING}).of(document(TYPE_OF_THINGS, value))
    return {(drift.pointer, drift.kind, drift.word) for drift in found}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, set()),
        ({"id": "x", "state": "open", "size": 1.5, "live": True, "tags": ["a"], "config": {"b": 1}}, set()),
        ({"id": None, "state": None, "parts": None, "config": None}, set()),
        ({"extra": [{"whatever": 1}], "default": True}, set()),
        ({"default": "true"}, set()),
        ({"default": "yes"}, {("/default", WORD, "yes")}),
        ({"news": {"a": 1}}, {("/news", FIELD, "object")}),
        ({"a/b~c": None}, {("/a~1b~0c", FIELD, "null")}),
        ({"id": 5}, {("/id", TYPE, "number")}),
        ({"live": 1}, {("/live", TYPE, "number")}),
        ({"size": True}, {("/size", TYPE, "boolean")}),
        ({"state": "ajar"}, {("/state", WORD, "ajar")}),
        ({"state": ["open"]}, {("/state", TYPE, "array")}),
        ({"tags": ["a", 1, 2]}, {("/tags/*", TYPE, "number")}),
        (
            {"parts": [{"kind": "c"}, {"kind": "a", "x": 1}, "d"]},
            {("/parts/*/kind", WORD, "c"), ("/parts/*/x", FIELD, "number"), ("/parts/*", TYPE, "string")},
        ),
        ([], {("", TYPE, "array")}),
        (b'{"state": "\\u0000"}', {("/state", WORD, "\N{REPLACEMENT CHARACTER}")}),
        (b'{"id": "\xff"}', set()),
        (b"nonsense", set()),
    ],
)
def test_a_drift_is_a_place_a_kind_and_a_word(value: Any, expected: set[tuple[str, DriftKind, str]]) -> None:
    assert judged(value) == expected


def spoiled() -> Iterator[tuple[Adapter, Document]]:
    for adapter, elements in ELEMENTS.values():
        for type_, each in elements.items():
            for one in garbage.spoiled(document(type_, each)):
                yield adapter, one


def test_the_quick_look_and_the_close_one_agree() -> None:
    judges = {id(adapter): Judges(adapter.expected) for adapter, _ in ELEMENTS.values()}
    for adapter, one in spoiled():
        try:
            close = set(drifts(storable(one.body), adapter.expected[one.type]))
        except DecodeError:
            close = set()
        assert set(judges[id(adapter)].of(one)) == close, one.body


@pytest.mark.parametrize("name", ELEMENTS)
def test_what_the_portals_send_today_is_no_drift(name: str) -> None:
    adapter, elements = ELEMENTS[name]
    for type_, each in elements.items():
        assert Judges(adapter.expected).of(document(type_, each)) == (), type_


@pytest.mark.parametrize("adapter", [GOUV, GOV], ids=lambda adapter: adapter.name)
def test_every_field_that_a_rule_reads_is_expected(adapter: Adapter) -> None:
    for type_, expected in adapter.expected.items():
        for rule in adapter.tables[type_].rules:
            if rule.told is None and rule.path:
                here: Expected | None = expected
                for step in rule.path:
                    assert here is not None
                    here = here.members.get(step) if here.members is not None else here
                assert here is not None, (type_, rule.pointer)


def test_what_has_been_learnt_is_drift_no_more() -> None:
    for drift in (
        Drift("/id", TYPE, "string"),
        Drift("/state", WORD, "shut"),
        Drift("/parts/*/kind", FIELD, "string"),
        Drift("/config/anything/at/all", FIELD, "string"),
        Drift("/live", FIELD, "null"),
    ):
        assert expects(THING, drift), drift
    for drift in (
        Drift("/id", TYPE, "number"),
        Drift("/state", WORD, "ajar"),
        Drift("/news", FIELD, "string"),
        Drift("/parts/*/x", FIELD, "string"),
    ):
        assert not expects(THING, drift), drift


def test_documents_are_counted_and_the_first_is_the_example() -> None:
    judges = Judges({TYPE_OF_THINGS: THING})
    found = judges.judge(
        garbage.document(TYPE_OF_THINGS, b'{"news": 1, "tags": [1, 1]}', native_id=name) for name in "abc"
    )
    assert found == {
        (TYPE_OF_THINGS, Drift("/news", FIELD, JsonType.NUMBER)): Sighting(3, "a"),
        (TYPE_OF_THINGS, Drift("/tags/*", TYPE, JsonType.NUMBER)): Sighting(3, "a"),
    }


def test_a_place_with_too_many_words_counts_the_rest_as_one() -> None:
    words = {(TYPE_OF_THINGS, Drift("/state", WORD, f"w{n}")): Sighting(2, "a") for n in range(MOST + 5)}
    fields = {
        (TYPE_OF_THINGS, Drift(f"/by/f{n}", FIELD, "number")): Sighting(1, "b") for n in range(MOST + 3)
    }
    known = {(TYPE_OF_THINGS, Drift("/state", WORD, "w3"))}
    counted = bounded({**words, **fields}, known)
    assert counted[TYPE_OF_THINGS, Drift("/state", WORD, OTHERS)].count == 10
    assert counted[TYPE_OF_THINGS, Drift(f"/by/{OTHERS}", FIELD, OTHERS)].count == 3
    assert counted[TYPE_OF_THINGS, Drift("/state", WORD, "w3")].count == 2
    assert sum(sighting.count for sighting in counted.values()) == 2 * (MOST + 5) + MOST + 3


def test_long_words_are_cut() -> None:
    found = {(TYPE_OF_THINGS, Drift("/" + "p" * 999, FIELD, "x" * 999)): Sighting(1, "a")}
    (((_, drift), _),) = bounded(found, set()).items()
    assert (len(drift.pointer), len(drift.word)) == (300, 200)
