"""Which datasets a unit's rows name: those that are new, and those of the others that newer records speak of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from gateway.model.enums import EntityType
from gateway.store.staging import Connection, new_keys, touch

Run: TypeAlias = tuple[datetime | None, str]
"""A run as mentions are ordered by it: when it was created, then its native id by code points."""

_KNOWN = """
    SELECT coalesce(array_agg(native_id), '{}'), coalesce(array_agg(id), '{}'),
        coalesce(array_agg(latest_record_id), '{}')
    FROM dataset WHERE portal = $1 AND native_id = ANY ($2)
"""
_OF = "SELECT coalesce(array_agg(id), '{}'), coalesce(array_agg(job_id), '{}') FROM harvest_record WHERE id = ANY ($1)"
"""One table after the other, and columns in one piece: an index is walked once along a list of keys."""


@dataclass(frozen=True, slots=True)
class Mentioned:
    """The datasets that a unit's rows name."""

    keys: Mapping[str, int]
    """By native id."""
    spoken: Mapping[int, Run | None]
    """By key, those that are not new: the run of the record that speaks for it, where runs tell which of them does."""

    def hearing(self, mentions: Mapping[int, Iterable[Run]]) -> set[int]:
        """Return the keys of those that *mentions* (runs by the dataset's key) may change: all but old ones do."""
        return {key for key, runs in mentions.items() if self._hears(self.spoken.get(key), runs)}

    @staticmethod
    def _hears(speaking: Run | None, runs: Iterable[Run]) -> bool:
        return speaking is None or any(_reaches(run, speaking) for run in runs)


NONE = Mentioned({}, {})


def newest(mentions: Mapping[int, Collection[Run]]) -> dict[int, str]:
    """Return the native id of the newest run that speaks of each dataset, by its key, where several do.

    A dataset that a run without an instant speaks of is left out.
    """
    several = ((key, runs) for key, runs in mentions.items() if len(runs) > 1)
    return {key: max(runs)[1] for key, runs in several if all(at is not None for at, _ in runs)}


def _reaches(run: Run, other: Run) -> bool:
    """Return whether *run* is no older than *other*; one without an instant never is, as in SQL."""
    (at, native), (other_at, other_native) = run, other
    return at is not None and other_at is not None and (at, native) >= (other_at, other_native)


async def conceive(
    connection: Connection, portal: int, natives: Collection[str], *, inventory: bool
) -> Mentioned:
    """Look up the datasets *natives*, and give a key to every one that is new: these are touched.

    ``datasets.settle`` makes the rows of new ones once all of them is known.
    """
    found = await connection.fetchrow(_KNOWN, portal, list(natives))
    assert found is not None, "an aggregate is a row"
    keys: dict[str, int] = dict(zip(found[0], found[1], strict=True))
    spoken: dict[int, Run | None] = {}
    if inventory and keys:
        runs = await _runs(connection, [key for key in found[2] if key is not None])
        spoken = {key: runs.get(record) for key, record in zip(found[1], found[2], strict=True)}
    new = [native for native in natives if native not in keys]
    born = dict(zip(new, await new_keys(connection, "dataset", len(new)), strict=True))
    if born:
        await connection.copy_records_to_table(
            "stage_newborn", records=born.items(), columns=("native_id", "id")
        )
        await touch(connection, EntityType.DATASET, born.values())
    return Mentioned(keys | born, spoken)


async def _runs(connection: Connection, records: Sequence[int]) -> dict[int | None, Run]:
    """Return the runs of *records*, by the keys of these."""
    of = await connection.fetchrow(_OF, records)
    assert of is not None, "an aggregate is a row"
    rows = await connection.fetch(
        "SELECT id, created_at, native_id FROM harvest_job WHERE id = ANY ($1)", list(set(of[1]) - {None})
    )
    runs = {row[0]: (row[1], row[2]) for row in rows}
    return {record: runs[job] for record, job in zip(*of, strict=True) if job in runs}
