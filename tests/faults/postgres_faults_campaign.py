"""Postgres breaks while passes run and users ask: passes end in the truth, users are told, and all goes on by itself.

``python tests/faults/postgres_faults_campaign.py --count N`` ends connections, cancels statements, restarts Postgres at
once, fills its disk, takes its patience and locks its tables, N times in all, while ``gateway sync`` works on sandbox
portals and ``gateway serve`` is asked. The last line is one JSON object: *faults* (and how many of each kind),
*passes*, *divergent* (works that did not end in the truth), *api_asked*, *api_refused* (answers that were errors with
a code), *api_late* (answers that took longer than 10 s, or none), *api_uncoded* (errors without a code),
*api_unrecovered* (no data within 5 s after a fault) and *slowest_recovery_ms*. Filling a disk wants the right to mount
one; without it the kind is left out, and said to be.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

import aiohttp
from acceptance.commanding import started
from acceptance.mirror import summary
from acceptance.syncing import Rehearsal, rehearsal
from acceptance.wires import WIRES, Wire
from databases import address, command, made
from faults.breaking.asking import AGAIN, Asker
from faults.breaking.database import Breakable, breakable, small_disk
from faults.campaign import Campaign
from faults.kill_campaign import PATIENCE, told
from faults.killing.workers import Workers, warm

from gateway import postgres
from gateway.sandbox.portal import Step

TEMPLATE = "faults_template"
WORKS = 6
"""Pieces of work on one mirror."""
AT_ONCE = 5
"""Faults during one piece of work, at most."""
MENDING = 4
"""Passes that may be needed afterwards: a worker would run them, too."""
BAD = ("divergent", "api_late", "api_uncoded", "api_unrecovered")


class Shaken:
    """One mirror whose Postgres breaks."""

    def __init__(
        self,
        campaign: Campaign,
        dice: random.Random,
        mirror: Rehearsal,
        workers: Workers,
        database: Breakable,
        asker: Asker,
    ) -> None:
        self._campaign = campaign
        self._dice = dice
        self._mirror = mirror
        self._workers = workers
        self._database = database
        self._asker = asker

    async def work(self, *, full: bool) -> None:
        """Have one piece of work done while Postgres breaks, then once more in peace, and compare."""
        words = ["sync", "--portal", self._mirror.portal.key, *(["--full"] if full else [])]
        busy = asyncio.ensure_future(self._keep_on(words))
        asking = asyncio.ensure_future(self._asker.go_on())
        try:
            for _ in range(self._dice.randint(2, AT_ONCE)):
                await asyncio.sleep(self._dice.random() * 1.5)
                await self._break()
        finally:
            for task in (asking, busy):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        for count, words_ in self._asker.found:
            self._campaign.wrong(count, f"{self._where}: {words_}")
        self._asker.found.clear()
        await self._mend(words)
        await self._compare(full=full)

    async def _keep_on(self, words: list[str]) -> None:
        """Run one pass after the other, whatever becomes of them; the last one is waited for."""
        while True:
            passing = asyncio.ensure_future(self._workers.run(words, None, PATIENCE))
            try:
                await asyncio.shield(passing)
            except asyncio.CancelledError:
                await passing
                raise
            self._campaign.counts["passes"] += 1

    async def _break(self) -> None:
        kind = self._dice.choice(sorted(self._database.kinds))
        await self._database.kinds[kind]()
        self._campaign.counts["faults"] += 1
        self._campaign.counts[kind] += 1
        took = await self._asker.recovers()
        if took is None:
            self._campaign.wrong("api_unrecovered", f"{self._where}: no data {AGAIN:g} s after {kind}")
        else:
            slowest = self._campaign.counts["slowest_recovery_ms"]
            self._campaign.counts["slowest_recovery_ms"] = max(slowest, round(took * 1000))

    async def _mend(self, words: list[str]) -> None:
        for _ in range(MENDING):
            if await self._workers.run(words, None, PATIENCE) == 0:
                return
        self._campaign.wrong("divergent", f"{self._where}: no pass ends well in peace")

    async def _compare(self, *, full: bool) -> None:
        mirror = self._mirror
        kind = "RECONCILE" if full or not mirror.passes else "POLL"
        mirror.passes.append(Step(mirror.sandbox.clock(), kind, mirror.sandbox.control.dialect))
        mirror.connection = await postgres.connect(self._url)
        try:
            state = await mirror.connection.fetchval("SELECT state FROM sync_run ORDER BY id DESC LIMIT 1")
            found = await mirror.differences()
        finally:
            await mirror.connection.close()
        if state != "DONE" or found:
            self._campaign.wrong("divergent", f"{self._where}: {state}\n{summary(found)}")

    @property
    def _url(self) -> str:
        return self._database.url

    @property
    def _where(self) -> str:
        sandbox = self._mirror.sandbox
        return f"{self._mirror.portal.key} {sandbox.control.dialect} after {self._campaign.counts['faults']} faults"


@asynccontextmanager
async def served(env: dict[str, str], folder: Path) -> AsyncIterator[Asker]:
    """Serve the gateway that *env* describes, and yield who asks it."""
    with started(
        ["serve"], data=folder, env={**env, "GATEWAY_PORT": "0", "GATEWAY_RATE_COST": "0"}
    ) as running:
        await asyncio.to_thread(running.wait_for, "http://127.0.0.1:")
        where = next(word for word in running.text.split() if word.startswith("http://127.0.0.1:"))
        origin = "/".join(where.split("/")[:3]).rstrip(".,")
        async with aiohttp.ClientSession() as session:
            yield Asker(session, f"{origin}/graphql")


async def shake(campaign: Campaign, wire: Wire, seed: int, database: Breakable, folder: Path) -> None:
    """Let one mirror live on a Postgres that breaks."""
    dice = random.Random(f"{campaign.seed} {wire} {seed}")
    url = database.url
    async with rehearsal(
        wire.adapter, url, seed=seed, dialect=wire.dialect, settings=wire.settings
    ) as mirror:
        env = told(mirror, wire, url, folder)
        ours = {name: value for name, value in env.items() if name.startswith("GATEWAY_")}
        async with warm(env, folder / "workers.log") as workers, served(ours, folder) as asker:
            shaken = Shaken(campaign, dice, mirror, workers, database, asker)
            for number in range(WORKS):
                await shaken.work(full=number == 0 or dice.random() < 0.5)
                if not campaign.goes_on(campaign.counts["faults"]):
                    break
                mirror.sandbox.advance(dice.choice((0.2, 1, 2)))
            campaign.counts["api_asked"] += asker.asked
            campaign.counts["api_refused"] += asker.refused


async def run(campaign: Campaign, place: Path, folder: Path, *, disk: bool) -> tuple[str, ...]:
    """Shake mirrors of one wire after the other until Postgres broke often enough; return the kinds there are."""
    dice = random.Random(campaign.seed)
    async with breakable(place / "server", dice, disk=disk) as (database, server):
        await command(server, f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 ENCODING 'UTF8'")
        await postgres.migrate(address(server, TEMPLATE))
        for number, wire in enumerate(itertools.cycle(WIRES)):
            if not campaign.goes_on(campaign.counts["faults"]):
                break
            name = f"faults_{number}"
            async with made(server, name, f"TEMPLATE {TEMPLATE}") as url:
                database.database, database.url = name, url
                await shake(campaign, wire, 1 + number // len(WIRES), database, folder)
        return tuple(sorted(database.kinds))


def main() -> int:
    """Run the command; return 1 where anything is wrong."""
    campaign = Campaign.asked("postgres-faults", __doc__ or "", 20)
    with tempfile.TemporaryDirectory(prefix="gateway-postgres-faults-") as name:
        folder, place = Path(name), Path(name) / "disk"
        folder.chmod(0o755)  # Postgres may run as another user, who passes through
        place.mkdir(mode=0o755)
        with small_disk(place) as disk:
            if not disk:
                print("No disk may be mounted here: a full one is left out.", flush=True)
            kinds = asyncio.run(run(campaign, place, folder, disk=disk))
    told_ = ("faults", *kinds, "passes", "api_asked", "api_refused", "slowest_recovery_ms", *BAD)
    return campaign.end(told_, BAD)


if __name__ == "__main__":
    sys.exit(main())
