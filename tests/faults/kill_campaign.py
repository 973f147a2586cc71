"""A worker that is killed at any moment leaves nothing that the next one cannot go on with.

``python tests/faults/kill_campaign.py --count N`` runs ``gateway sync`` on the sandbox portals, in forks of a warm
parent, and kills them with -9: at system calls (by strace) and at times, several in a row on the same work, until one
was not hit in time or is left alone: it has to end, and the database has to be the truth. The last line is one JSON:
*kills* (and how many *at_calls*), *resumed* (works that were gone on with), *divergent* (of them, those that did not
end in the truth) and *stuck* (processes that did not end, or could not work).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from acceptance.commanding import environment
from acceptance.mirror import summary
from acceptance.syncing import Rehearsal, rehearsal
from acceptance.walking.databases import databases
from acceptance.wires import WIRES, Wire
from faults.campaign import Campaign
from faults.killing.workers import Stroke, Workers, strace, warm

from gateway.sandbox.portal import Step

CALLS = (
    "write",
    "read",
    "epoll_pwait",
    "write",
    "read",
    "futex",
    "openat",
    "connect",
    "close",
    "writev",
    "clone3",
)
"""System calls at which processes are killed; those between which most happens more often."""
AT_CALLS = 0.7
"""Part of the kills that is at system calls."""
PATIENCE = 240.0
"""Seconds after which a process is stuck."""
WORKS = 4
"""Pieces of work on one mirror: a first load, polls, reconciles."""
IN_A_ROW = 8
"""Kills of one piece of work, at most."""
BAD = ("divergent", "stuck")


class Killer:
    """Draws strokes that fall within what a process does."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._reach: dict[str, float] = {}

    def stroke(self) -> Stroke:
        """Return when the next process is killed."""
        dice = self._dice
        if dice.random() < AT_CALLS:
            call = dice.choice(CALLS)
            return Stroke(call, 1 + int(dice.random() * self._reach.get(call, 1000.0)))
        return Stroke(seconds=dice.random() * self._reach.get("", 3.0))

    def learn(self, stroke: Stroke, *, hit: bool, seconds: float) -> None:
        """Aim closer where a stroke came too late, farther where it was in time."""
        if not stroke.call:
            self._reach[""] = self._reach.get("", 3.0) * 1.1 if hit else max(0.3, seconds)
        elif hit:
            self._reach[stroke.call] = max(self._reach.get(stroke.call, 1000.0), stroke.number * 1.5)
        else:
            self._reach[stroke.call] = max(4.0, stroke.number * 0.8)


class Haunted:
    """One mirror, whose workers are killed."""

    def __init__(self, campaign: Campaign, dice: random.Random, mirror: Rehearsal, workers: Workers) -> None:
        self._campaign = campaign
        self._dice = dice
        self._mirror = mirror
        self._workers = workers
        self._killer = Killer(dice)

    async def work(self, *, full: bool) -> None:
        """Have one piece of work done by workers that are killed, the last one excepted."""
        words = ["sync", "--portal", self._mirror.portal.key, *(["--full"] if full else [])]
        for _ in range(self._dice.randint(2, IN_A_ROW)):
            if await self._to_be_killed(words) == 0:  # it has done the work, before it could be
                break
        else:
            await self._left_alone(words)
        self._campaign.counts["resumed"] += 1
        await self._compare(full=full)

    async def _left_alone(self, words: list[str]) -> None:
        began = time.monotonic()
        ended = await self._workers.run(words, None, PATIENCE)
        if ended != 0:
            seconds = time.monotonic() - began
            self._campaign.wrong("stuck", f"{self._where}: it ended {ended} after {seconds:.0f} s")

    async def _to_be_killed(self, words: list[str]) -> int | None:
        """Run a process to be killed; return how it ended."""
        stroke = self._killer.stroke()
        began = time.monotonic()
        ended = await self._workers.run(words, stroke, PATIENCE)
        hit = ended == -signal.SIGKILL
        self._killer.learn(stroke, hit=hit, seconds=time.monotonic() - began)
        self._campaign.counts["kills"] += hit
        self._campaign.counts["at_calls"] += hit and bool(stroke.call)
        if not hit and ended != 0:
            self._campaign.wrong("stuck", f"{self._where}: to be killed {stroke}, it ended {ended}")
        return ended

    async def _compare(self, *, full: bool) -> None:
        mirror = self._mirror
        first = not mirror.passes
        kind = "RECONCILE" if full or first else "POLL"
        mirror.passes.append(Step(mirror.sandbox.clock(), kind, mirror.sandbox.control.dialect))
        state = await mirror.connection.fetchval("SELECT state FROM sync_run ORDER BY id DESC LIMIT 1")
        found = await mirror.differences()
        if state != "DONE" or found:
            self._campaign.wrong("divergent", f"{self._where}: {state}\n{summary(found)}")

    @property
    def _where(self) -> str:
        sandbox = self._mirror.sandbox
        return f"{self._mirror.portal.key} {sandbox.control.dialect} after {self._campaign.counts['kills']} kills"


def told(mirror: Rehearsal, wire: Wire, url: str, folder: Path) -> dict[str, str]:
    """Return the environment of processes that sync this mirror alone."""
    prefix = f"GATEWAY_PORTALS__{mirror.portal.key.upper().replace('-', '_')}__"
    portal: Mapping[str, Any] = {
        "base_url": mirror.sandbox.base_url,
        "sandbox": "true",
        "requests_per_second": "1000000",
        **wire.settings,
    }
    settings = {prefix + name.upper(): str(value) for name, value in portal.items()}
    return environment(folder, {"GATEWAY_DATABASE_URL": url, **settings})


async def haunt(campaign: Campaign, wire: Wire, seed: int, url: str, folder: Path) -> None:
    """Let one mirror's workers be killed until it is old, or there were enough."""
    dice = random.Random(f"{campaign.seed} {wire} {seed}")
    async with (
        rehearsal(wire.adapter, url, seed=seed, dialect=wire.dialect, settings=wire.settings) as mirror,
        warm(told(mirror, wire, url, folder), folder / "workers.log") as workers,
    ):
        haunted = Haunted(campaign, dice, mirror, workers)
        for number in range(WORKS):
            await haunted.work(full=number == 0 or dice.random() < 0.5)
            if not campaign.goes_on(campaign.counts["kills"]):
                return
            mirror.sandbox.advance(dice.choice((0.2, 1, 2)))


async def run(campaign: Campaign, folder: Path) -> None:
    """Haunt mirrors of one wire after the other until enough were killed."""
    async with databases(folder / "postgres") as made:
        for number, wire in enumerate(itertools.cycle(WIRES)):
            if not campaign.goes_on(campaign.counts["kills"]):
                return
            async with made() as url:
                await haunt(campaign, wire, 1 + number // len(WIRES), url, folder)


def main() -> int:
    """Run the command; return 1 where anything is wrong."""
    campaign = Campaign.asked("kill", __doc__ or "", 30)
    if strace() is None:
        print("strace is missing: without it processes cannot be killed at system calls. Nothing was done.")
        return int(os.environ.get("CI") == "true")
    with tempfile.TemporaryDirectory(prefix="gateway-kill-") as name:
        Path(name).chmod(0o755)  # Postgres may run as another user, who passes through
        asyncio.run(run(campaign, Path(name)))
    return campaign.end(("kills", "at_calls", "resumed", *BAD), BAD)


if __name__ == "__main__":
    sys.exit(main())
