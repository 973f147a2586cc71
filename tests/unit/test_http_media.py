"""Which media type and which coding an answer gets."""

from __future__ import annotations

import pytest

from gateway.config import Settings
from harvest_graphql.serving.media import coding, media_type
from harvest_graphql.serving.refusals import Unusable

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5,{JSON};q=0.9", JSON),
        (f"{GRAPHQL};charset=utf-8;q=0.5,*/*;q=0.1", GRAPHQL),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{GRAPHQL};q=0, */*", JSON),
        (f"{GRAPHQL};q=0.1, */*", JSON),
        (f"{JSON}; q=nan", JSON),
        (f"{JSON.upper()} ; Q=0.1", JSON),
        (f"text/html, {GRAPHQL};q=0.001", GRAPHQL),
        (",,;;, */*;q=1.000", JSON),
    ],
)
def test_the_media_type(accept: str, expected: str) -> None:
    assert media_type(accept) == expected


@pytest.mark.parametrize("accept", ["text/csv", f"{JSON};q=0", f"{JSON};q=0.0, */*;q=0", ",", "application"])
def test_none_of_ours(accept: str) -> None:
    with pytest.raises(Unusable) as caught:
        media_type(accept)
    assert caught.value.status == 406


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", None),
        ("identity", None),
        ("br", None),
        ("gzip", "gzip"),
        ("gzip, zstd", "zstd"),
        ("gzip, zstd;q=0.5", "gzip"),
        ("*", "zstd"),
        ("*;q=0.5, zstd;q=0", "gzip"),
        ("zstd;q=0, gzip;q=0, *", None),
        ("gzip;q=0.2, identity;q=0.8", None),
        ("GZIP;q=1, identity", "gzip"),
    ],
)
def test_the_coding(accept: str, expected: str | None) -> None:
    assert coding(accept, ("zstd", "gzip")) == expected


def test_origins_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", "https://App.example.org,http://localhost:3000")
    assert Settings().cors_origins == ("https://app.example.org", "http://localhost:3000")
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", "")
    assert Settings().cors_origins == ()
    monkeypatch.setenv("GATEWAY_DOCUMENTS", "Trusted")
    assert Settings().documents == "trusted"
