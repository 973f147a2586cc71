"""How columns of the store are declared: one function per kind of column."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.schema import SchemaItem
from sqlmodel import Field, SQLModel

PRIVATE = {"visibility": "PRIVATE"}
"""Column info of what only callers with a scope may read."""


def key() -> Any:
    """Return a bigint primary key that Postgres counts."""
    return Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": True})


def text(*, null: bool = True, private: bool = False) -> Any:
    """Return a text column."""
    return Field(
        default=None, nullable=null, sa_type=Text, sa_column_kwargs={"info": PRIVATE if private else {}}
    )


def words(*, null: bool = True, private: bool = False) -> Any:
    """Return an array of text."""
    info = PRIVATE if private else {}
    return Field(default=None, nullable=null, sa_type=ARRAY(Text), sa_column_kwargs={"info": info})


def word(enum: type[StrEnum], *, null: bool = False) -> Any:
    """Return a text column that holds a word of *enum*; ``finish`` adds the check."""
    return Field(default=None, nullable=null, sa_type=Text, sa_column_kwargs={"info": {"enum": enum}})


def instant(*, null: bool = True) -> Any:
    """Return a timestamp with time zone."""
    return Field(default=None, nullable=null, sa_type=DateTime(timezone=True))


def number(*, null: bool = True) -> Any:
    """Return an integer column."""
    return Field(default=None, nullable=null, sa_type=Integer)


def count(first: int = 0) -> Any:
    """Return an integer column that is *first* unless it is said."""
    return Field(
        default=first,
        nullable=False,
        sa_type=Integer,
        sa_column_kwargs={"server_default": literal_column(str(first))},
    )


def big(*, null: bool = True) -> Any:
    """Return a bigint column."""
    return Field(default=None, nullable=null, sa_type=BigInteger)


def small(*, null: bool = False) -> Any:
    """Return a smallint column."""
    return Field(default=None, nullable=null, sa_type=SmallInteger)


def flag(*, null: bool = True) -> Any:
    """Return a boolean column."""
    return Field(default=None, nullable=null)


def mark() -> Any:
    """Return a boolean column that is false unless it is said."""
    return Field(default=False, nullable=False, sa_column_kwargs={"server_default": literal_column("false")})


def real(*, null: bool = True) -> Any:
    """Return a double precision column."""
    return Field(default=None, nullable=null)


def data(*, null: bool = True, private: bool = False) -> Any:
    """Return a jsonb column."""
    info = PRIVATE if private else {}
    return Field(
        default=None, nullable=null, sa_type=JSONB(none_as_null=True), sa_column_kwargs={"info": info}
    )


def octets(*, null: bool = True) -> Any:
    """Return a bytea column."""
    return Field(default=None, nullable=null, sa_type=LargeBinary)


def reckoned(kind: Any, expression: str) -> Any:
    """Return a column that Postgres reckons from others of its row and keeps; nobody writes it or reads it out."""
    return Field(
        default=None,
        sa_type=kind,
        sa_column_args=[Computed(expression, persisted=True)],
    )


def refers(table: str, *, null: bool = True) -> Any:
    """Return the bigint key of a row of *table*; no foreign key: streams arrive in any order."""
    return Field(
        default=None, nullable=null, sa_type=BigInteger, sa_column_kwargs={"info": {"refers": table}}
    )


def finish(model: type[SQLModel], *constraints: SchemaItem) -> None:
    """Give the model's table the check of every word column, and *constraints*."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    for column in table.columns:
        if enum := column.info.get("enum"):
            listed = ", ".join(f"'{member.value}'" for member in enum)
            table.append_constraint(
                CheckConstraint(f"{column.name} IN ({listed})", name=f"ck_{table.name}_{column.name}")
            )
    for item in constraints:
        item._set_parent_with_dispatch(table)  # noqa: SLF001 - SQLAlchemy's way to attach an Index by name


def index(name: str, *columns: Any, **options: Any) -> Index:
    """Return an index; its full name begins with ``ix_``."""
    return Index(f"ix_{name}", *columns, **options)
