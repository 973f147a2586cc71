"""The questions: what is asked in each, and with which variables, chosen out of the database itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

NAMES = ("q1", "q2", "q3", "q4", "q5", "q6")
ABOUT = {
    "q1": "20 sources with organization and last job",
    "q2": "one source with its last 10 jobs and their first 5 errors",
    "q3": "a page of 100 records by source and status",
    "q4": "records counted by portal and status",
    "q5": "full text over sources",
    "q6": "one field of one source",
}
STATUSES = ("SUCCEEDED", "SKIPPED", "FAILED")
_HERE = Path(__file__).parent

Variables = dict[str, Any]
Chosen = Mapping[str, Sequence[Variables]]
"""Of each workload up to 200 sets of variables: what is meant, before a peer writes it in its own way."""


async def chosen(connection: asyncpg.Connection, *, even: bool = False) -> Chosen:
    """Return the variables of each workload, the same in every run.

    *even*: those whose answers are as long whatever the size of the database, so that sizes can be compared.
    """
    statuses = STATUSES[:1] if even else STATUSES
    arguments: dict[str, list[Any]] = {"q3": [list(statuses)], "q5": [even]}
    found = {}
    for name in NAMES:
        sql = (_HERE / "choices" / f"{name}.sql").read_text("utf-8")
        rows = await connection.fetch(sql, *arguments.get(name, []))
        assert rows, f"{name}: the database is too small to choose variables from"
        found[name] = [{key: _plain(value) for key, value in row.items()} for row in rows]
    return found


def document(name: str, dialect: str = ".") -> str:
    """Return the document of a workload, as the peers of *dialect* understand it, without its comment."""
    text = (_HERE / "documents" / dialect / f"{name}.graphql").read_text("utf-8")
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
