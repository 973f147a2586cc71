"""What a document says of somebody who is to be forgotten."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from gateway.model.document import Document, Fetch
from gateway.model.enums import EntityType
from gateway.store.forgotten import BLANK, Forgotten, address_name, is_address

PERSON, ADDRESS = "534fff8ba3a7292c64a77f02", "Ada.Lovelace@example.org"
WHOM = Forgotten(frozenset({PERSON, address_name(ADDRESS)}))
OTHER = {"id": "other", "first_name": "Grace", "mail": "grace@example.org"}


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (
            {"id": PERSON, "class": "User", "first_name": "Ada"},
            {"id": PERSON, "class": "User", "first_name": None},
        ),
        (
            {"validation": {"by": {"id": PERSON, "slug": "ada"}}},
            {"validation": {"by": {"id": PERSON, "slug": None}}},
        ),
        ({"to": ["ada.lovelace@EXAMPLE.org", "x@y.zz", None]}, {"to": ["x@y.zz", None]}),
        ({"mail": ADDRESS}, {"mail": None}),
        ({"text": f"Ask <{ADDRESS}>, or me@here.net."}, {"text": f"Ask <{BLANK}>, or me@here.net."}),
        (
            {"raw": json.dumps({"hasEmail": f"mailto:{ADDRESS}"})},
            {"raw": f'{{"hasEmail": "mailto:{BLANK}"}}'},
        ),
        ({"owner": OTHER, "ref": PERSON}, {"owner": OTHER, "ref": PERSON}),
        ({"id": 12, "n": 2**70, "f": 1.5}, {"id": 12, "n": 2**70, "f": 1.5}),
    ],
)
def test_what_is_left_of_a_document(said: object, left: object) -> None:
    assert json.loads(WHOM.scrubbed(json.dumps(said).encode())) == left


def test_an_address_that_is_written_in_escapes_is_found() -> None:
    body = json.dumps({"mail": ADDRESS}).encode().replace(b"@", b"\\u0040")
    assert json.loads(WHOM.scrubbed(body)) == {"mail": None}


def test_what_is_no_json_is_left_empty_where_it_speaks_of_them() -> None:
    for body in (f"<p>{ADDRESS}</p>".encode(), b'{"id": "' + PERSON.encode()):
        assert WHOM.scrubbed(body) == b""
    for body in (b"<p>x@y.zz</p>", b"\xff@\xfe", b""):
        assert WHOM.scrubbed(body) == body


def test_what_says_nothing_of_them_keeps_its_bytes_to_the_letter() -> None:
    body = b'{ "mail" : "x@y.zz",  "n": 1e0 }'
    assert WHOM.scrubbed(body) is body
    addressed = json.dumps({"mail": ADDRESS}).encode()
    assert Forgotten().scrubbed(addressed) is addressed
    assert Forgotten(frozenset({PERSON})).scrubbed(addressed) is addressed


def test_a_document_keeps_its_fingerprint() -> None:
    fetch = Fetch("/x", None, datetime(2026, 11, 1, tzinfo=UTC), b"0" * 16)
    document = Document.of(
        EntityType.PERSON, PERSON, json.dumps({"id": PERSON, "slug": "ada"}).encode(), fetch
    )
    blanked = WHOM.blanked(document)
    assert (blanked.hash, json.loads(blanked.body)) == (document.hash, {"id": PERSON, "slug": None})
    assert Forgotten().blanked(document) is document


def test_an_address_is_not_remembered_itself() -> None:
    assert "ada" not in address_name(ADDRESS).lower()
    assert address_name(ADDRESS) == address_name(ADDRESS.upper())
    assert [is_address(text) for text in (ADDRESS, "data-gov/x", "a@b", "a b@c.de")] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("depth", [200, 600, 5000])
def test_what_is_nested_too_deep_to_look_through_is_left_empty_where_it_speaks_of_them(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    assert WHOM.scrubbed(b'{"owner":"%s","x":%s}' % (PERSON.encode(), deep)) == b""
    assert WHOM.scrubbed(b'{"owner":"other","x":%s}' % deep) == b'{"owner":"other","x":%s}' % deep
