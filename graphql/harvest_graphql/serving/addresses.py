"""Addresses: from where a request comes, as what is counted by address needs to know it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Protocol

from aiohttp import web
from aiohttp.hdrs import X_FORWARDED_FOR
from multidict import MultiMapping

UNKNOWN = "unknown"
"""Who has no address of the internet: a peer on a socket of this machine."""
MOST_HOPS = 32
"""How many proxies in a row are looked through."""
_SITE_BITS = 64
"""The part of an IPv6 address that its holder does not choose."""
_REMEMBERED = 4096
_USUAL = 100
"""Characters of headers that are worth to be remembered."""

Address = IPv4Address | IPv6Address


class Arriving(Protocol):
    """A request, as far as it tells who sent it."""

    @property
    def remote(self) -> str | None:
        """The address of the other end of its connection."""
        ...

    @property
    def headers(self) -> MultiMapping[str]:
        """Its headers."""
        ...


Sender = web.Request | Arriving
"""Whoever's request it is, read by aiohttp or by the short way."""


class Addresses:
    """Names who sends requests; *trusted* are the networks of proxies whose X-Forwarded-For is believed."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = tuple(ip_network(each, strict=False) for each in trusted)
        self._peer = lru_cache(_REMEMBERED)(self._read_peer)
        self._remembered = lru_cache(_REMEMBERED)(self._behind)

    def of(self, request: Sender) -> str:
        """Return who sent *request*: an IPv4 address, or the IPv6 network of 64 bits that somebody has at least.

        Behind trusted proxies it is the last hop that none of them is. What a client writes there itself stands
        before that, and what is no address ends the search at the proxy that passed it on.
        """
        address, is_proxy = self._peer(request.remote or "")
        if not is_proxy:
            return address
        assert self._trusted, "nobody is believed unasked"
        headers = tuple(request.headers.getall(X_FORWARDED_FOR, ()))
        behind = self._remembered if sum(map(len, headers)) <= _USUAL else self._behind
        return behind(address, headers)

    def _behind(self, proxy: str, headers: Sequence[str]) -> str:
        nearest = proxy
        for hop in reversed(_hops(headers)):
            found = parsed(hop)
            if found is None:
                return nearest
            nearest = named(found)
            if not self._trusts(found):
                return nearest
        return nearest

    def _read_peer(self, peer: str) -> tuple[str, bool]:
        """Return who a peer is, and whether it is a trusted proxy."""
        found = parsed(peer)
        return (UNKNOWN, False) if found is None else (named(found), self._trusts(found))

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def parsed(text: str) -> Address | None:
    """Return the address that *text* is, perhaps with a port or in brackets; None where it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found


def named(address: Address) -> str:
    """Return *address* as it is counted: IPv6 by the network that one site has."""
    if isinstance(address, IPv4Address):
        return str(address)
    rest = 128 - _SITE_BITS
    return f"{IPv6Address(int(address) >> rest << rest)}/{_SITE_BITS}"


def _hops(headers: Sequence[str]) -> list[str]:
    """Return the last hops that the headers name, the nearest one last."""
    return ",".join(headers[-MOST_HOPS:]).rsplit(",", MOST_HOPS)[-MOST_HOPS:] if headers else []
