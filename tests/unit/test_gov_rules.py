"""Data.gov's rules take anything, keep what they do not know, and reject only what is no element."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gov_elements import JOB, PAYLOAD, RECORD, SOURCE, dataset, entities, job, raw, record
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.data_gov import ADAPTER
from gateway.model import enums
from gateway.model.document import Rejection
from gateway.model.entities import Dataset, HarvestRecord, HarvestSource
from gateway.model.enums import EntityType


def test_every_rule_names_a_place_and_every_table_a_type() -> None:
    assert set(ADAPTER.tables) == set(EntityType) - {EntityType.PERSON}
    for type_, table in ADAPTER.tables.items():
        assert table.entity.type is type_
        for rule in table.rules:
            assert rule.pointer == "" or rule.pointer.startswith("/")
            assert rule.pointer or rule.note


@pytest.mark.parametrize("value", [None, True, 7, 10**4000, float("nan"), "x", [], {}, [[]], {"a": {}}])
def test_rules_take_anything(value: Any) -> None:
    for table in ADAPTER.tables.values():
        for rule in table.rules:
            rule.read(value)


def test_fields_of_the_future_are_kept() -> None:
    assert job(date_started="Sat, 07 Nov 2026 19:12:20 GMT").native == {
        "date_started": "Sat, 07 Nov 2026 19:12:20 GMT"
    }


def test_unknown_words_are_kept_beside_ours() -> None:
    source = entities(EntityType.HARVEST_SOURCE, {**SOURCE, "notification_frequency": "hourly"})[0]
    assert isinstance(source, HarvestSource)
    assert source.notification_frequency is enums.NotificationFrequency.UNKNOWN
    assert source.native_notification_frequency == "hourly"
    found = record(record_type="model")
    assert (found.record_type, found.native_record_type) == (enums.RecordType.UNKNOWN, "model")


def test_nul_becomes_a_replacement_character() -> None:
    assert raw(title="a\0b").title == "a�b"
    assert record(identifier="a\0b").remote_id == "a�b"
    assert dataset(source_transform={"title": "a\0b"}).title == "a�b"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"{}", b'{"id": null}', b'{"id": 7}', b'{"id": ""}', b'{"id": "\xff"}'],
)
@pytest.mark.parametrize("type_", list(EntityType))
def test_what_is_no_element_is_rejected(type_: EntityType, body: bytes) -> None:
    (found,) = entities(type_, body)
    assert isinstance(found, Rejection)
    assert found.body == body
    assert found.reason


def test_a_type_that_the_portal_does_not_have_is_rejected() -> None:
    (found,) = entities(EntityType.PERSON, {"id": "x"})
    assert isinstance(found, Rejection)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    type_=st.sampled_from(list(EntityType)),
    element=st.fixed_dictionaries(
        {"id": st.just("x")},
        optional=dict.fromkeys(
            sorted({*JOB, *RECORD, *SOURCE, "severity", "organization_type"} - {"id"}), JSON
        ),
    ),
    payload=st.dictionaries(st.sampled_from(sorted(PAYLOAD)), JSON),
)
def test_no_element_raises(type_: EntityType, element: dict[str, Any], payload: dict[str, Any]) -> None:
    assert entities(type_, element)
    known = {"action": "create", "harvest_source_id": "s", "identifier": "i", "record_type": "dataset"}
    found = entities(type_, {**element, **known, "source_raw": json.dumps(payload), "source_transform": None})
    if type_ is EntityType.HARVEST_RECORD and isinstance(found[0], HarvestRecord):
        assert isinstance(found[1], Dataset)


@settings(max_examples=200, deadline=None)
@given(text=st.text())
def test_no_payload_raises(text: str) -> None:
    assert entities(EntityType.HARVEST_RECORD, {**RECORD, "source_raw": text})
