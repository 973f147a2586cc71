"""How data reaches the terminal: a table for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 200
"""Columns of a table that is not printed on a terminal: nobody's window wraps it."""


def print_json(value: Any) -> None:
    """Print *value* as indented JSON; instants and other objects as their text."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def console(*, stderr: bool = False) -> Console:
    """Return where tables go: as wide as the terminal, or wide enough for a pipe."""
    from rich.console import Console

    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, width=None if terminal else WIDE, highlight=False, soft_wrap=False)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print *rows* under *columns*; numbers stand to the right, None is left out."""
    from rich import box
    from rich.table import Table

    filled = [[_cell(value) for value in row] for row in rows]
    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for position, column in enumerate(columns):
        numeric = bool(rows) and all(_is_number(row[position]) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for cells in filled:
        table.add_row(*cells)
    console().print(table)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _cell(value: Any) -> str:
    from rich.markup import escape

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return escape(str(value))


def print_tree(title: str, value: Mapping[str, Any]) -> None:
    """Print nested *value*: a table for each list of objects, a row for each other value."""
    plain = [[name, inner] for name, inner in value.items() if not _is_nested(inner)]
    if plain:
        print_table(title, ["", "value"], plain)
    for name, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            print_tree(name, inner)
        elif _is_nested(inner):
            columns = list(dict.fromkeys(column for row in inner for column in row))
            print_table(name, columns, [[_flat(row.get(column)) for column in columns] for row in inner])


def _is_nested(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _flat(value: Any) -> Any:
    """Return *value* as one cell: pairs and lists with commas between."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_cell(inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_cell, value))
    return value
