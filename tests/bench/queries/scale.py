"""Whether answers take as long, and the server as little memory, whatever the size of the database.

Each workload is asked on one connection, without the cache, on three databases in turn, for answers as long on each.
Then the server as it is by default is loaded with all workloads at once, and its memory looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the rest of the bench

import database
import load
import mix
import peers
import psutil
import workloads
from database import DATA
from peers import Peer

from gateway.postgres import connect

SIZES = (10_000, 100_000, 1_000_000)
BAR = 1.3
POINTS = 8
"""How often memory is looked at."""


@dataclass(frozen=True)
class Place:
    """A database, who serves it, and what to ask there."""

    records: int
    url: str
    postgres: int
    peer: Peer
    chosen: workloads.Chosen
    folder: Path


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default: 5)")
    parser.add_argument("--seconds", type=int, default=1, help="length of a burst (default: 1)")
    parser.add_argument(
        "--memory-seconds", type=int, default=80, help="how long memory is watched (default: 80)"
    )
    parser.add_argument(
        "--records", type=int, nargs="+", default=list(SIZES), help="sizes, the smallest first"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the databases")
    return parser.parse_args()


def main() -> None:
    """Measure, print, end with one JSON object."""
    options = arguments()
    load.ensure_wrk()
    with ExitStack() as stack:
        places = [_opened(stack, options.data.absolute(), records) for records in options.records]
        found = _latencies(places, options.rounds, options.seconds)
        memory = _memory(stack, places[-1], options.memory_seconds)
    figures = {name.upper(): _figures(name, by_size) for name, by_size in found.items()}
    print(json.dumps({**figures, "memory": memory}))


def _opened(stack: ExitStack, folder: Path, records: int) -> Place:
    url = stack.enter_context(database.served(folder, records))
    home = folder / str(records)
    peer = stack.enter_context(peers.running(["gateway"], url, home))["gateway"]
    chosen = asyncio.run(_chosen(url))
    return Place(records, url, database.process(folder, records), peer, chosen, home)


async def _chosen(url: str) -> workloads.Chosen:
    connection = await connect(url)
    try:
        return await workloads.chosen(connection, even=True)
    finally:
        await connection.close()


def _latencies(places: Sequence[Place], rounds: int, seconds: int) -> dict[str, dict[int, list[float]]]:
    """Return the p50 (milliseconds) of each workload and size, a round after the other."""
    found: dict[str, dict[int, list[float]]] = {
        name: {place.records: [] for place in places} for name in workloads.NAMES
    }
    for number in range(rounds + 1):
        print(f"Round {number} of {rounds}" if number else "Warming up", flush=True)
        for name in workloads.NAMES:
            for place in places if number % 2 else reversed(places):
                file = load.written(place.peer, name, place.chosen, place.folder)
                one = load.burst(place.peer, name, file, place.postgres, seconds=seconds, connections=1)
                if number:
                    found[name][place.records].append(one.p50)
    return found


def _figures(name: str, by_size: Mapping[int, Sequence[float]]) -> dict[str, float]:
    """Print a workload's latencies, and return them with the ratio of the slowest to the smallest database's."""
    latencies = {records: median(found) for records, found in by_size.items()}
    ratio = max(latencies.values()) / latencies[min(latencies)]
    row = "".join(f"{records:>12,}: {found:>7.3f} ms" for records, found in latencies.items())
    kept = "met" if ratio <= BAR else "missed"
    print(f"{name.upper()}  {workloads.ABOUT[name]:<58} {row}   {ratio:.2f} (at most {BAR}: {kept})")
    return {
        **{str(records): round(found, 3) for records, found in latencies.items()},
        "ratio": round(ratio, 3),
    }


def _memory(stack: ExitStack, place: Place, seconds: int) -> dict[str, Any]:
    """Print the memory of the server as it is by default, under a load of everything, and return it (MB)."""
    peer = stack.enter_context(peers.running(["cached"], place.url, place.folder))["cached"]
    file = place.folder / "everything.jsonl"
    bodies = [json.dumps(peer.say(name, meant)) for name in workloads.NAMES for meant in place.chosen[name]]
    file.write_text("".join(f"{body}\n" for body in bodies), "utf-8")
    points = []
    for _ in range(POINTS):
        asyncio.run(mix.commit(peer, place.url))  # so that everything is read anew
        load.burst(peer, "q1", file, place.postgres, seconds=max(1, seconds // POINTS))
        points.append(round(psutil.Process(peer.process.pid).memory_info().rss / 1e6, 1))
    ratio = round(points[-1] / points[POINTS // 4 - 1], 3)
    print(
        f"Memory under load: {', '.join(f'{each:.0f}' for each in points)} MB; the last to the second: {ratio}"
    )
    return {"mb": points, "ratio": ratio}


if __name__ == "__main__":
    main()
