"""The sync against dlt and against a bare COPY: the same pages of a sandbox portal into the same Postgres.

``make bench-sync ARGS="--records 20000"`` is a try; the whole takes about 20 minutes, and renders its worlds before.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the rest of the bench

import peer
import report
import rounds
import world

DATA = Path(__file__).parents[3] / ".gateway" / "bench" / "sync"
TRIAL = 20_000
"""Records on which the set-ups of dlt are tried."""


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[200_000, 1_000_000], help="sizes")
    parser.add_argument("--portal", choices=list(world.RECORDS), default="data-gouv-fr", help="which wire")
    parser.add_argument(
        "--rounds", type=int, default=1, help="rounds of each size; medians count (default: 1)"
    )
    parser.add_argument(
        "--connections",
        type=int,
        default=2,
        help="requests that the gateway may have under way at once (default: 2; dlt is tried with 1 and with 2)",
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of worlds, packages and the Postgres")
    parser.add_argument(
        "--setup", choices=[setup.name for setup in peer.SETUPS], help="of dlt, without a trial"
    )
    return parser.parse_args()


def main() -> None:
    """Measure, print the tables, end with one JSON object."""
    options = arguments()
    data: Path = options.data.absolute()
    data.mkdir(parents=True, exist_ok=True)
    program = peer.installed(data)
    sizes = sorted(options.records)
    worlds = [world.made(data, options.portal, size) for size in sizes]
    setup, tried = _setup(options, data, program)
    found = {}
    for size, each in zip(sizes, worlds, strict=True):
        print(f"Measuring {each.records:,} records", flush=True)
        found[size] = rounds.measured(
            data, each, program, setup, connections=options.connections, rounds=options.rounds
        )
    ratios = report.summary(found, worlds)
    for size, one in found.items():
        print(*report.figures(size, one), sep="\n")
    print(*report.bars(ratios), sep="\n")
    ours = {"portal": options.portal, "connections": options.connections}
    print(json.dumps({**ratios, **ours, "dlt": setup.name, "dlt_tried": tried, "sizes": found}))


def _setup(
    options: argparse.Namespace, data: Path, program: Path
) -> tuple[peer.Setup, dict[str, dict[str, float]]]:
    if options.setup:
        return next(setup for setup in peer.SETUPS if setup.name == options.setup), {}
    print("Trying how dlt is fastest", flush=True)
    return rounds.trial(data, world.made(data, options.portal, TRIAL), program)


if __name__ == "__main__":
    main()
