"""How often the cache can answer when people ask this and that, and data comes in between."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any
from urllib.request import ProxyHandler, build_opener

import aiohttp
import workloads
from load import CONNECTIONS
from peers import Peer

from gateway.postgres import connect
from gateway.store import bookkeeping

REQUESTS = 3_000
"""How many come between two commits: a hundred a second, and a commit each half minute."""
COMMITS = 3
SHARES = {"q1": 30, "q2": 25, "q3": 15, "q4": 5, "q5": 10, "q6": 15}
"""Of a hundred requests, how many are of which workload."""
ABOUT = f"A mix of Q1 to Q6, the n-th favourite asked 1/n as often, a commit each {REQUESTS:,} requests"
_SECONDS = 10.0
_MOVE = f"""
    WITH moved AS (UPDATE data_version SET version = version + 1 RETURNING version)
    SELECT pg_notify('{bookkeeping.DATA}', version::text) FROM moved
"""


def hit_rate(peer: Peer, chosen: workloads.Chosen, url: str) -> float:
    """Return the share of the mix's requests that *peer* answers from its cache; *url* is the database's."""
    return asyncio.run(_measured(peer, chosen, url))


async def _measured(peer: Peer, chosen: workloads.Chosen, url: str) -> float:
    bodies = _bodies(peer, chosen)
    async with _caller(peer) as ask:
        before = _counted(peer)
        for turn in range(COMMITS):
            await commit(peer, url)
            await _asked(ask, bodies[turn * REQUESTS : (turn + 1) * REQUESTS])
        after = _counted(peer)
    hits, misses = after["hits"] - before["hits"], after["misses"] - before["misses"]
    return hits / max(1.0, hits + misses)


def _bodies(peer: Peer, chosen: workloads.Chosen) -> list[bytes]:
    """Return the mix's requests, the same in every run."""
    dice = Random(1)
    names = dice.choices(list(SHARES), list(SHARES.values()), k=COMMITS * REQUESTS)
    ranks = {name: [1 / (place + 1) for place in range(len(sets))] for name, sets in chosen.items()}
    return [json.dumps(peer.say(name, dice.choices(chosen[name], ranks[name])[0])).encode() for name in names]


async def _asked(ask: Any, bodies: Sequence[bytes]) -> None:
    """Ask all of *bodies* from as many connections as wrk uses."""
    waiting = iter(bodies)

    async def one() -> None:
        for body in waiting:
            await ask(body)

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


@asynccontextmanager
async def _caller(peer: Peer) -> AsyncIterator[Any]:
    url, headers = f"http://127.0.0.1:{peer.port}/graphql", {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def ask(body: bytes) -> None:
            async with session.post(url, data=body, headers=headers) as response:
                response.raise_for_status()
                await response.read()

        yield ask


async def commit(peer: Peer, url: str) -> None:
    """Move the data's version as a commit does, and wait until the peer has forgotten what it kept."""
    connection = await connect(url)
    try:
        await connection.execute(_MOVE)
    finally:
        await connection.close()
    await asyncio.sleep(0.2)
    assert peer.process.poll() is None


def _counted(peer: Peer) -> dict[str, float]:
    """Return how many hits and misses the peer has counted."""
    url = f"http://127.0.0.1:{peer.port}/metrics"
    with build_opener(ProxyHandler({})).open(url, timeout=_SECONDS) as response:
        text = response.read().decode()
    found = re.findall(
        r"^harvest_gateway_cache_(hits|misses)_total(?:{.*})? ([0-9.e+]+)$", text, re.MULTILINE
    )
    return {"hits": 0.0, "misses": 0.0} | {name: float(value) for name, value in found}
