from __future__ import annotations

import pytest

from gateway.fetch import parting
from gateway.fetch.decode import DecodeError, NotJsonError, WrongShapeError

BAD = [
    b'{"a": "\\ud800"}',
    b'{"a": 01}',
    b"[1:2]",
    b'"\x01"',
    b'{"a": "\\x"}',
    b"nul",
    b"[" * 500 + b"]" * 500,
]


@pytest.mark.parametrize("bad", BAD)
def test_a_row_that_is_no_json_does_not_hide_its_neighbours(bad: bytes) -> None:
    rows = [b'{"id": 1}', bad, b'{"id":  3}']
    listed = b"[" + b", ".join(rows) + b"]"
    assert parting.elements(listed) == rows
    assert parting.envelope(b'{"total": 3, "data": %s, "page": 1}' % listed, "data") == (
        {"total": 3, "page": 1},
        rows,
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b'["a]', b"[1, 2", b"[1 2]", b"[1,]", b"[1]}", b"[1] 2", b"[1}", b"nul", b'[1], "a": [nul]'],
)
def test_a_list_that_does_not_end_where_it_should_is_none(body: bytes) -> None:
    with pytest.raises(NotJsonError):
        parting.elements(body)
    with pytest.raises(DecodeError):
        parting.envelope(b'{"data": ' + body + b"}", "data")


def test_what_is_json_is_told_as_ever() -> None:
    assert parting.elements(b"[1, {}]") == [b"1", b"{}"]
    with pytest.raises(WrongShapeError):
        parting.elements(b'{"a": [nul]}'.replace(b"nul", b"null"))
    with pytest.raises(WrongShapeError, match="has no `data`"):
        parting.envelope(b'{"rows": []}', "data")
