"""The reviewed table of leaves that have no home on purpose, each with its reason: ``unreachable.toml`` beside this."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

FILE = Path(__file__).with_name("unreachable.toml")


def excused(file: Path = FILE) -> dict[str, str]:
    """Return the reasons by the leaf's name, ``<portal>: <example> <pointer>``; ValueError for a leaf named twice."""
    reasons: dict[str, str] = {}
    for entry in tomllib.loads(file.read_text(encoding="utf-8"))["unreachable"]:
        for leaf in entry["leaves"]:
            if leaf in reasons:
                raise ValueError(f"{file.name} names {leaf} twice")
            reasons[leaf] = entry["reason"]
    return reasons


def outdated(reasons: Iterable[str], homes: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the table; *homes* has every leaf's home, "" where it has none."""
    for leaf in reasons:
        if leaf not in homes:
            yield f"{leaf}: the documentation has no such leaf"
        elif homes[leaf]:
            yield f"{leaf}: it has a home, {homes[leaf]}"
