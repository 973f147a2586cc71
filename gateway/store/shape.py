"""How an entity becomes a staged row: the one conversion from the model's values to columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import ARRAY, Column, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from gateway.fetch import decode
from gateway.model.document import HASH_BYTES
from gateway.model.entities import ENTITIES, Entity
from gateway.model.enums import EntityType
from gateway.ports import LONGEST
from gateway.store.tables import ROWS

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_INT4 = 2**31 - 1
_encode = msgspec.json.Encoder().encode

ADDRESS = (
    ("document_hash", "bytea"),
    ("body", "bytea"),
    ("doc_parent", "text"),
    ("doc_position", "integer"),
    ("doc_counted", "jsonb"),
    ("fetch_id", "bigint"),
    ("speaker", "text"),
)
"""Staged beside an entity's values: its document's address, and for a dataset the record that tells of it."""
_NOWHERE = (None,) * len(ADDRESS)
Row: TypeAlias = list[Any]
"""A staged row: the shape's fields, row_hash, and the places of ADDRESS, to be filled where there is one."""


class Unstorable(ValueError):
    """A value that Postgres cannot hold."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names a row of another table."""

    field: str
    column: str
    table: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What the store knows about one entity type: taken from the model and the table, never listed twice."""

    type: EntityType
    table: str
    plain: tuple[str, ...]
    """Fields whose column has the same name."""
    references: tuple[Reference, ...]
    types: tuple[str, ...]
    """Postgres types of the staged columns, in the order of ``fields``."""
    fields: tuple[str, ...]
    """The entity's fields in staged order: plain ones, then references (as native ids)."""
    values: Callable[[Entity], tuple[Any, ...]]
    """Reads an entity's fields."""
    told: Callable[..., msgspec.Struct]
    """Takes these values; its JSON leaves out what is absent. It costs a third of what a dictionary costs."""
    conversions: tuple[tuple[int, Callable[[Any], Any]], ...]
    """The places of values that Postgres takes in another form, and how they get it."""
    indexed: tuple[int, ...]
    """The places of texts that an index holds as they are: ids above all."""

    @property
    def stage(self) -> str:
        """Return the name of the temporary table."""
        return f"stage_{self.table}"

    @property
    def staged(self) -> tuple[str, ...]:
        """Return the columns of the temporary table."""
        return (*self.fields, "row_hash", *(name for name, _ in ADDRESS))

    def row(self, entity: Entity) -> Row:
        """Return the staged row of *entity*, without an address; Unstorable where Postgres would refuse it."""
        values = self.values(entity)
        try:
            # What is absent does not count, so that a column that comes later changes no fingerprint.
            encoded = _encode(self.told(*values))
        except (UnicodeEncodeError, OverflowError, TypeError, ValueError) as error:
            raise Unstorable(f"not storable: {error}") from error
        row = [*values, blake2b(encoded, digest_size=HASH_BYTES).digest(), *_NOWHERE]
        if b"\\u0000" in encoded:
            row[: len(values)] = self._without_nul(values, encoded)
        if len(encoded) > LONGEST:
            self._measure(row)
        for index, convert in self.conversions:
            if (value := row[index]) is not None:
                row[index] = convert(value)
        return row

    def _without_nul(self, values: Sequence[Any], encoded: bytes) -> Iterable[Any]:
        """Return *values*, which are *encoded* so, with U+FFFD for every NUL, which a backslash before `u0000` is not.

        What has been read is known by its id, so that one with a NUL cannot be stored as another.
        """
        clean = decode.without_nul(msgspec.json.decode(encoded))
        if "\0" in values[self.fields.index("native_id")]:
            raise Unstorable("its id holds a NUL")
        return (
            value if hasattr(value, "tzinfo") else clean.get(field)
            for field, value in zip(self.fields, values, strict=True)
        )

    def _measure(self, values: Sequence[Any]) -> None:
        """Raise Unstorable where a text is too long for its index: no index of Postgres takes more than some 2,700."""
        for place in self.indexed:
            if isinstance(values[place], str) and len(values[place].encode()) > LONGEST:
                raise Unstorable(f"{self.fields[place]} is longer than {LONGEST:,} bytes")


def _integer(value: Any) -> int:
    if not isinstance(value, int) or not -_INT4 <= value <= _INT4:
        raise Unstorable(f"{value!r:.40} is no 32-bit number")
    return value


def _json(value: Any) -> str:
    return _encode(value).decode()


def _reader(column: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(column.type, JSONB):
        return _json
    if isinstance(column.type, ARRAY):
        return list
    if isinstance(column.type, Integer):
        return _integer
    return None


@cache
def shape(type_: EntityType) -> Shape:
    """Return the shape of an entity type."""
    table = ROWS[type_].__table__  # type: ignore[attr-defined]
    fields = [name for name in ENTITIES[type_].__dataclass_fields__ if name != "type"]
    plain = tuple(name for name in fields if name in table.columns)
    references = tuple(
        Reference(name, f"{name}_id", table.columns[f"{name}_id"].info["refers"])
        for name in fields
        if name not in plain and f"{name}_id" in table.columns
    )
    missing = set(fields) - set(plain) - {reference.field for reference in references}
    if missing:
        raise LookupError(f"{table.name} has no column for {', '.join(sorted(missing))}")
    staged = (*plain, *(reference.field for reference in references))
    readers = ((index, _reader(table.columns[name])) for index, name in enumerate(plain))
    return Shape(
        type=type_,
        table=table.name,
        plain=plain,
        references=references,
        types=(
            *(table.columns[name].type.compile(_DIALECT) for name in plain),
            *(["TEXT"] * len(references)),
        ),
        fields=staged,
        values=attrgetter(*staged),
        told=msgspec.defstruct("Told", [(name, Any, None) for name in staged], omit_defaults=True, gc=False),
        conversions=tuple((index, read) for index, read in readers if read is not None),
        indexed=tuple(
            index for index, name in enumerate(staged) if name not in table.columns or name in _indexed(table)
        ),
    )


def _indexed(table: Table) -> frozenset[str]:
    """Return the columns of text that an index of *table* holds as they are."""
    keys = [index.columns for index in table.indexes if not index.kwargs.get("postgresql_using")]
    keys += [item.columns for item in table.constraints if isinstance(item, UniqueConstraint)]
    return frozenset(column.name for columns in keys for column in columns if isinstance(column.type, Text))


@cache
def stub_values(table: str) -> dict[str, str]:
    """Return what a row of *table* needs to exist before anything is known of it: column -> SQL literal."""
    row = next(row for row in ROWS.values() if row.__tablename__ == table).__table__  # type: ignore[attr-defined]
    values: dict[str, str] = {}
    for column in row.columns:
        enum = column.info.get("enum")
        if column.nullable or enum is None:
            continue
        words = [member.value for member in enum]
        values[column.name] = next(
            f"'{word}'" for word in ("UNKNOWN", "OTHER", "UNPUBLISHED") if word in words
        )
    return values


__all__ = ["ADDRESS", "Reference", "Shape", "Unstorable", "shape", "stub_values"]
