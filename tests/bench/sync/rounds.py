"""The measurement of one size: both sides in turn, pass by pass, over the same pages into the same Postgres."""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median
from typing import Any

import limit
import peer
from child import Child
from peer import Setup
from place import Place, empty
from serving import Served, served
from world import World

PASSES = ("first", "unchanged", "changed")


def trial(data: Path, world: World, program: Path) -> tuple[Setup, dict[str, dict[str, float]]]:
    """Return the best set-up of dlt, and the seconds of each: a first load, and a merge over it."""
    found: dict[str, dict[str, float]] = {}
    with empty(data / "postgres") as place, served(world.folder) as shown:
        for setup in peer.SETUPS:
            place.empty_peer()
            folder = data / "peers" / "trial" / setup.name.replace(" ", "-")
            with peer.child(program, place.peer, shown.origin, world, folder, setup) as side:
                found[setup.name] = {name: side.do(name)["seconds"] for name in ("first", "unchanged")}
            print(f"  dlt, {setup.name:<28} {found[setup.name]}", flush=True)
    return peer.best(found), found


def measured(
    data: Path, world: World, program: Path, setup: Setup, *, connections: int, rounds: int
) -> dict[str, Any]:
    """Return the medians of *rounds* rounds, and of the last what documents, history and events cost."""
    every = [_round(data, world, program, setup, connections, number) for number in range(rounds)]
    sides = {
        side: {
            name: {**each, "seconds": median(one[side][name]["seconds"] for one in every)}
            for name, each in every[-1][side].items()
        }
        for side in ("gateway", "dlt")
    }
    limits = {**every[-1]["limit"], "seconds": median(one["limit"]["seconds"] for one in every)}
    store = median(one["store"] for one in every)
    return {**every[-1], **sides, "limit": limits, "store": store, "records": world.records}


def _round(
    data: Path, world: World, program: Path, setup: Setup, connections: int, number: int
) -> dict[str, Any]:
    """Do every pass once; who begins changes from round to round and from pass to pass."""
    found: dict[str, Any] = {"gateway": {}, "dlt": {}}
    with empty(data / "postgres") as place, served(world.folder) as shown:
        folder = data / "peers" / "work" / str(number)
        url = f"{shown.origin}{world.path}"
        with (
            Child.gateway(place.url, world.portal, url, connections) as ours,
            peer.child(program, place.peer, shown.origin, world, folder, setup) as theirs,
        ):
            log = place.log()
            for turn, name in enumerate(PASSES, start=number):
                shown.show("changed" if name == "changed" else "first")
                sides = [("gateway", ours), ("dlt", theirs)]
                for side, child in sides if turn % 2 else reversed(sides):
                    found[side][name] = _pass(place, shown, child, name)
                    print(f"  {name:<10} {side:<8} {found[side][name]['seconds']:>10,.2f} s", flush=True)
                if name == "first":
                    found["statements"] = log.seconds()
                    found["limit"] = asyncio.run(limit.copied(place.url))
                    print(f"  {name:<10} {'COPY':<8} {found['limit']['seconds']:>10,.2f} s", flush=True)
    found["store"] = round(sum(found["statements"].values()), 3)
    return found


def _pass(place: Place, shown: Served, child: Child, name: str) -> dict[str, Any]:
    """Return what one side's pass took, with the CPU that serving the pages cost meanwhile."""
    place.execute("CHECKPOINT")
    before = shown.cpu()
    return {**child.do(name), "serving_cpu": round(shown.cpu() - before, 2)}
