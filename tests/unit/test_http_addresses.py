"""Who sent a request: the peer, or whom trusted proxies speak for; never whom a client claims to be."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from harvest_graphql.serving.addresses import MOST_HOPS, UNKNOWN, Addresses, named, parsed

PROXIES = ("10.0.0.0/8", "2001:db8:ffff::/48")


def sent(peer: str, *forwarded: str, trusted: tuple[str, ...] = PROXIES) -> str:
    headers = CIMultiDict([("X-Forwarded-For", each) for each in forwarded])
    request = make_mocked_request("POST", "/graphql", headers).clone(remote=peer)
    return Addresses(trusted).of(request)


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", UNKNOWN),
        ("/run/x.sock", UNKNOWN),
    ],
)
def test_a_peer_is_itself_whatever_it_says(peer: str, address: str) -> None:
    assert sent(peer) == address
    assert sent(peer, "198.51.100.1") == address
    assert sent(peer, "198.51.100.1", trusted=()) == address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        (["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        (["203.0.113.9, 198.51.100.1, 10.2.2.2"], "198.51.100.1"),
        (["203.0.113.9, 198.51.100.1", "2001:db8:ffff::1, 10.2.2.2"], "198.51.100.1"),
        (["198.51.100.1:4711"], "198.51.100.1"),
        (["[2001:db8::1]:4711"], "2001:db8::/64"),
        (["2001:db8::1"], "2001:db8::/64"),
        (["::ffff:198.51.100.1"], "198.51.100.1"),
        (["::ffff:10.9.9.9"], "10.9.9.9"),
        ([" 198.51.100.1\t"], "198.51.100.1"),
    ],
)
def test_a_trusted_proxy_tells_for_whom_it_speaks(forwarded: list[str], address: str) -> None:
    assert sent("10.1.1.1", *forwarded) == address
    assert sent("::ffff:10.1.1.1", *forwarded) == address


@pytest.mark.parametrize(
    "nonsense", ["", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "[", "[::1", "é", "1.2.3.4 "]
)
def test_nonsense_before_the_last_hop_changes_nothing(nonsense: str) -> None:
    assert sent("10.1.1.1", f"{nonsense}, 198.51.100.1") == "198.51.100.1"


@pytest.mark.parametrize("nonsense", ["", " ", ",", "unknown", "1.2.3", "a" * 5000, "0x7f.1", "01.2.3.4"])
def test_nonsense_as_the_last_hop_leaves_the_proxy_that_passed_it_on(nonsense: str) -> None:
    assert sent("10.1.1.1", f"198.51.100.1, {nonsense}") == "10.1.1.1"
    assert sent("10.1.1.1", f"198.51.100.1, {nonsense}, 10.2.2.2") == "10.2.2.2"


def test_only_so_many_hops_are_looked_through() -> None:
    inside = ", ".join(["10.2.2.2"] * (MOST_HOPS + 5))
    assert sent("10.1.1.1", f"198.51.100.1, {inside}") == "10.2.2.2"
    assert sent("10.1.1.1", *["198.51.100.1"] * 5, *["10.2.2.2"] * (MOST_HOPS + 5)) == "10.2.2.2"


def test_proxies_that_speak_for_nobody_are_callers_themselves() -> None:
    assert sent("10.1.1.1") == "10.1.1.1"
    assert sent("10.1.1.1", "10.3.3.3, 10.2.2.2") == "10.3.3.3"


@given(st.text(max_size=200), st.text(max_size=50))
def test_whatever_stands_before_the_last_hop_the_caller_is_the_same(before: str, peer: str) -> None:
    addresses = Addresses(PROXIES)
    assert addresses._behind("10.1.1.1", [before, "198.51.100.1"]) == "198.51.100.1"
    assert addresses._behind("10.1.1.1", [before.replace(",", "") + ",198.51.100.1"]) == "198.51.100.1"
    addresses._read_peer(peer)


@given(st.ip_addresses())
def test_a_name_is_one_for_a_whole_network(address: object) -> None:
    read = parsed(str(address))
    assert read is not None
    first = named(read).partition("/")[0]
    assert named(ip_address(first)) == named(read) or read.version == 4
