"""Which datasets a unit's rows name: those that are new, and those of the others that newer records speak of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from gateway.model.enums import EntityType
from gateway.store.staging import Connection, new_keys, touch

Run: TypeAlias = tuple[datetime | None, str]
"""A run as mentions are ordered by it: when it was created, then its native id by code points."""

_KNOWN = """
    SELECT coalesce(array_agg(d.id ORDER BY n.place), '{}') AS keys,
        coalesce(array_agg(d.job_id ORDER BY n.place), '{}') AS jobs
    FROM unnest($2::text[]) WITH ORDINALITY n (native_id, place) LEFT JOIN LATERAL (
        SELECT d.id, (SELECT r.job_id FROM harvest_record r WHERE r.id = d.latest_record_id AND $3) AS job_id
        FROM dataset d WHERE d.portal = $1 AND d.native_id = n.native_id LIMIT 1
    ) d ON true
"""
"""LIMIT keeps it one look for each name: joined, tables that have just been filled would be read whole."""


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
    ordered = list(natives)
    found = await connection.fetchrow(_KNOWN, portal, ordered, inventory)
    assert found is not None, "an aggregate is a row"
    runs = await _runs(connection, {job for job in found["jobs"] if job is not None})
    known = zip(ordered, found["keys"], found["jobs"], strict=True)
    keys, spoken = {}, {}
    for native, key, job in known:
        if key is not None:
            keys[native], spoken[key] = key, runs.get(job)
    new = [native for native in ordered if native not in keys]
    born = dict(zip(new, await new_keys(connection, "dataset", len(new)), strict=True))
    if born:
        await connection.copy_records_to_table(
            "stage_newborn", records=born.items(), columns=("native_id", "id")
        )
        await touch(connection, EntityType.DATASET, born.values())
    return Mentioned(keys | born, spoken)


async def _runs(connection: Connection, jobs: Collection[int]) -> dict[int | None, Run]:
    """Return the runs *jobs* by their keys."""
    rows = await connection.fetch(
        "SELECT id, created_at, native_id FROM harvest_job WHERE id = ANY ($1)", list(jobs)
    )
    return {row[0]: (row[1], row[2]) for row in rows}
