"""What the short way understands of a head, and all that it leaves to aiohttp."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvest_graphql.serving.heads import MOST_BODY, Head, Heads

JSON = "Content-Type: application/json"
GRAPHQL = "application/graphql-response+json"


def read(*texts: bytes) -> Head | None:
    """Return what the last of *texts* says, as a server reads it: while its loop runs."""

    async def reading() -> Head | None:
        heads = Heads("/graphql")
        return [heads.read(text) for text in texts][-1]

    return asyncio.run(reading())


def head(*lines: str, first: str = "POST /graphql HTTP/1.1") -> Head | None:
    return read("".join(f"{line}\r\n" for line in (first, *lines, "")).encode())


def test_a_plain_post_takes_the_short_way() -> None:
    found = head("Host: x", JSON, "Content-Length: 12", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For:b ")
    assert found is not None
    assert (found.length, found.media_type, found.keyed) == (12, "application/json", False)
    assert found.headers.getall("x-forwarded-for") == ["192.0.2.1", "b"]


@pytest.mark.parametrize(
    ("line", "media_type"),
    [
        (f"Accept: {GRAPHQL}", GRAPHQL),
        ("Accept: */*", "application/json"),
        ("Connection: Keep-Alive", "application/json"),
        ("Content-Length: 65536", "application/json"),
        ("Accept: image/png", None),
        ("Accept: text/event-stream, application/json", None),
        ("Content-Encoding: gzip", None),
        (f"Content-Length: {MOST_BODY + 1}", None),
    ],
)
def test_who_answers_depends_on_what_is_asked_for(line: str, media_type: str | None) -> None:
    found = head("Host: x", JSON, line)
    assert found is not None
    assert found.media_type == media_type


@pytest.mark.parametrize(
    "type_", ["text/plain", "application/json; charset=latin-1", "application/graphql", ""]
)
def test_other_bodies_take_the_usual_way(type_: str) -> None:
    found = head("Host: x", f"Content-Type: {type_}", "Content-Length: 3")
    assert found is not None
    assert (found.length, found.media_type) == (3, None)


@pytest.mark.parametrize(
    "first",
    [
        "GET /graphql HTTP/1.1",
        "POST /graphql?a=1 HTTP/1.1",
        "POST /graphql/ HTTP/1.1",
        "PUT /graphql HTTP/1.1",
    ],
)
def test_other_requests_take_the_usual_way(first: str) -> None:
    found = head("Host: x", JSON, first=first)
    assert found is not None
    assert found.media_type is None


@pytest.mark.parametrize("line", ["Authorization: Bearer x", "x-api-key: x", "Authorization:"])
def test_a_key_is_seen(line: str) -> None:
    found = head("Host: x", JSON, line)
    assert found is not None
    assert found.keyed


@pytest.mark.parametrize(
    "lines",
    [
        ["Transfer-Encoding: chunked"],
        ["Content-Length: 4", "Transfer-Encoding: chunked"],
        ["Content-Length: 4", "Content-Length: 4"],
        ["Content-Length: 4", "content-length: 5"],
        ["Content-Length: +4"],
        ["Content-Length: 04"],
        ["Content-Length: 4, 4"],
        ["Content-Length: -1"],
        ["Content-Length: ٤"],
        ["Content-Length:"],
        ["Content-Length: 1234567890"],
        ["Content-Length : 4"],
        [" Content-Length: 4"],
        ["X: a", " Content-Length: 4"],
        ["X: \x00"],
        ["X: a\rContent-Length: 4"],
        ["X: a\nContent-Length: 4"],
        ["X"],
        ["X y: a"],
        ["Upgrade: websocket", "Connection: Upgrade"],
        ["Connection: close"],
        ["Connection: keep-alive", "Connection: keep-alive"],
        ["Expect: 100-continue"],
        [JSON],
        ["Host: y"],
    ],
    ids=lambda lines: " / ".join(lines).encode("unicode_escape").decode(),
)
def test_whatever_is_out_of_the_ordinary_is_left_to_aiohttp_for_good(lines: list[str]) -> None:
    assert head("Host: x", JSON, *lines) is None


@pytest.mark.parametrize(
    "first",
    [
        "POST /graphql HTTP/1.0",
        "POST /graphql HTTP/2.0",
        "POST http://x/graphql HTTP/1.1",
        "CONNECT x:1 HTTP/1.1",
        "post /graphql HTTP/1.1",
        "",
    ],
)
def test_so_are_other_first_lines(first: str) -> None:
    assert head("Host: x", JSON, first=first) is None


@pytest.mark.parametrize("first", ["POST  /graphql HTTP/1.1", "\r\nPOST /graphql HTTP/1.1"])
def test_what_aiohttp_forgives_is_forgiven(first: str) -> None:
    found = head("Host: x", JSON, "Content-Length: 3", first=first)
    assert found is not None
    assert (found.length, found.media_type) == (3, "application/json")


@given(st.binary(max_size=300))
def test_no_bytes_are_a_mistake(text: bytes) -> None:
    read(text + b"\r\n\r\n", b"POST /graphql HTTP/1.1\r\n" + text + b"\r\n\r\n")


async def test_no_key_is_remembered_and_others_not_without_end() -> None:
    heads = Heads("/graphql")
    for number in range(1100):
        text = f"POST /graphql HTTP/1.1\r\nHost: x\r\nX: {number}\r\n\r\n".encode()
        assert heads.read(text) is heads.read(text) is not None
        keyed = text.replace(b"X:", b"X-Api-Key:")
        assert heads.read(keyed) is not heads.read(keyed)
        assert 0 < len(heads) <= 512
