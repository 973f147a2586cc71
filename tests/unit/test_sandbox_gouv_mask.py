"""The sandbox's X-Fields masks: grammar and pitfalls of the portal's own."""

from __future__ import annotations

import pytest

from adapters.data_gouv_fr.sandbox_mask import MaskError, apply, parse, wants

PAGE = {
    "data": [
        {
            "id": "a",
            "permissions": {"edit": True},
            "last_job": {"items": {"total": 3, "rel": "x"}},
            "owner": None,
        }
    ],
    "next_page": None,
    "total": 1,
}


@pytest.mark.parametrize(
    ("mask", "left"),
    [
        ("{id}", {}),
        ("{nope}", {}),
        ("total", {"total": 1}),
        ("data{id},next_page", {"data": [{"id": "a"}], "next_page": None}),
        (
            "data{last_job{items{total}},owner{id}}",
            {"data": [{"last_job": {"items": {"total": 3}}, "owner": None}]},
        ),
        ("data{id},*", {"data": [{"id": "a"}], "next_page": None, "total": 1}),
        ("*", PAGE),
        (
            "data{*,permissions{none}}",
            {"data": [{**PAGE["data"][0], "permissions": {}}]},  # type: ignore[index,dict-item]
        ),
    ],
)
def test_what_a_mask_leaves(mask: str, left: object) -> None:
    assert apply(parse(mask), PAGE) == left


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ("{id,name", "Missing closing bracket"),
        ("data{id", "Missing closing bracket"),
        ("id}", "Unexpected closing bracket"),
        (",id", "Unexpected comma"),
        ("a,{b}", "Unexpected opening bracket"),
    ],
)
def test_a_mask_that_cannot_be_read(mask: str, message: str) -> None:
    with pytest.raises(MaskError, match=message):
        parse(mask)


def test_what_a_mask_wants() -> None:
    mask = parse("data{id,last_job{id}},total")
    assert wants(mask, "data", "last_job", "id")
    assert not wants(mask, "data", "name")
    assert wants(parse("data{*}"), "data", "last_job")
    assert wants(None, "anything")
