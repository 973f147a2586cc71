"""Every field that the portals document, on its way through sandbox, adapter, database and endpoint.

``python tests/acceptance/walk.py`` fills the examples of the published documentation with values that can be told
apart, lets sandbox portals show them, and looks for each value in what queries read back. Each leaf that is not
found is listed; the last line is one JSON object. ``--homes`` lists where the others are.
The documentation is found by ``GATEWAY_SHARED``, else in ``shared`` beside the repository.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

import structlog
from acceptance.syncing import EPOCH
from acceptance.walking import table
from acceptance.walking.databases import databases
from acceptance.walking.gouv import GOUV
from acceptance.walking.gov import GOV
from acceptance.walking.homes import Finding, Search
from acceptance.walking.leaves import Leaf, filled, leaves
from acceptance.walking.places import placed
from acceptance.walking.published import fields, missing, published
from acceptance.walking.refusals import refused
from acceptance.walking.round import Round, walked
from acceptance.walking.values import ROUNDS, Values
from acceptance.walking.wire import Bodies, Wire
from acceptance.wire.capture import shared

WIRES = (GOUV, GOV)
SHOWN = 3
"""Homes of a leaf that ``--homes`` lists: the nearest ones."""

Databases = Callable[[], AbstractAsyncContextManager[str]]
"""Makes an empty, migrated database and yields its address."""


@dataclass(slots=True)
class Outcome:
    """What was found."""

    examples: int = 0
    found: dict[str, Finding] = field(default_factory=dict)
    """By leaf, ``<portal>: <example> <pointer>``."""
    named: Mapping[str, str] = field(default_factory=dict)
    """The reasons of the leaves that have no home on purpose."""
    problems: list[str] = field(default_factory=list)
    """What is wrong besides: with the reading, with the table, with what is private."""

    @property
    def unreachable(self) -> dict[str, Finding]:
        """Return the leaves that have no home and are not excused."""
        return {name: one for name, one in self.found.items() if not one.reached and name not in self.named}

    def summary(self) -> dict[str, int]:
        """Return the numbers."""
        reached = sum(one.reached for one in self.found.values())
        return {
            "examples": self.examples,
            "leaves": len(self.found),
            "reached": reached,
            "named": len(self.found) - reached - len(self.unreachable),
            "unreachable": len(self.unreachable),
            "problems": len(self.problems),
        }


def documentation() -> Path | None:
    """Return the folder with the published documentation, None where there is none."""
    folder = shared()
    found = folder / "portals" / "published" if folder else None
    return found if found and found.is_dir() else None


async def walk(folder: Path, made: Databases) -> Outcome:
    """Walk all examples of the documentation in *folder*; each pass has one of the databases *made*."""
    examples = published(folder)
    outcome = Outcome(len(examples), named=table.excused(), problems=list(missing(examples)))
    for wire in WIRES:
        bodies = wire.bodies([one for one in examples if one.portal == wire.portal])
        outcome.problems += _forgotten(wire, bodies, fields(folder, wire.portal))
        await _walk(wire, bodies, made, outcome)
    homes = {name: str(one.homes[0]) if one.reached else "" for name, one in outcome.found.items()}
    outcome.problems += table.outdated(outcome.named, homes)
    return outcome


def _forgotten(wire: Wire, bodies: Bodies, names: set[str]) -> list[str]:
    """Return a sentence for each field that the documentation lists and nothing shows."""
    shown = {step for name, body in bodies.items() for leaf in leaves(name, body) for step in leaf.steps}
    return [f"{wire.portal}: nothing has the field {name}" for name in sorted(names - shown)]


async def _walk(wire: Wire, bodies: Bodies, made: Databases, outcome: Outcome) -> None:
    every = [leaf for name, body in bodies.items() for leaf in leaves(name, body)]
    values = Values(wire.portal, every, wire.home, EPOCH)
    rounds = []
    for turn in range(ROUNDS):
        async with made() as url:
            rounds.append(await walked(wire, _filled(bodies, values, turn), url))
        outcome.problems += rounds[-1].problems
    _find(wire, every, values, rounds, outcome)
    for name in wire.refusals:
        async with made() as url:
            found = await refused(wire, _filled(bodies, values, 0), name, url)
        outcome.found |= {f"{wire.portal}: {address}": one for address, one in found.items()}


def _filled(bodies: Bodies, values: Values, turn: int) -> Bodies:
    """Return the examples with what stands in their leaves in the round *turn*."""
    return {
        name: filled(body, {one.address.pointer: values.at(one.address, turn) for one in leaves(name, body)})
        for name, body in bodies.items()
    }


def _find(wire: Wire, every: list[Leaf], values: Values, rounds: list[Round], outcome: Outcome) -> None:
    anybody = Search(every, values, placed(one.anybody for one in rounds))
    trusted = Search(every, values, placed(one.trusted for one in rounds))
    for leaf in every:
        name = f"{wire.portal}: {leaf.address}"
        outcome.found[name] = (trusted if leaf.private else anybody).find(leaf)
        if leaf.private and _shown(leaf, values, rounds):
            outcome.problems.append(f"{name}: anybody can read it")


def _shown(leaf: Leaf, values: Values, rounds: list[Round]) -> bool:
    return any(values.at(leaf.address, turn) in one.shown for turn, one in enumerate(rounds))


def report(outcome: Outcome, *, homes: bool) -> None:
    """Print what was not found, each leaf on a line; with *homes* where the others are."""
    for name, one in outcome.found.items():
        if homes and one.reached:
            print(f"{name} -> {', '.join(dict.fromkeys(map(str, one.homes[:SHOWN])))}")
        elif homes and name in outcome.named:
            print(f"{name} -- {outcome.named[name]}")
    for name, one in outcome.unreachable.items():
        print(f"unreachable: {name}: {one.problem or 'no answer shows it'}")
    for problem in outcome.problems:
        print(f"problem: {problem}")


def quiet() -> None:
    """Log no warnings: passes that are refused on purpose would tell of it between the lines of the report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


async def main(*arguments: str) -> int:
    """Print what was found; return 1 where anything is without a home."""
    folder = documentation()
    if folder is None:
        print("The documentation is not here, so nothing was walked: GATEWAY_SHARED names its folder.")
        print(json.dumps(Outcome().summary()))
        return 0
    with tempfile.TemporaryDirectory(prefix="gateway-walk-") as place:
        Path(place).chmod(0o755)  # noqa: ASYNC240 - Postgres may run as another user, who passes through
        async with databases(Path(place)) as made:
            outcome = await walk(folder, made)
    report(outcome, homes="--homes" in arguments)
    print(json.dumps(outcome.summary()))
    return int(bool(outcome.unreachable or outcome.problems))


if __name__ == "__main__":
    quiet()
    sys.exit(asyncio.run(main(*sys.argv[1:])))
