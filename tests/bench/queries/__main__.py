"""The endpoint against what users would pick instead: the same answers, the same Postgres, interleaved rounds.

``make bench-queries ARGS="--peers gateway,handwritten --workloads q1,q3 --rounds 2 --seconds 1"`` runs a part of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the rest of the bench

import answers
import database
import load
import mix
import peers
import report
import rounds
import workloads
from database import DATA

from gateway.postgres import connect


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default: 7)")
    parser.add_argument("--seconds", type=int, default=2, help="length of a burst (default: 2)")
    parser.add_argument(
        "--peers", type=_among(peers.NAMES), default=list(peers.NAMES), help=",".join(peers.NAMES)
    )
    parser.add_argument(
        "--workloads",
        type=_among(workloads.NAMES),
        default=list(workloads.NAMES),
        help=",".join(workloads.NAMES),
    )
    parser.add_argument(
        "--records", type=int, default=1_000_000, help="size of the database (default: 1000000)"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of databases and packages")
    return parser.parse_args()


def main() -> None:
    """Measure, print the tables, end with one JSON object."""
    options = arguments()
    load.ensure_wrk()
    folder: Path = options.data.absolute()
    with database.served(folder, options.records) as url:
        asyncio.run(_prepared(url))
        chosen = asyncio.run(_chosen(url))
        with peers.running(options.peers, url, folder) as running:
            print("Comparing the answers", flush=True)
            lengths = answers.compare(running.values(), chosen, options.workloads)
            measured = rounds.measure(
                running,
                options.workloads,
                chosen,
                folder,
                database.process(folder, options.records),
                rounds=options.rounds,
                seconds=options.seconds,
                lengths=lengths,
            )
            hits = mix.hit_rate(running["cached"], chosen, url) if "cached" in running else None
    _show(measured, options.workloads, hits)


def _show(measured: rounds.Measured, names: list[str], hits: float | None) -> None:
    for line in (*report.figures(measured, names), "", *report.bars(measured, names)):
        print(line)
    if hits is not None:
        print(f"  {mix.ABOUT}: {hits:.0%} hits")
    print(json.dumps(report.summary(measured, names)))


async def _prepared(url: str) -> None:
    """Give PostGraphile the functions that it needs."""
    connection = await connect(url)
    try:
        await connection.execute((Path(__file__).parent / "postgraphile.sql").read_text("utf-8"))
    finally:
        await connection.close()


async def _chosen(url: str) -> workloads.Chosen:
    connection = await connect(url)
    try:
        return await workloads.chosen(connection)
    finally:
        await connection.close()


def _among(known: tuple[str, ...]) -> object:
    """Return what reads a list of *known* words."""

    def read(text: str) -> list[str]:
        words = [word for word in text.lower().split(",") if word]
        if unknown := set(words) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: there are {', '.join(known)}")
        return words

    return read


if __name__ == "__main__":
    main()
