"""Whatever a portal answers, nothing is lost, nothing comes twice, nothing is called gone that is not.

``python tests/faults/faults_campaign.py --count N`` lets passes run into seeded faults until N have fired: both
sandbox portals, each of their dialects in turn, asked for one thing at a time and for several, polls and reconciles,
the world moving on between any two. After each
broken pass what it called gone is held against the portal; after every few a pass without faults has to bring the
truth. The last line is one JSON object: *faults* (answers that broke, counted by the sandbox), *syncs* (broken passes),
*lost* (rows that are missing), *duplicate* (rows too many), *false_deletes*, *differences* (any other), *crashes*
(passes that ended otherwise than a pass may), and how often each kind fired.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from acceptance.syncing import Rehearsal, rehearsal
from acceptance.walking.databases import databases
from acceptance.wires import WIRES
from faults.campaign import Campaign
from faults.faulting.checking import Judge, falsely_deleted
from faults.faulting.orders import drawn

from gateway.errors import PortalError
from gateway.ports import Pass

PER_SYNC = 20
"""Faults of one pass, at most, that count for what is wanted: so many faults are spread over enough passes."""
BETWEEN = 3
"""Broken passes between two that are not."""
MOVING = 0.5
"""How often the world moves between two of them; it always does after one that was not."""
CONNECTIONS = (1, 3)
"""How many things a mirror asks its portal for at once: one mirror this many, the next that many."""
LIFE = 18
"""Broken passes of one mirror."""
BAD = ("lost", "duplicate", "false_deletes", "differences", "crashes")
ENDS = {"DONE", "INCOMPLETE", "FAILED"}


async def _at_once(seconds: float) -> None:
    """Wait for nothing."""
    del seconds


IMPATIENT = {
    "sleep": _at_once,
    "timeout_seconds": 1.0,
    "max_body_bytes": 32 * 1024 * 1024,
}
PATIENT = {"sleep": _at_once}


class Exposed:
    """One mirror, exposed to faults."""

    def __init__(self, campaign: Campaign, dice: random.Random, mirror: Rehearsal) -> None:
        self._campaign = campaign
        self._dice = dice
        self._mirror = mirror
        self._judge = Judge(mirror)
        self._asking = {"connections": mirror.portal.settings.connections}
        mirror.backoff_seconds = 0.0

    async def broken(self, *, moved: bool) -> None:
        """Run one pass into faults, the world having *moved*; look at what it called gone."""
        mirror, dice = self._mirror, self._dice
        if moved:
            mirror.sandbox.advance(dice.choice((0.1, 0.4, 1, 1, 2)))
        mirror.asking = IMPATIENT | self._asking
        kind = dice.choice((Pass.POLL, Pass.RECONCILE))
        mirror.sandbox.faults.add(drawn(dice, mirror.adapter.name, gentle=dice.random() < 0.6))
        await self._run(kind)
        self._judge.pass_broke()
        self._campaign.counts["syncs"] += 1
        mirror.sandbox.faults.clear()
        for key in await falsely_deleted(mirror, mirror.sandbox.clock()):
            self._campaign.wrong("false_deletes", f"{self._where}: {key}")

    async def mended(self) -> None:
        """Run passes without faults, and compare."""
        mirror = self._mirror
        mirror.asking = PATIENT | self._asking
        outcome = ""
        for _ in range(3):
            outcome = await self._run(Pass.RECONCILE)
            if outcome == "DONE, whole":
                break
        else:
            self._campaign.wrong("differences", f"{self._where}: a pass without faults ends {outcome}")
        for sentence in await self._judge.differences():
            self._campaign.wrong(_count(sentence), f"{self._where}: {sentence}")

    @property
    def _where(self) -> str:
        mirror = self._mirror
        return f"{mirror.portal.key} {mirror.sandbox.control.dialect} after {self._campaign.counts['syncs']} syncs"

    async def _run(self, kind: Pass) -> str:
        try:
            summary = await self._mirror.run(kind)
        except PortalError as error:
            return str(error)
        except Exception:  # noqa: BLE001 - whatever it is, it is counted
            self._campaign.wrong("crashes", f"{self._where}: {traceback.format_exc()[-1200:]}")
            return "crashed"
        if summary.state not in ENDS:
            self._campaign.wrong("crashes", f"{self._where}: it ended {summary.state}")
        whole = summary.state == "DONE" and summary.kind == "RECONCILE" and not summary.baseline
        return "DONE, whole" if whole else f"{summary.state}, {summary.notice}"


def _done(campaign: Campaign) -> int:
    return min(campaign.counts["faults"], campaign.counts["syncs"] * PER_SYNC)


def _count(sentence: str) -> str:
    """Return what a sentence on a difference counts as."""
    if " missing: " in sentence:
        return "lost"
    if " too many: " in sentence:
        return "duplicate"
    gone = "presence" in sentence and "should be PRESENT" in sentence
    return "false_deletes" if gone else "differences"


async def expose(campaign: Campaign, number: int, url: str, fired: Counter[str]) -> None:
    """Let the mirror of this *number* live through faults."""
    again, at = divmod(number, len(WIRES))
    wire, seed = WIRES[at], 1 + again
    dice = random.Random(f"{campaign.seed} {wire} {seed}")
    settings = {**wire.settings, "connections": CONNECTIONS[(at + again) % len(CONNECTIONS)]}
    async with rehearsal(wire.adapter, url, seed=seed, dialect=wire.dialect, settings=settings) as mirror:
        exposed = Exposed(campaign, dice, mirror)
        before = fired.copy()
        life = LIFE if campaign.wanted > 1000 else BETWEEN
        for syncs in range(1, life + 1):
            await exposed.broken(moved=syncs % BETWEEN == 1 or dice.random() < MOVING)
            fired.clear()
            fired.update(before + mirror.sandbox.faults.fired)
            campaign.counts["faults"] = fired.total()
            if syncs % BETWEEN == 0:
                await exposed.mended()
                if not campaign.goes_on(_done(campaign)):
                    return


async def run(campaign: Campaign, folder: Path) -> Counter[str]:
    """Expose mirrors of one wire after the other until enough faults have fired; return how often each kind did."""
    fired: Counter[str] = Counter()
    async with databases(folder) as made:
        for number in itertools.count():
            if not campaign.goes_on(_done(campaign)):
                break
            async with made() as url:
                await expose(campaign, number, url, fired)
    return fired


def main() -> int:
    """Run the command; return 1 where anything is wrong."""
    campaign = Campaign.asked("faults", __doc__ or "", 300)
    with tempfile.TemporaryDirectory(prefix="gateway-faults-") as name:
        Path(name).chmod(0o755)  # Postgres may run as another user, who passes through
        fired = asyncio.run(run(campaign, Path(name) / "postgres"))
    campaign.counts.update({f"fired_{kind}": n for kind, n in sorted(fired.items())})
    told = ("faults", "syncs", *BAD, *(f"fired_{kind}" for kind in sorted(fired)))
    return campaign.end(told, BAD)


if __name__ == "__main__":
    sys.exit(main())
