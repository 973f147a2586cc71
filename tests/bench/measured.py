"""One measured load in a process of its own: an empty database, a first load, one more full pass.

``python tests/bench/measured.py FOLDER PORTAL=URL ...`` prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from gateway.compose import Gateway, opened
from gateway.config import Settings
from gateway.sync.progress import RunSummary, Silent

RATE = 100_000.0
ROWS = (
    "organization",
    "person",
    "harvest_backend",
    "harvest_source",
    "harvest_job",
    "harvest_record",
    "harvest_error",
    "dataset",
)
SIZE = "SELECT pg_database_size(current_database())"
RELATIONS = """
    SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes, greatest(c.reltuples, 0)::bigint AS rows
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND pg_total_relation_size(c.oid) > 1000000 ORDER BY 2 DESC
"""


def settings(folder: Path, urls: Mapping[str, str]) -> Settings:
    """Return settings for an embedded Postgres in *folder* and sandbox portals at *urls*."""
    portals = {
        key: {"base_url": url, "sandbox": True, "requests_per_second": RATE} for key, url in urls.items()
    }
    return Settings(data_dir=folder, portals=portals, database_url=None)


async def timed(gateway: Gateway, *, full: bool) -> tuple[float, list[RunSummary]]:
    """Return the seconds of one pass over all portals, one after the other, and how each ended."""
    summaries: list[RunSummary] = []
    began = perf_counter()
    for key in gateway.portals:
        summaries += await gateway.sync([key], full=full, progress=Silent())
    return perf_counter() - began, summaries


def passed(seconds: float, summaries: list[RunSummary]) -> dict[str, Any]:
    """Return a pass as numbers."""
    streams = [tally for summary in summaries for tally in summary.streams.values()]
    return {
        "seconds": round(seconds, 2),
        "requests": sum(summary.requests for summary in summaries),
        "fetched": sum(tally.fetched for tally in streams),
        "new": sum(tally.new for tally in streams),
        "changed": sum(tally.changed for tally in streams),
        "states": {summary.portal: summary.state for summary in summaries},
        "notices": [summary.notice for summary in summaries if summary.notice],
        "by_portal": {
            summary.portal: {
                "seconds": round(summary.seconds, 2),
                "records": summary.streams["records"].fetched if "records" in summary.streams else 0,
            }
            for summary in summaries
        },
    }


async def held(gateway: Gateway) -> dict[str, Any]:
    """Return what the database holds: rows by table, bytes, the larger tables."""
    async with gateway.pool.acquire() as connection:
        rows = {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in ROWS}
        await connection.execute("ANALYZE")
        tables = [dict(row) for row in await connection.fetch(RELATIONS)]
        return {"rows": rows, "bytes": await connection.fetchval(SIZE), "tables": tables}


def peak_megabytes() -> float:
    """Return the most memory that this process has held; Postgres is another process."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


async def load(folder: Path, urls: Mapping[str, str]) -> dict[str, Any]:
    """Load the portals at *urls* into an empty database, then pass over them again in full."""
    async with opened(settings(folder, urls), migrate=True) as gateway:
        seconds, summaries = await timed(gateway, full=False)
        first = {**passed(seconds, summaries), "peak_memory_mb": peak_megabytes()}
        database = await held(gateway)
        again = passed(*await timed(gateway, full=True))
        return {"first_load": first, "full_pass": {**again, "peak_memory_mb": peak_megabytes()}, **database}


def run(folder: Path, urls: Mapping[str, str]) -> dict[str, Any]:
    """Return what ``load`` measures in a fresh process."""
    named = [f"{key}={url}" for key, url in urls.items()]
    done = subprocess.run([sys.executable, __file__, str(folder), *named], stdout=subprocess.PIPE, check=True)
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


if __name__ == "__main__":
    pairs = dict(argument.split("=", 1) for argument in sys.argv[2:])
    print(json.dumps(asyncio.run(load(Path(sys.argv[1]), pairs))))
