from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fetch.decode import (
    MAX_DEPTH,
    DecodeError,
    Envelope,
    NotJsonError,
    WrongShapeError,
    elements,
    envelope,
    member,
    members,
    storable,
    value,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e400]",
        b'"\xff"',
        b'"\\ud800"',
        b'"\\ud800abc"',
        b'"\\udc00"',
        b'"\\ud800\\ud800"',
        b'["\x00"]',
        b"\xef\xbb\xbf{}",
        b"[1] x",
        b"[1,]",
        b"{'a': 1}",
        b"9" * 5000,
        b"<!doctype html>",
        b"[" * 100_000 + b"]" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    ],
)
def test_what_no_strict_reader_takes_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError):
        value(body)


def test_depth_is_counted_in_nesting_not_in_brackets() -> None:
    assert value(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    wide = b"[" + b",".join([b"[{}]"] * 1000) + b"]"
    assert len(value(wide)) == 1000
    assert value(b'"' + b"[" * 1000 + b'"') == "[" * 1000


def test_a_repeated_key_has_its_last_value() -> None:
    assert value(b'{"a": 1, "a": 2}') == {"a": 2}


def test_large_integers_stay_whole() -> None:
    assert value(b"123456789012345678901234567890") == 123456789012345678901234567890


def test_nul_becomes_the_replacement_character_in_values_and_keys() -> None:
    body = b'{"a\\u0000": ["\\u0000b", {"c": "d\\u0000"}], "e": 1}'
    assert value(body)["a\0"][0] == "\0b"
    assert storable(body) == {"a\ufffd": ["\ufffdb", {"c": "d\ufffd"}], "e": 1}


def test_elements_are_exact_slices() -> None:
    assert elements(b' [ {"b" : 1, "a":2.0} ,"x", null,[ ] ] ') == [
        b'{"b" : 1, "a":2.0}',
        b'"x"',
        b"null",
        b"[ ]",
    ]


@pytest.mark.parametrize("body", [b"{}", b"null", b'"x"', b"1"])
def test_elements_of_what_is_no_array(body: bytes) -> None:
    with pytest.raises(WrongShapeError):
        elements(body)


def test_members_are_exact_slices() -> None:
    body = b'{"a" : {"x":  1} , "b":null}'
    assert member(body, "a") == b'{"x":  1}'
    assert member(body, "b") == b"null"
    assert member(body, "c") is None
    assert members(body) == {"a": b'{"x":  1}', "b": b"null"}


def test_an_envelope_gives_its_members_and_its_rows() -> None:
    rest, rows = envelope(b'{"data": [{"id": 1 }, 2], "total": 2, "next_page": null}', "data")
    assert rest == {"total": 2, "next_page": None}
    assert rows == [b'{"id": 1 }', b"2"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"data": {}}', b'{"data": null}', b'{"data": ['])
def test_an_envelope_without_rows_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError):
        envelope(body, "data")


def test_one_scan_of_an_envelope_gives_what_is_asked_for_of_it() -> None:
    page = Envelope("data", "total", "next_page", "previous_page")
    rest, rows = page.read(
        b'{"data": [{"id": 1 }, "2"], "total": 2, "page": {"number": 1}, "next_page": null}'
    )
    assert rest == {"total": 2, "next_page": None}
    assert [bytes(row) for row in rows] == [b'{"id": 1 }', b'"2"']


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"data": null}', b'{"data": {}}', b'{"data": [1}', b'{"data": [], "total": NaN}', b""],
)
def test_one_scan_refuses_what_two_refuse(body: bytes) -> None:
    for read in (Envelope("data", "total").read, lambda text: envelope(text, "data")):
        with pytest.raises(DecodeError):
            read(body)


def test_errors_are_value_errors() -> None:
    assert issubclass(DecodeError, ValueError)
    with pytest.raises(NotJsonError):
        value(b"<html>")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (value, storable, elements, members):
        try:
            read(body)
        except DecodeError:
            continue


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON)
def test_json_is_read_as_the_standard_library_reads_it(data: object) -> None:
    body = json.dumps(data).encode("utf-8", "surrogatepass")
    try:
        expected = json.loads(body)
        json.dumps(expected, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert value(body) == expected


@given(st.lists(_JSON, max_size=5))
def test_slices_joined_are_the_array(data: list[object]) -> None:
    try:
        body = json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert [json.loads(part) for part in elements(body)] == data
