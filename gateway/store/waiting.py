"""What an element settles by its arrival: rows that were thought absent, and what lies in quarantine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from gateway.model.enums import EntityType
from gateway.store import absence, quarantine
from gateway.store.staging import Connection

Name: TypeAlias = tuple[EntityType, str]
"""Type and native id of an element."""

_WAITING = f"""
    SELECT EXISTS (SELECT FROM held_deletion WHERE portal = $1 AND decided_at IS NULL) AS held,
        EXISTS (SELECT FROM quarantine WHERE portal = $1 AND {quarantine.OPEN}) AS kept
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a unit's elements settle; false where that is nothing."""

    returned: Sequence[tuple[int, Sequence[int]]] = ()
    """Held deletions (their ids), and the keys of those of their rows that are there after all."""
    kept: Mapping[Name, Sequence[int]] = field(default_factory=dict)
    """Entries of the quarantine (their ids) by the element that they are of."""

    def __bool__(self) -> bool:
        """Whether anything waits that these elements settle."""
        return bool(self.returned or self.kept)


NOTHING = Settled()


async def look(
    connection: Connection, portal: int, names: Iterable[Name], keys: Mapping[Name, int]
) -> Settled:
    """Return what the arrival of the elements *names* settles; *keys* are those of the rows that are known."""
    row = await connection.fetchrow(_WAITING, portal)
    if row is None or not (row["held"] or row["kept"]):
        return NOTHING
    named, known = defaultdict(list), defaultdict(list)
    for type_, native in names:
        named[type_].append(native)
    for (type_, _), key in keys.items():
        known[type_].append(key)
    returned = [
        found
        for type_, ids in known.items()
        for found in (await absence.returned(connection, portal, type_, ids) if row["held"] else ())
    ]
    kept = {
        (type_, native): ids
        for type_, natives in named.items()
        for native, ids in (
            (await quarantine.open_of(connection, portal, type_, natives)).items() if row["kept"] else ()
        )
    }
    return Settled(returned, kept)


async def settle(connection: Connection, found: Settled, *, unless: set[Name], now: datetime) -> None:
    """Take rows that came back out of what is held, and let elements go *unless* they could not be read now either."""
    for id_, keys in found.returned:
        await absence.spare(connection, id_, keys, now)
    released = [id_ for name, ids in found.kept.items() if name not in unless for id_ in ids]
    if released:
        await quarantine.release(connection, released, now)
