"""Sending to addresses that somebody else has chosen: never to one inside, and to none but the one that was checked.

A name is looked up once, every address that it has is looked at, and the connection goes to one of these; what stands
in an address as a literal, in whatever spelling, is looked at in the same way. Nothing is followed and nothing is told
but the message: no redirects, no cookies, no proxies, no keys.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import aiohttp
from yarl import URL

Network = IPv4Network | IPv6Network
LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host; OSError where it has none."""
_LARGEST_ANSWER = 64_000
_INSIDE_4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_OUTSIDE_6 = IPv6Network("2000::/3")
"""All that is given out; what is not of it is a machine itself, a link, a site, a group, or IPv4 in disguise."""
_INSIDE_6 = tuple(
    IPv6Network(each)
    for each in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


class Refused(Exception):
    """Nothing is sent there."""


class Undelivered(Exception):
    """It could not be sent, or nobody said that it was taken."""


async def looked_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of *host* as the system knows them, in whatever way it is written."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def networks(text: str) -> tuple[Network, ...]:
    """Return the networks in *text*, separated by commas; ValueError for what is none."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


def is_inside(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Return whether *address* is one that nobody outside could reach, and none of *allowed*."""
    found = ip_address(address.partition("%")[0])
    if any(found in network for network in allowed if network.version == found.version):
        return False
    if isinstance(found, IPv4Address):
        return any(found in network for network in _INSIDE_4)
    assert isinstance(found, IPv6Address)
    return found not in _OUTSIDE_6 or any(found in network for network in _INSIDE_6)


def checked(url: str) -> URL:
    """Return *url*; Refused where it is none of http or https, or holds a password."""
    try:
        found = URL(url)
    except ValueError:
        raise Refused("The address cannot be read.") from None
    if found.scheme not in {"http", "https"} or not found.raw_host:
        raise Refused("The address has to begin with https:// or http:// and a host.")
    if found.user is not None or found.password is not None:
        raise Refused("The address holds a user or a password: it would be sent in the clear, and logged.")
    return found


class Guarded:
    """Posts messages, to addresses outside and of *allowed* networks alone."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        allowed: Sequence[Network] = (),
        look_up: LookUp = looked_up,
    ) -> None:
        self._session = session
        self._allowed = allowed
        self._look_up = look_up

    async def ensure_outside(self, url: str) -> None:
        """Raise Refused where nothing is sent to *url*, Undelivered where its host has no address now."""
        await self._address(checked(url))

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send *body* and return the status of the answer, which is read to no purpose; Refused, Undelivered."""
        wanted = checked(url)
        host = wanted.raw_host
        assert host is not None
        address = await self._address(wanted)
        sent = {**headers, "Host": _authority(wanted)}
        try:
            async with self._session.post(
                wanted.with_host(address),
                data=body,
                headers=sent,
                allow_redirects=False,
                server_hostname=host if wanted.scheme == "https" else None,
            ) as response:
                await response.content.read(_LARGEST_ANSWER)
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Undelivered(f"It cannot be reached: {type(error).__name__}.") from None

    async def _address(self, url: URL) -> str:
        host, port = url.raw_host, url.port
        assert host is not None
        assert port is not None
        try:
            found = await self._look_up(host, port)
        except (OSError, UnicodeError):
            raise Undelivered(f"The host {host} has no address.") from None
        if not found or any(is_inside(each, self._allowed) for each in found):
            raise Refused(
                f"{host} is an address inside: nothing is sent there (GATEWAY_WEBHOOK_NETWORKS allows some)."
            )
        return found[0]


@asynccontextmanager
async def guarded(
    *, allowed: Sequence[Network] = (), seconds: float = 15.0, look_up: LookUp = looked_up
) -> AsyncIterator[Guarded]:
    """Open what posts, each message within so many *seconds*."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        max_line_size=8190,
        max_field_size=8190,
    ) as session:
        yield Guarded(session, allowed=allowed, look_up=look_up)


def _authority(url: URL) -> str:
    """Return host and port as the receiver expects to be called."""
    return url.raw_authority
