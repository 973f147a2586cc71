"""Laying down records that are new: copied into their table at once, with their documents.

A row that is not there cannot differ, so that it needs neither a stage nor a comparison: they were a quarter of what
storing a first load cost. One that is there after all ends its unit, as any broken constraint does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

from gateway.model.enums import EntityType
from gateway.store.mentions import Run
from gateway.store.rendering import Renderer, copy
from gateway.store.shape import Row, shape
from gateway.store.staging import Connection, new_keys, touch
from gateway.store.tables import ROWS
from gateway.store.waiting import Name

_LAID = EntityType.HARVEST_RECORD
_GIVEN = (
    "job_id",
    "source_id",
    "dataset_id",
    "status",
    "presence",
    "id",
    "portal",
    "first_seen_at",
    "changed_at",
)
"""The columns that a stage has not, or not as keys."""
_ADDRESS = ("document_hash", "body", "doc_parent", "doc_position", "doc_counted", "fetch_id")
_DOCUMENT = (
    "hash",
    "body",
    "parent",
    "position",
    "counted",
    "fetch_id",
    "portal",
    "entity_type",
    "entity_id",
)
"""The columns of a document: those that a stage calls by the names above, then what the unit knows."""

_REPEATED = frozenset(
    {"record_type", "wire_status", "action", "job_id", "source_id", "status", "presence", "portal"}
    | {"first_seen_at", "changed_at"}
)
"""The columns in which a row often has what the row before has."""


@dataclass(frozen=True, slots=True)
class Laid:
    """What was laid."""

    rows: int = 0
    arrived: Counter[int] = field(default_factory=Counter)
    """New rows by the key of their job."""
    mentions: dict[int, set[Run]] = field(default_factory=dict)
    """The runs that speak of a dataset, by its key; the sets are shared."""
    keys: dict[str, int] = field(default_factory=dict)
    """Their keys, by native id."""
    jobs: dict[str, int] = field(default_factory=dict)
    """The keys of their jobs, by native id."""


NOTHING = Laid()


@dataclass(frozen=True, slots=True)
class _Parents:
    """The keys of the rows that records refer to, by native id."""

    jobs: Mapping[str, tuple[int, int | None, Run]]
    """Key, the source's key, and the run as mentions are ordered by it."""
    sources: Mapping[str, int]
    datasets: Mapping[str, int]


class _Places:
    """Where a staged record has its values."""

    def __init__(self) -> None:
        shape_ = shape(_LAID)
        self._staged = shape_.staged
        self.plain = len(shape_.plain)
        """How many values stand first that are copied as they are."""
        self.document = itemgetter(*map(self.of, _ADDRESS))
        self.job = self.of("job")
        self.native = itemgetter(self.of("native_id"))

    def of(self, name: str) -> int:
        """Return the place of a staged column."""
        return self._staged.index(name)


_places = cache(_Places)


@cache
def _renderer() -> Renderer:
    """Return what renders the rows of the table."""
    columns = (*shape(_LAID).plain, "row_hash", "document_hash", *_GIVEN)
    return Renderer(ROWS[_LAID].__table__, columns, _REPEATED)  # type: ignore[attr-defined]


def new(rows: Mapping[str, Row], known: Collection[Name]) -> dict[str, Row]:
    """Return those of *rows*, by native id, that are not there: documents are named after them, and none is *known*."""
    named_after = _places().of("document_hash")
    return {
        native: row
        for native, row in rows.items()
        if row[named_after] is not None and not (known and (_LAID, native) in known)
    }


def is_of(record: Row, run: str | None) -> bool:
    """Return whether *record* is of *run* (its native id); None is any."""
    return run is None or record[_places().job] == run


async def lay(
    connection: Connection, portal: int, now: datetime, rows: Collection[Row], datasets: Mapping[str, int]
) -> Laid:
    """Store *rows*, of which none is there, with their documents; touch their jobs.

    Their parents are there, but for new ones among *datasets*, which are the keys of those that come with them.
    """
    parents = await _look_up(connection, portal, rows, datasets)
    keys = await new_keys(connection, "harvest_record", len(rows))
    laid = Laid(len(rows), jobs={native: job[0] for native, job in parents.jobs.items()})
    laid.keys.update(zip(map(_places().native, rows), keys, strict=True))
    given = (portal, now, now)
    await copy(connection, _renderer(), _records(rows, keys, parents, laid, given))
    await connection.copy_records_to_table(
        "document", records=_documents(rows, keys, portal), columns=_DOCUMENT
    )
    await touch(connection, EntityType.HARVEST_JOB, laid.arrived)
    return laid


def _records(
    rows: Iterable[Row], keys: Iterable[int], parents: _Parents, laid: Laid, given: tuple[Any, ...]
) -> Iterator[list[Any]]:
    """Yield the rows of the table, and note in *laid* what they are of: mostly of the run of the row before."""
    of, plain = _places().of, _places().plain
    job_at, source_at, dataset_at, status_at, deleted_at = map(
        of, ("job", "source", "dataset", "wire_status", "deleted_at")
    )
    hashes = slice(of("row_hash"), of("document_hash") + 1)
    before, (job_id, job_source_id, run) = None, _NO_JOB
    runs = {run}
    for row, key in zip(rows, keys, strict=True):
        if (job := row[job_at]) != before:
            before, (job_id, job_source_id, run) = job, _NO_JOB if job is None else parents.jobs[job]
            runs = {run}
        if job_id is not None:
            laid.arrived[job_id] += 1
        source, dataset = row[source_at], row[dataset_at]
        source_id = job_source_id if source is None else parents.sources[source]
        dataset_id = None
        if dataset is not None:
            dataset_id = parents.datasets[dataset]
            if (known := laid.mentions.setdefault(dataset_id, runs)) is not runs and run not in known:
                laid.mentions[dataset_id] = known | runs
        presence = "PRESENT" if row[deleted_at] is None else "DELETED"
        ids = (job_id, source_id, dataset_id, row[status_at], presence, key)
        yield [*row[:plain], *row[hashes], *ids, *given]


_NO_JOB: tuple[int | None, int | None, Run] = (None, None, (None, ""))


def _documents(rows: Iterable[Row], keys: Iterable[int], portal: int) -> Iterator[tuple[Any, ...]]:
    """Yield the documents of the rows, where it is known which answers brought them."""
    address = _places().document
    for row, key in zip(rows, keys, strict=True):
        document = address(row)
        if document[-1] is not None:
            yield (*document, portal, _LAID.value, key)


async def _look_up(
    connection: Connection, portal: int, rows: Collection[Row], datasets: Mapping[str, int]
) -> _Parents:
    """Return the keys of what *rows* refer to; those of *datasets* are known."""
    places = map(_places().of, ("job", "source", "dataset"))
    named = [{row[place] for row in rows} - {None} for place in places]
    jobs = await connection.fetch(
        "SELECT native_id, id, source_id, created_at FROM harvest_job WHERE portal = $1 AND native_id = ANY ($2)",
        portal,
        list(named[0]),
    )
    sources, others = [
        await _keys(connection, table, portal, list(names))
        for table, names in (("harvest_source", named[1]), ("dataset", named[2] - datasets.keys()))
    ]
    return _Parents(
        {row[0]: (row[1], row[2], (row[3], row[0])) for row in jobs}, sources, {**others, **datasets}
    )


async def _keys(connection: Connection, table: str, portal: int, natives: list[str]) -> dict[str, int]:
    if not natives:
        return {}
    rows = await connection.fetch(
        f"SELECT native_id, id FROM {table} WHERE portal = $1 AND native_id = ANY ($2)", portal, natives
    )
    return dict(rows)
