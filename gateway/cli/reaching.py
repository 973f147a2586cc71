"""Which portals answer now: one quick request each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

    from gateway.ports import Portal


@dataclass(frozen=True, slots=True)
class Reached:
    """What came of asking a portal: whether it answers, in words, after how many seconds."""

    key: str
    answers: bool
    words: str
    seconds: float


async def reach(portals: Iterable[Portal], *, seconds: float) -> list[Reached]:
    """Ask each portal's base address once, at the same time, for at most *seconds*; no key is sent."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        return await asyncio.gather(*(_ask(session, portal) for portal in portals))


async def _ask(session: aiohttp.ClientSession, portal: Portal) -> Reached:
    import aiohttp

    begun = monotonic()
    address = f"{portal.settings.base_url.rstrip('/')}/"
    try:
        async with session.get(address, allow_redirects=False) as answer:
            words, answers = f"answers ({answer.status})", answer.status < 500
    except TimeoutError:
        words, answers = "no answer in time", False
    except aiohttp.InvalidURL:
        words, answers = f"{portal.settings.base_url!r} is no address", False
    except aiohttp.ClientConnectorDNSError:
        words, answers = "its name cannot be resolved", False
    except aiohttp.ClientConnectorCertificateError:
        words, answers = "its certificate is not trusted", False
    except (aiohttp.ClientError, OSError):
        words, answers = "no connection", False
    return Reached(portal.key, answers, words, monotonic() - begun)
