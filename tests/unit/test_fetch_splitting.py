from __future__ import annotations

import io
import json
import tempfile
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.fetch.decode import MAX_DEPTH, DecodeError, NotJsonError, WrongShapeError, members, value
from gateway.fetch.decode import elements as slices
from gateway.fetch.splitting import DEEPEST, Members, without

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ['"', "\\", '\\"', "]", "[{", "items", '","']
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)
_OBJECTS = st.dictionaries(_TEXT, _JSON, max_size=4)
_BLOCKS = st.integers(1, 40)
_STYLES = st.sampled_from(
    [
        {"separators": (",", ":")},
        {"ensure_ascii": False},
        {"indent": "\t \r", "separators": (" \n,", "\t:  ")},
        {"indent": 2, "ensure_ascii": False},
    ]
)


def split(body: bytes, key: str = "items", block: int = 7) -> tuple[list[bytes], Members]:
    found = Members(io.BytesIO(body), key, block=block)
    return list(found), found


@given(_OBJECTS, st.lists(_JSON, max_size=6), st.integers(0, 4), _BLOCKS, _STYLES)
def test_splitting_is_what_json_says(
    others: dict[str, Any], items: list[Any], place: int, block: int, style: dict[str, Any]
) -> None:
    others.pop("items", None)
    pairs = list(others.items())
    body = json.dumps(dict([*pairs[:place], ("items", items), *pairs[place:]]), **style).encode()
    elements, found = split(body, block=block)
    assert [json.loads(element) for element in elements] == items
    exact = members(body)
    assert elements == slices(exact["items"])
    assert found.found
    assert json.loads(found.rest) == others
    assert members(found.rest) == {name: part for name, part in exact.items() if name != "items"}
    assert found.rest == without(body, "items")


@given(_OBJECTS, _BLOCKS, _STYLES, _TEXT)
def test_without_the_array_everything_else_is_there(
    data: dict[str, Any], block: int, style: dict[str, Any], key: str
) -> None:
    if isinstance(data.get(key), list):
        del data[key]
    body = b" \n" + json.dumps(data, **style).encode() + b"\r\t"
    elements, found = split(body, key, block)
    assert (elements, found.found) == ([], False)
    assert found.rest == without(body, key)


@given(_OBJECTS, st.lists(_JSON, max_size=4), _BLOCKS, _STYLES, st.data())
def test_what_is_cut_off_anywhere_is_refused(
    others: dict[str, Any], items: list[Any], block: int, style: dict[str, Any], data: st.DataObject
) -> None:
    body = json.dumps({**others, "items": items}, **style).encode()
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(NotJsonError):
        split(body[:cut], block=block)


@pytest.mark.parametrize("block", [1, 2, 3, 1000])
def test_slices_are_exact(block: int) -> None:
    body = rb' { "a" : 1.50 ,"items":[ {"x" :  "\"]"} , -1e5,"\\" ,[ ],null ] , "b":{"items" : [1]}}  '
    elements, found = split(body, block=block)
    assert elements == [rb'{"x" :  "\"]"}', b"-1e5", rb'"\\"', b"[ ]", b"null"]
    assert found.rest == b'{"a":1.50,"b":{"items" : [1]}}'


def test_names_are_told_by_what_they_say() -> None:
    elements, found = split(rb'{"\u0069tems": [1], "caf\u00e9 \"x\"": 2}')
    assert elements == [b"1"]
    assert found.rest == '{"café \\"x\\"":2}'.encode()


@pytest.mark.parametrize("held", [b"null", b"{}", b'"x"', b"12", b'{"href": [1, 2]}'])
def test_a_member_that_is_no_array_is_left_out_all_the_same(held: bytes) -> None:
    body = b'{"id": 1, "items": ' + held + b"}"
    elements, found = split(body)
    assert (elements, found.found, found.rest) == ([], False, b'{"id":1}')
    assert without(body, "items") == b'{"id":1}'


def test_of_a_repeated_member_the_last_counts() -> None:
    body = b'{"a": 1, "items": [], "a": 2}'
    assert split(body)[1].rest == without(body, "items") == b'{"a":2}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"<html>",
        b"\xef\xbb\xbf{}",
        b'{"items": [1]} x',
        b'{"items": [1]}}',
        b'{"items": [1,]}',
        b'{"items": [,1]}',
        b'{"items": [1 2]}',
        b'{"items": [1:2]}',
        b'{"items": ["a" "b"]}',
        b'{"items": [1}}',
        b'{"items": [{"a": 1]]}',
        b'{"items": [\x0b1]}',
        b'{"items" [1]}',
        b'{"items": [1] "a": 2}',
        b'{"items": [1],}',
        b'{"items":}',
        b"{items: [1]}",
        b"{1: [1]}",
        b'{"\xff": 1, "items": []}',
        b'{"\\ud800": 1, "items": []}',
        b'{"items": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b'{"a": ' + b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1) + b', "items": []}',
    ],
)
def test_broken_structure_is_refused(body: bytes) -> None:
    for block in (1, 7, 100_000):
        with pytest.raises(NotJsonError):
            split(body, block=block)


@pytest.mark.parametrize("body", [b"[1]", b'"items"', b"12", b"null", b"true", b'{"items": [], "items": []}'])
def test_another_shape_is_told_from_broken_text(body: bytes) -> None:
    with pytest.raises(WrongShapeError):
        split(body)


def test_a_poison_element_costs_nobody_else() -> None:
    deep = b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)
    poison = [deep, b"NaN", b'"\xff"', b'{"a" 1}', b"tru", b'"\x00"', b"1e999"]
    elements, _ = split(b'{"items": [1, ' + b",".join(poison) + b", 2]}")
    assert elements == [b"1", *poison, b"2"]
    for element in poison:
        with pytest.raises(DecodeError):
            value(element)


def test_an_element_may_be_larger_than_a_block() -> None:
    long = json.dumps({"text": 'x"\\' * 100_000, "list": list(range(50_000))}).encode()
    elements, found = split(b'{"items": [' + long + b", 1], " + b'"a": ' + long + b"}", block=1000)
    assert elements == [long, b"1"]
    assert found.rest == b'{"a":' + long + b"}"


@given(st.binary(max_size=60), _BLOCKS)
@example(b'{"items":["\\', 3)
def test_any_bytes_are_split_or_refused(body: bytes, block: int) -> None:
    for text in (body, b'{"items": [' + body + b"]}"):
        try:
            split(text, block=block)
        except DecodeError:
            continue


def peak_of(items: int) -> int:
    """Return the most bytes that splitting a job of so many items holds at once."""
    item = json.dumps({"remote_id": "r" * 100, "errors": [], "logs": [{"message": '"]'}] * 5}).encode()
    with tempfile.TemporaryFile() as file:
        file.write(b'{"items": [' + item)
        for _ in range(items - 1):
            file.write(b", " + item)
        file.write(b'], "id": "j"}')
        file.seek(0)
        tracemalloc.start()
        try:
            assert sum(1 for _ in Members(file, "items")) == items
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_elements() -> None:
    few, many = peak_of(5_000), peak_of(50_000)
    assert many < few * 1.2
    assert many < 4 * 1024 * 1024
