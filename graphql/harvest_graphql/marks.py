"""What a field of the schema tells the planner beside its name and type.

An answer is kept until the data version moves (``harvest_graphql.answers``). Every commit moves it that changes a row
of the tables in ``gateway.store.bookkeeping.READABLE``, and the end of a reconcile, for ``lastSeenAt``. A field or
filter whose value can change without it is marked ``volatile=True``, and what selects or uses it is never kept: what
reads other tables (``sync_run``, ``sync_stream``, ``quarantine``, ...), what compares with the time of the question.
So ``Portal.sync`` is volatile, and ``Portal.notice`` or ``capabilities`` are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry

Sql = Callable[[Any], str]
"""Given the row (``plan.rows.Row``), the SQL of the field's value as JSON text; SQL NULL is never returned."""


def field(
    description: str,
    *,
    sql: Sql | None = None,
    embedded: str | None = None,
    via: str | None = None,
    place: Callable[[Any], Any] | None = None,
    write: Callable[[Any, Any, Any], str] | None = None,
    private: bool = False,
    volatile: bool = False,
) -> Any:
    """Return a field of an object type.

    Without marks the planner finds the column or relation by the field's name. *sql* computes the value.
    *embedded* is the prefix of the row's own columns that make up an object. *via* names the column of a
    relation, where there are several or its name differs. *place* says where the object's fields are read; *write*
    writes the SQL of what is of any type (of ``Objects``, the nodes that select it, and the row).
    *private* withholds what is no column from callers without the scope; a column says so itself. *volatile*: the
    value can change without a move of the data version, so that no answer with it is kept.
    """
    marks = {
        "sql": sql,
        "embedded": embedded,
        "via": via,
        "place": place,
        "write": write,
        "private": private or None,
        "volatile": volatile or None,
    }
    return strawberry.field(
        description=description, metadata={key: mark for key, mark in marks.items() if mark is not None}
    )


def narrows(
    description: str,
    *,
    through: tuple[str, ...] = (),
    column: str | None = None,
    condition: Callable[[Any, str, Any], str] | None = None,
    volatile: bool = False,
) -> Any:
    """Return a field of a filter input that is absent unless it is given.

    *through* names the relations that lead from the list's rows to the row whose *column* is compared;
    without them it is the list's own. *condition* writes the SQL itself: of the draft, the row's alias, the operand.
    *volatile*: which rows it finds depends on the time of the question.
    """
    return strawberry.field(
        description=description,
        default=strawberry.UNSET,
        metadata={
            "through": through,
            **({"column": column} if column else {}),
            **({"condition": condition} if condition else {}),
            **({"volatile": True} if volatile else {}),
        },
    )
