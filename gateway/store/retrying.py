"""Reading quarantined elements again with today's rules: what reads now is stored, what does not stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.model.enums import Cause, EntityType
from gateway.store import quarantine
from gateway.store.parts import Part
from gateway.store.quarantine import Kept
from gateway.store.staging import Connection
from gateway.store.unit import Writer
from gateway.store.waiting import Settled

BATCH = 200
"""Entries that are read again in one unit: their bytes are in memory at once."""


@dataclass(slots=True)
class Retried:
    """What came of it: entries (their ids) that were read, that still cannot be, and that are no documents."""

    read: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    """Pages and elements that no rule can read alone: the next pass reads their lists anew."""

    def add(self, other: Retried) -> None:
        """Add what *other* says."""
        self.read += other.read
        self.refused += other.refused
        self.unreadable += other.unreadable


async def retry(
    connection: Connection, writer: Writer, portal: int, ids: Sequence[int] | None = None
) -> Retried:
    """Read a portal's open entries again: *ids* of them, None: all."""
    found = await quarantine.open_ids(connection, portal, ids)
    wanted = [id_ for id_, retriable in found.items() if retriable]
    for start in range(0, len(wanted), BATCH):
        await _batch(connection, writer, portal, wanted[start : start + BATCH])
    if wanted:
        await writer.follow_stored(BATCH)
    left = await quarantine.open_ids(connection, portal, list(found))
    return Retried(
        [id_ for id_ in found if id_ not in left],
        [id_ for id_ in left if left[id_]],
        [id_ for id_ in left if not left[id_]],
    )


async def _batch(connection: Connection, writer: Writer, portal: int, ids: Sequence[int]) -> None:
    streams: dict[str, list[Kept]] = defaultdict(list)
    for entry in await quarantine.kept(connection, portal, ids):
        streams[entry.scope.stream].append(entry)
    for entries in streams.values():
        await writer.commit(
            [Part(entry.scope, [entry.document]) for entry in entries],
            cause=Cause.RENORMALISE,
            again=True,
            fetches={entry.document.fetch: entry.fetch_id for entry in entries},
            settles=Settled(kept=await _siblings(connection, portal, entries)),
        )


async def _siblings(
    connection: Connection, portal: int, entries: Sequence[Kept]
) -> dict[tuple[EntityType, str], Sequence[int]]:
    """Return all open entries of the elements of *entries*: older bytes of one that reads now are of no use."""
    names = defaultdict(list)
    for entry in entries:
        names[entry.document.type].append(entry.document.native_id)
    return {
        (type_, native): ids
        for type_, natives in names.items()
        for native, ids in (await quarantine.open_of(connection, portal, type_, natives)).items()
    }
