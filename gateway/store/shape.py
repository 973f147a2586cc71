"""How an entity becomes a staged row: the one conversion from the model's values to columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Column, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from gateway.model.entities import ENTITIES
from gateway.model.enums import EntityType
from gateway.store.flat import Flat, Form, Row, Unstorable, flat
from gateway.store.tables import ROWS

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

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
    row: Flat
    """Returns the staged row of an entity; Unstorable where Postgres would refuse it."""

    @property
    def stage(self) -> str:
        """Return the name of the temporary table."""
        return f"stage_{self.table}"

    @property
    def staged(self) -> tuple[str, ...]:
        """Return the columns of the temporary table."""
        return (*self.fields, "row_hash", *(name for name, _ in ADDRESS))


def _form(column: Column[Any]) -> Form | None:
    if isinstance(column.type, JSONB):
        return Form.JSON
    if isinstance(column.type, ARRAY):
        return Form.ARRAY
    if isinstance(column.type, Integer):
        return Form.INTEGER
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
    forms = {name: form for name in plain if (form := _form(table.columns[name])) is not None}
    indexed = {name for name in staged if name not in table.columns or name in _indexed(table)}
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
        row=flat(type_.value, staged, forms, indexed),
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


__all__ = ["ADDRESS", "Reference", "Row", "Shape", "Unstorable", "shape", "stub_values"]
