"""What counts as an address inside, in whatever way it is written."""

from __future__ import annotations

import pytest

from gateway.fetch.guarded import Refused, checked, is_inside, looked_up, networks


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "192.88.99.1",
        "::1", "::", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
        "2001::1", "2001:db8::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "100::1",
    ],
)  # fmt: skip
def test_inside(address: str) -> None:
    assert is_inside(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "2606:4700::1111"]
)
def test_outside(address: str) -> None:
    assert not is_inside(address)


def test_networks_that_are_allowed_are_as_if_outside() -> None:
    allowed = networks("127.0.0.0/8, fd00::/8")
    assert not is_inside("127.0.0.1", allowed)
    assert not is_inside("fd12::1", allowed)
    assert is_inside("10.0.0.1", allowed)
    assert is_inside("::ffff:127.0.0.1", allowed)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "//example.org",
        "nothing",
        "https://a:b@example.org",
        "http://",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(Refused):
        checked(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "①②⑦.⓪.⓪.①",
        "[::ffff:127.0.0.1]",
        "localhost",
    ],
)
async def test_every_spelling_of_this_machine_is_looked_at(host: str) -> None:
    """Whatever the system would connect to is what is judged."""
    raw = checked(f"http://{host}/").raw_host
    assert raw is not None
    assert all(is_inside(each) for each in await looked_up(raw, 80))
