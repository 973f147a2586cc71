"""Poison from the portals: whatever an item or a page holds, it is stored or put aside, and harms nobody else.

``python tests/faults/poison_campaign.py --count N`` serves mutated and malformed elements over HTTP, as single items
among good ones and as whole pages, and reads them with the adapters' own passes into a database. The last line is one
JSON object: *sent* (items; a page that cannot be split is one) = *stored* + *quarantined*, *lost*, *crashes* (items
that break a pass), *good_neighbours_lost*.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

import structlog
from acceptance.walking.databases import databases
from acceptance.wires import WIRES, Wire
from faults.campaign import Campaign
from faults.drifting.samples import samples
from faults.poisoning.cooking import Cook
from faults.poisoning.documented import DocumentedFront
from faults.poisoning.fronts import Front, Templates, served
from faults.poisoning.gouv import GouvFront
from faults.poisoning.gov import GovFront
from faults.poisoning.mutations import Poisoner
from faults.poisoning.rounds import Item, Outcome, Reader
from faults.poisoning.suites import Suites, suites

from gateway import postgres
from gateway.model.document import Document

PAGES, SINGLES = 24, 6
"""Rounds of each kind for one round of many items."""
BAD = ("lost", "crashes", "good_neighbours_lost")


async def fronts(seed: int, dice: Random) -> list[Front]:
    """Return a poisonous portal of each wire, with elements as the sandbox portals give them."""
    told = {wire.dialect: Templates(await shown(wire, seed), dice) for wire in WIRES}
    return [
        *(GouvFront(told[wire], wire) for wire in ("v17", "v16", "v9")),
        DocumentedFront(told["documented"]),
        GovFront(told["real"]),
    ]


async def shown(wire: Wire, seed: int) -> list[Document]:
    """Return elements of every type as a sandbox portal gives them, of the next seed where its world shows too few."""
    adapter, _, documents = await samples(wire, seed)
    if adapter.expected.keys() <= {document.type for document in documents}:
        return documents
    return [*documents, *await shown(wire, seed + 1)]


async def run(campaign: Campaign, folder: Path, collected: Suites) -> None:
    """Send poison until enough is sent."""
    dice = Random(campaign.seed)
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(databases(folder / "postgres"))
        connection = await postgres.connect(await stack.enter_async_context(made()))
        stack.push_async_callback(connection.close)
        readers = []
        for front in await fronts(campaign.seed, dice):
            reader = Reader(connection, front, await stack.enter_async_context(served(front)))
            await reader.open()
            readers.append((reader, Cook(front, Poisoner(dice, collected), dice)))
        while campaign.goes_on(campaign.counts["sent"]):
            for reader, cook in readers:
                if campaign.goes_on(campaign.counts["sent"]):
                    most = campaign.wanted - campaign.counts["sent"]
                    note(campaign, *await served_round(reader, cook.many(most)))
            for number in range(PAGES):
                reader, cook = readers[number % len(readers)]
                if campaign.goes_on(campaign.counts["sent"]):
                    note(campaign, *await served_round(reader, cook.page()))
            reader, cook = readers[-1]
            for _ in range(SINGLES):
                if campaign.goes_on(campaign.counts["sent"]):
                    note(campaign, *await served_round(reader, cook.unsplittable()))


async def served_round(reader: Reader, items: Sequence[Item]) -> tuple[Sequence[Item], Outcome]:
    """Return what was shown and what came of it."""
    return items, await reader.round(items)


def note(campaign: Campaign, items: Sequence[Item], outcome: Outcome) -> None:
    """Count what came of a round."""
    campaign.counts["sent"] += len(items)
    campaign.counts["pages"] += sum(item.page for item in items)
    campaign.counts["stored"] += outcome.stored
    campaign.counts["quarantined"] += outcome.quarantined
    for item, words in outcome.crashes:
        campaign.wrong("crashes", f"{item.listed} {len(item.body)} bytes {item.body[:400]!r}: {words}")
    for item in outcome.lost:
        name = "good_neighbours_lost" if item.good else "lost"
        campaign.wrong(name, f"{item.listed} page={item.page} {item.content_type} {item.body[:400]!r}")


def main() -> int:
    """Run the command; return 1 where anything is wrong."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )  # passes fail here
    campaign = Campaign.asked("poison", __doc__ or "", 5000)
    collected = suites(Path(__file__).parents[2] / ".gateway" / "npm")
    print(f"poison: {len(collected.texts)} texts and {len(collected.strings)} strings ({collected.said})")
    with tempfile.TemporaryDirectory(prefix="gateway-poison-") as name:
        Path(name).chmod(0o755)  # Postgres may run as another user, who passes through
        asyncio.run(run(campaign, Path(name), collected))
    return campaign.end(("sent", "stored", "quarantined", "pages", *BAD), BAD)


if __name__ == "__main__":
    sys.exit(main())
