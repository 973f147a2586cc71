"""Rows of the portal's lists: which ones are asked for, where a list is read from, what one page brought."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from adapters.data_gov import wire
from adapters.data_gov.merged import told_apart
from gateway.model.document import Document, Fetch, Rejection, digest
from gateway.model.enums import EntityType
from gateway.model.value import value
from gateway.ports import Page

DOUBLE = "another row of the page has its id"
PER_PAGE = 100
SIZES = (100, 50, 25, 5, 1)
"""Rows asked for at once; each divides the one before, so that positions stay page borders."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows: a list's path, its equalities, its facets (``column op value``, all of which must hold)."""

    path: str
    equal: Mapping[str, str] = field(default_factory=dict[str, str])
    facets: tuple[str, ...] = ()

    def params(self, *facets: str) -> dict[str, str | int]:
        """Return the parameters that ask for these rows, narrowed by *facets*."""
        every = (*self.facets, *facets)
        return {**self.equal, **({"facets": ",".join(every)} if every else {})}


@dataclass(frozen=True, slots=True)
class Start:
    """Where a list is read from: rows created at *since* or later, from *page* of *size* rows on."""

    since: datetime | None = None
    page: int = 0
    size: int = PER_PAGE

    @classmethod
    def of(cls, cursor: Any) -> Start:
        """Return the start that a cursor names; the list's own where it names none."""
        if not isinstance(cursor, Mapping):
            return cls()
        page, size = cursor.get("page"), cursor.get("size", PER_PAGE)
        if not isinstance(page, int) or page < 0 or size not in SIZES:
            return cls()
        return cls(wire.instant(cursor.get("since")), page, size)

    @property
    def cursor(self) -> dict[str, Any]:
        """Return the JSON that ``of`` reads."""
        since = {} if self.since is None else {"since": stamp(self.since)}
        size = {} if self.size == PER_PAGE else {"size": self.size}
        return {**since, "page": self.page, **size}


@value
class Row:
    """One element of a list, with as much of it as a crawl needs."""

    native_id: str
    job: str | None
    created: datetime | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one page that had not been seen, and where to go on after them."""

    rows: Sequence[Row | Rejection]
    fetch: Fetch
    next: Start
    repeats: bool = False
    """Whether rows of the page bear one id, so that one of them hides another."""


class _Head(msgspec.Struct):
    id: Any = None
    harvest_job_id: Any = None
    date_created: Any = None


_HEAD = msgspec.json.Decoder(_Head)


def stamp(when: datetime) -> str:
    """Return an instant as the portal's filters take it: ISO 8601 in UTC, whole seconds, no zone."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def fresh(
    bodies: Sequence[bytes | Rejection], member: EntityType, fetch: Fetch, seen: set[str], position: int
) -> tuple[list[Row | Rejection], bool]:
    """Return the rows that have not been seen, marked as seen, and whether rows of this page bear one name.

    Of other rows of the page with that name the first is told, the others are rejected.
    """
    found: list[Row | Rejection] = []
    names: dict[str, bytes] = {}
    for place, body in enumerate(bodies, start=position):
        row = body if isinstance(body, Rejection) else _row(body, member, fetch, place)
        if (name := name_of(row)) not in seen:
            seen.add(name)
            found.append(row)
        elif names.get(name, row.body) != row.body:
            found.append(Rejection(member, DOUBLE, row.body, fetch, native_id=name, position=place))
        names.setdefault(name, row.body)
    return found, len(names) < len(bodies)


def name_of(row: Row | Rejection) -> str:
    """Return what tells a row from others: its id, or the fingerprint of one without."""
    return row.native_id or digest(row.body).hex()


def sheet_of(answer: tuple[Sequence[bytes], Fetch], member: EntityType, seen: set[str]) -> Sheet:
    """Return the rows of an answer that had not been seen, where reading goes on nowhere."""
    bodies, fetch = answer
    told, _ = told_apart(bodies, member, fetch, 0)
    rows, repeats = fresh(told, member, fetch, seen, 0)
    return Sheet(rows, fetch, Start(), repeats)


def _row(body: bytes, member: EntityType, fetch: Fetch, position: int) -> Row | Rejection:
    try:
        head = _HEAD.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejection(member, f"it cannot be read: {error}", body, fetch, position=position)
    if not isinstance(head.id, str) or not head.id or "\0" in head.id:
        return Rejection(member, "it has no id", body, fetch, position=position)
    job = head.harvest_job_id if isinstance(head.harvest_job_id, str) else None
    return Row(head.id, job, wire.instant(head.date_created), body)


def page(
    sheet: Sheet, member: EntityType, cursor: Any = None, *, of: Container[str | None] | None = None
) -> Page:
    """Return the page of a sheet's documents and rejections; *of*: without the rows of other jobs than these."""
    elements = [
        row if isinstance(row, Rejection) else Document.of(member, row.native_id, row.body, sheet.fetch)
        for row in sheet.rows
        if isinstance(row, Rejection) or of is None or row.job is None or row.job in of
    ]
    return Page(elements, cursor)
