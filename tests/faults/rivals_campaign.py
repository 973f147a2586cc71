"""Rivals: several workers on one portal, and who holds the lease is stopped past its time, and goes on later.

A round stops the process of whoever holds the lease, waits until another worker has it, stops that one too now and
then, and lets the stopped go on. Postgres notes who writes (``rivalry.witness``). In the end the database is held
against what a perfect mirror would hold.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import asyncpg

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from acceptance.mirror import differences, held
from acceptance.workers import Site, Worker, site, until
from databases import made
from faults.campaign import Campaign
from faults.rivalry.witness import install, testify

from gateway.postgres import Server, migrate
from gateway.sandbox.portal import Step

HEARTBEAT = 0.6
SETTINGS = {
    "GATEWAY_HEARTBEAT_SECONDS": str(HEARTBEAT),
    "GATEWAY_POLL_SECONDS": "0.05",
    "GATEWAY_RECONCILE_SECONDS": "3",
    "GATEWAY_DELETION_CAP_ROWS": "1000000",
}
WORKERS = 8
HOURS = 0.5
"""How far the portal's world moves on in a round."""
PATIENCE = 300.0
"""Seconds after which a campaign in which nothing happens is given up."""
TOLD = (
    "rounds",
    "two_writers",
    "stale_commits",
    "stopped",
    "stopped_writing",
    "passes",
    "commits",
    "stuck",
    "differences",
)
BAD = ("two_writers", "stale_commits", "stuck", "differences")
HOLDER = """
    SELECT l.holder, l.token, coalesce(a.state LIKE 'idle in transaction%' OR a.state = 'active', false) AS writing
    FROM lease l LEFT JOIN pg_stat_activity a ON a.pid = l.backend
    WHERE l.unit = 'portal' AND l.holder IS NOT NULL
"""


class Rivalry:
    """The rounds of a campaign over one site."""

    def __init__(self, campaign: Campaign, site: Site) -> None:
        self._campaign = campaign
        self._site = site
        self._dice = random.Random(campaign.seed)
        self._rivals: list[Worker] = []

    async def round(self) -> None:
        """Let some of the workers compete, and stop who is ahead."""
        self._choose(self._dice.randint(2, WORKERS))
        for running in self._site.portals.values():
            running.advance(HOURS / 24)
        chain = 2 if len(self._rivals) > 2 and self._dice.random() < 0.3 else 1
        stopped: list[Worker] = []
        for _ in range(chain):
            await asyncio.sleep(self._dice.uniform(0.0, 0.3))
            stopped.append(await self._stop_holder())
        for worker in self._dice.sample(stopped, len(stopped)):
            worker.send(signal.SIGCONT)
        await asyncio.sleep(self._dice.uniform(0.1, 0.4))
        await self._judge()
        self._campaign.counts["rounds"] += 1

    def _choose(self, count: int) -> None:
        """Let so many workers run, the others stand still."""
        self._rivals = self._dice.sample(self._site.workers, count)
        for worker in self._site.workers:
            worker.send(signal.SIGCONT if worker in self._rivals else signal.SIGSTOP)

    async def _stop_holder(self) -> Worker:
        """Stop the worker that holds the lease, and wait until another one has taken it over."""
        while True:
            row = await self._holder()
            worker = next(each for each in self._site.workers if row["holder"].endswith(each.name))
            worker.send(signal.SIGSTOP)
            now = await self._site.connection.fetchrow(HOLDER)
            if now is not None and now["token"] == row["token"]:
                break
            if worker in self._rivals:  # it had given the lease back
                worker.send(signal.SIGCONT)
        self._campaign.counts["stopped"] += 1
        self._campaign.counts["stopped_writing"] += now["writing"]
        await self._holder(now["token"])
        return worker

    async def _holder(self, after: int = 0) -> asyncpg.Record:
        """Return who holds the lease, under a token above *after*."""
        begun = time.monotonic()
        while True:
            row = await self._site.connection.fetchrow(HOLDER)
            if row is not None and row["token"] > after:
                return row
            if time.monotonic() - begun > PATIENCE:
                raise TimeoutError("nobody takes the lease")
            await asyncio.sleep(0.01)

    async def _judge(self) -> None:
        told = await testify(self._site.connection)
        self._campaign.counts["commits"] += told.commits
        for sentence in told.stale:
            self._campaign.wrong("stale_commits", sentence)
        for sentence in told.together:
            self._campaign.wrong("two_writers", sentence)

    async def settle(self) -> None:
        """End all workers, bring the database up to date, and hold it against the truth."""
        for worker in self._site.workers:
            worker.send(signal.SIGCONT)
            await worker.end()
        await self._judge()
        for sentence in await self._differences():
            self._campaign.wrong("differences", sentence)

    async def _differences(self) -> list[str]:
        """Return where the database differs from the truth after a whole pass.

        The portal's clock goes on while it is read: what ended meanwhile was read as it was then, and differs from the
        truth of the pass's start. So a second pass is held against its own start, and a third.
        """
        found: list[str] = []
        for _ in range(3):
            code, said = await self._site.command("sync", "--full")
            if code:
                self._campaign.wrong("stuck", said)
            if not (found := await self._held_against_truth()):
                break
        return found

    async def _held_against_truth(self) -> list[str]:
        """Hold the database against the truth; what only broken passes saw, and is gone, is no difference."""
        done = await self._site.connection.fetch(
            "SELECT kind, baseline, started_at FROM sync_run WHERE state = 'DONE' ORDER BY id"
        )
        self._campaign.counts["passes"] = len(done)
        (key,) = self._site.portals
        steps = [Step(row["started_at"], "RECONCILE" if row["baseline"] else row["kind"], "") for row in done]
        truth = list(self._site.portals[key].world.truth(steps))
        known = {(row["type"], row["nativeId"]) for row in truth}
        rows = await held(self._site.connection, key)
        kept = {name: row for name, row in rows.items() if name in known or row["presence"] != "GONE"}
        return list(differences(kept, truth))


async def _campaign(campaign: Campaign, url: str, folder: Path) -> None:
    key = ("data-gouv-fr", "data-gov")[campaign.seed % 2]
    async with site(url, folder, key, seed=campaign.seed, settings=SETTINGS) as found:
        await found.start()
        await until(lambda: found.runs("DONE"), "the first load", PATIENCE)
        await asyncio.gather(*(found.start() for _ in range(WORKERS - 1)))
        await install(found.connection)
        rivalry = Rivalry(campaign, found)
        while campaign.goes_on(campaign.counts["rounds"]):
            try:
                await rivalry.round()
            except TimeoutError as error:
                campaign.wrong("stuck", str(error))
                break
        await rivalry.settle()


async def _run(campaign: Campaign) -> None:
    with tempfile.TemporaryDirectory(prefix="gateway-") as name:
        folder = Path(name)
        await asyncio.to_thread(folder.chmod, 0o755)  # Postgres may run as another user, who passes through
        server = Server(folder, durable=False)
        server.start()
        try:
            async with made(server.url, "rivals", "TEMPLATE template0 ENCODING 'UTF8'") as url:
                await migrate(url)
                await _campaign(campaign, url, folder)
        finally:
            server.stop()


def main() -> int:
    """Run the campaign; return 1 where two wrote at once, or a holder wrote whose time was over."""
    campaign = Campaign.asked(
        "rivals", "Several workers on one portal; the holder of the lease is stopped.", 20
    )
    asyncio.run(_run(campaign))
    return campaign.end(TOLD, BAD)


if __name__ == "__main__":
    sys.exit(main())
