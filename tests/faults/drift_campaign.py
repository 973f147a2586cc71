"""The portals' APIs change overnight: every field of every wire type, each in every way in which it may be changed.

``python tests/faults/drift_campaign.py`` takes from each wire's sandbox portal a whole element of each type, spoils
one field at a time (absent, null, another type, an unknown word, an unknown field beside it, ten times as large, one
level deeper), and stores all of it among good documents. The last line is one JSON object: *cells*, *crashes*,
*unknown_words_lost* (a word that cannot be read any more, or was not counted), *uncounted* (any other drift that was
not), *lost* (cells that are neither stored nor in quarantine) and *neighbours_lost*.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

import asyncpg
import msgspec
from acceptance.walking.databases import databases
from acceptance.wires import WIRES, Wire
from faults.campaign import Campaign
from faults.drifting.cells import Cell, Name, cells
from faults.drifting.samples import Sample, samples
from faults.drifting.storing import Mirror, stored

from gateway import postgres
from gateway.model.document import Document
from gateway.model.enums import EntityType
from gateway.model.expected import Drift, DriftKind
from gateway.ports import Adapter
from gateway.store.drift import OTHERS

UNIT = 400
"""Cells of one commit unit; a tenth as many good documents stand among them."""
EVERY = 10**6
"""More than there are."""
BAD = ("crashes", "unknown_words_lost", "uncounted", "lost", "neighbours_lost")


def named(sample: Sample, numbers: Iterator[int]) -> Name:
    """Return what makes documents of elements of a sample, each under a name of its own."""

    def name(element: object, spoilt: bool) -> Document:
        native_id = f"cell-{next(numbers)}"
        place = {"parent": sample.original.parent, "position": sample.original.position}
        own = element if isinstance(element, dict) else {}
        if sample.original.position is not None:
            native_id = f"cells/{next(numbers)}"
        elif spoilt and isinstance(own.get("id"), str):
            native_id = own["id"]
        elif not spoilt:
            own = {**own, "id": native_id}
        body = msgspec.json.encode(own)
        counted = sample.original.counted
        return Document.of(sample.type, native_id, body, sample.original.fetch, **place, counted=counted)

    return name


@dataclass(frozen=True, slots=True)
class Survey:
    """All that is to be tried of one wire."""

    wire: Wire
    adapter: Adapter
    cells: list[Cell]
    good: list[Document]

    @classmethod
    async def of(cls, wire: Wire, seed: int, dice: random.Random) -> Survey:
        """Return every field of a wire, spoiled in every way."""
        adapter, found, good = await samples(wire, seed)
        numbers = count()
        made = [
            cell for sample in found for cell in cells(sample.whole, sample.expected, named(sample, numbers))
        ]
        dice.shuffle(made)
        return cls(wire, adapter, made, good)

    async def run(self, campaign: Campaign, connection: asyncpg.Connection, dice: random.Random) -> None:
        """Store the cells among good documents, and count what must not be."""
        mirror = await Mirror.open(connection, self.adapter, str(self.wire))
        done: list[Cell] = []
        neighbours: list[Document] = []
        for start in range(0, len(self.cells), UNIT):
            if not campaign.goes_on(campaign.counts["cells"]):
                break
            some = self.cells[start : start + UNIT]
            good = dice.sample(self.good, min(UNIT // 10, len(self.good)))
            unit = [*(cell.document for cell in some), *good]
            dice.shuffle(unit)
            await mirror.store(unit)
            done += some
            neighbours += good
            campaign.counts["cells"] += len(some)
        await judge(campaign, mirror, done, neighbours)


async def judge(
    campaign: Campaign, mirror: Mirror, done: Sequence[Cell], neighbours: Sequence[Document]
) -> None:
    """Count what must not be."""
    rows, aside = await mirror.kept()
    others, counted = await mirror.others(), await mirror.drifts()
    crashed = {document.hash for document, _ in mirror.crashes}
    for document, words in mirror.crashes:
        campaign.wrong("crashes", f"{document.type} {document.body[:300]!r}: {words}")
    for cell in done:
        if cell.document.hash in crashed:
            continue
        if not stored(cell.document, rows, aside):
            campaign.wrong("lost", f"{cell.document.type} {cell.name}")
        if cell.drift is not None and counted.isdisjoint(_counted(cell.document.type, cell.drift)):
            unknown = cell.drift.kind is DriftKind.UNKNOWN_WORD
            campaign.wrong(
                "unknown_words_lost" if unknown else "uncounted",
                f"{cell.document.type} {cell.name}: {cell.drift}",
            )
        if cell.word is not None and not readable(cell, rows, others):
            campaign.wrong("unknown_words_lost", f"{cell.document.type} {cell.name}: nobody can read it")
    for document in neighbours:
        if not stored(document, rows, aside):
            campaign.wrong("neighbours_lost", f"{document.type} {document.native_id}")


def _counted(type_: EntityType, drift: Drift) -> set[tuple[str, str, str, str]]:
    """Return how a drift may be counted; each cell's own id may be a word that nobody knows."""
    words = (drift.word, OTHERS) if drift.pointer == "/id" else (drift.word,)
    return {(type_.value, drift.pointer, drift.kind.value, str(word)) for word in words}


def readable(cell: Cell, rows: dict[tuple[str, bytes], str], others: dict[str, str]) -> bool:
    """Whether a cell's word stands in a column of its row, of its error, or names its backend."""
    row = rows.get((cell.document.native_id, cell.document.hash))
    if row is None:
        return True  # in quarantine, whole
    assert cell.word is not None
    return (
        cell.word in row
        or cell.word in others.get(f"{cell.document.native_id}/e0", "")
        or cell.word in others
    )


async def run(campaign: Campaign, folder: Path) -> None:
    """Survey every wire in a database of the campaign's own."""
    async with databases(folder / "postgres") as made, made() as url:
        connection = await postgres.connect(url)
        try:
            dice = random.Random(campaign.seed)
            surveys = [await Survey.of(wire, campaign.seed, dice) for wire in WIRES]
            campaign.wanted = min(campaign.wanted, sum(len(survey.cells) for survey in surveys))
            for survey in surveys:
                await survey.run(campaign, connection, dice)
        finally:
            await connection.close()


def main() -> int:
    """Run the command; return 1 where anything is wrong."""
    campaign = Campaign.asked("drift", __doc__ or "", EVERY)
    with tempfile.TemporaryDirectory(prefix="gateway-drift-") as name:
        Path(name).chmod(0o755)  # Postgres may run as another user, who passes through
        asyncio.run(run(campaign, Path(name)))
    return campaign.end(("cells", *BAD), BAD)


if __name__ == "__main__":
    sys.exit(main())
