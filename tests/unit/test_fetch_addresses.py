from __future__ import annotations

import pytest
from yarl import URL

from gateway.fetch.addresses import Addresses

BASES = ["http://h.example", "https://h.example:8443/api/1/"]
PATHS = [
    "/",
    "/a",
    "/harvest/job/6abb735f/items/",
    "//b//",
    "/a_b-c",
    "/a.b/../c",
    "/a b",
    "/é",
    "/%7e%2f",
    "/a?x=1",
    "/a~",
]
PARAMS: list[dict[str, str | int]] = [
    {},
    {"page": 1, "page_size": 10_000},
    {"page_size": 10_000, "page": 1},
    {"page": 2, "page_size": 10_000},
    {"q": "1 2,3+4&é"},
]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("path", PATHS)
def test_an_address_is_what_a_parser_makes_of_it(base: str, path: str) -> None:
    addresses = Addresses(base)
    for params in PARAMS:  # one after the other: the parameters of the one before are remembered
        parsed = URL(base.rstrip("/") + path).update_query(params)
        found = addresses.of(path, params)
        assert (found, str(found)) == (parsed, str(parsed))
        assert (found.raw_host, found.port, found.raw_path_qs) == (
            parsed.raw_host,
            parsed.port,
            parsed.raw_path_qs,
        )


def test_an_endpoint_lies_below_the_base() -> None:
    addresses = Addresses("https://h.example/api/1")
    assert addresses.below(addresses.of("/a/", {"page": 1})) == "/a/?page=1"
