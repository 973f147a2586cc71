"""How long after a commit a kept answer is still served, under light load; and what a hit costs beside a miss."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import perf_counter

import aiohttp
import asyncpg

from gateway.postgres import Server, connect, migrate
from gateway.store import bookkeeping

ALLOWED_MS = 50.0
"""The most that the 99th percentile of the delay may be."""
SOURCES = 100
WATCHED = '{ harvestSource(portal: "data-gov", nativeId: "s0") { name } }'
PAGE = "{ harvestSources(first: 50) { nodes { id name url createdAt presence portal { key } } } }"
LOAD = [
    PAGE,
    WATCHED,
    "{ portals { key title } }",
    "{ harvestSources(first: 5) { totalCount nodes { name } } }",
]
LOADERS = 4
LOADER_PAUSE = 0.02
GAP = 0.05
"""Seconds between a commit that has been seen and the next one."""


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=500, help="how many commits (default: 500)")
    parser.add_argument("--requests", type=int, default=2000, help="how many hits and misses (default: 2000)")
    return parser.parse_args()


@asynccontextmanager
async def serving(url: str, folder: Path, *, cache_bytes: int) -> AsyncIterator[str]:
    """Serve the database at *url* in a process of its own; yield the endpoint's address."""
    settings = {
        "GATEWAY_DATABASE_URL": url,
        "GATEWAY_DATA_DIR": str(folder),
        "GATEWAY_CACHE_BYTES": str(cache_bytes),
        "GATEWAY_RATE_COST": "0",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "serve", "--port", "0"),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            words = line.decode().split()
            if found := next(
                (word for word in words if word.startswith("http://") and "/graphql" in word), ""
            ):
                yield found
                break
        else:
            raise RuntimeError("The endpoint did not start.")
    finally:
        process.terminate()
        await process.communicate()


async def fill(connection: asyncpg.Connection) -> None:
    """Store what is asked for."""
    number = await connection.fetchval("SELECT number FROM portal WHERE key = 'data-gov'")
    await connection.execute(
        "INSERT INTO harvest_source (portal, native_id, presence, protocol, metadata_standard, standard_family, name,"
        " url, created_at, first_seen_at, changed_at)"
        " SELECT $1, 's' || n, 'PRESENT', 'DCAT', 'DCAT', 'DCAT', 'Source ' || n, 'https://example.org/' || n, now(),"
        " now(), now() FROM generate_series(0, $2 - 1) n",
        number,
        SOURCES,
    )


async def ask(session: aiohttp.ClientSession, url: str, query: str) -> bytes:
    """Return an answer's bytes."""
    async with session.post(url, json={"query": query}) as response:
        return await response.read()


async def load(session: aiohttp.ClientSession, url: str) -> None:
    """Ask at a gentle pace until cancelled."""
    while True:
        for query in LOAD:
            await ask(session, url, query)
            await asyncio.sleep(LOADER_PAUSE)


async def commit(connection: asyncpg.Connection, name: str) -> None:
    """Change a source as a unit does: the version moves in the same transaction."""
    async with connection.transaction():
        await connection.execute("UPDATE harvest_source SET name = $1 WHERE native_id = 's0'", name)
        await bookkeeping.move_version(connection)


async def delay(session: aiohttp.ClientSession, url: str, connection: asyncpg.Connection, name: str) -> float:
    """Return how many milliseconds after a commit the old answer was last received, 0 where it was not."""
    new = json.dumps(name).encode()
    await ask(session, url, WATCHED)  # the old answer is kept
    await commit(connection, name)
    committed = last = perf_counter()
    while new not in await ask(session, url, WATCHED):
        last = perf_counter()
    return 1000 * (last - committed)


async def delays(url: str, connection: asyncpg.Connection, commits: int) -> list[float]:
    """Return the delays of so many commits, while others ask."""
    async with aiohttp.ClientSession() as session:
        loaders = [asyncio.create_task(load(session, url)) for _ in range(LOADERS)]
        try:
            found = []
            for number in range(commits):
                found.append(await delay(session, url, connection, f"Renamed {number}"))
                await asyncio.sleep(GAP)
            return found
        finally:
            for each in loaders:
                each.cancel()
                with suppress(asyncio.CancelledError):
                    await each


async def latencies(url: str, requests: int) -> list[float]:
    """Return the milliseconds of requests one after the other."""
    found = []
    async with aiohttp.ClientSession() as session:
        for _ in range(requests // 10):
            await ask(session, url, PAGE)
        for _ in range(requests):
            began = perf_counter()
            await ask(session, url, PAGE)
            found.append(1000 * (perf_counter() - began))
    return found


def quantiles(found: list[float]) -> dict[str, float]:
    """Return median and 99th percentile."""
    cuts = statistics.quantiles(found, n=100, method="inclusive")
    return {"p50_ms": round(cuts[49], 3), "p99_ms": round(cuts[98], 3)}


async def measure(options: argparse.Namespace, url: str, folder: Path) -> dict[str, dict[str, float]]:
    """Return what was measured on the database at *url*."""
    await migrate(url)
    async with serving(url, folder, cache_bytes=64_000_000) as endpoint:
        connection = await connect(url)
        try:
            await fill(connection)
            await commit(connection, "Source 0")
            delayed = await delays(endpoint, connection, options.commits)
        finally:
            await connection.close()
        hits = await latencies(endpoint, options.requests)
    async with serving(url, folder, cache_bytes=0) as endpoint:
        misses = await latencies(endpoint, options.requests)
    return {"delay": quantiles(delayed), "hit": quantiles(hits), "miss": quantiles(misses)}


def main() -> int:
    """Measure, print the figures, end with one JSON object; 1 where the delay is more than allowed."""
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postgres may run as another user, who passes through
        server = Server(folder / "postgres")
        server.start()
        try:
            found = asyncio.run(measure(options, server.url, folder))
        finally:
            server.stop()
    for what, figures in found.items():
        print(f"{what:<8} {figures['p50_ms']:>10,.2f} ms p50 {figures['p99_ms']:>10,.2f} ms p99")
    print(json.dumps({"commits": options.commits, "requests": options.requests, **found}))
    return int(found["delay"]["p99_ms"] > ALLOWED_MS)


if __name__ == "__main__":
    sys.exit(main())
