"""What Postgres spent its time on, told by its log: seconds of the connection that stores, by what they are for."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

FOR = (
    ("documents", re.compile(r"INSERT INTO document |^COPY \"document\"")),
    ("history", re.compile(r"_history")),
    ("events", re.compile(r"INTO event|stage_prior|stage_stored WHERE fresh$")),
    ("rollups", re.compile(r"INSERT INTO (job|portal)_rollup")),
    ("datasets", re.compile(r"INTO dataset |FROM dataset d |stage_newborn|UPDATE dataset |'Dataset'")),
    ("staging", re.compile(r"^(ANALYZE |COPY \"stage_)")),
)
"""What a statement is for, by its text."""
REST = "entities and notes"
LOGGED = "ALTER DATABASE gateway SET log_min_duration_statement = 0"
_ENTRY = re.compile(r"^\d{4}-\S+ \S+ \w+ \[(\d+)\] \w+:  duration: ([\d.]+) ms(?:  [^:]+: (.*))?$")


class Log:
    """The log of one Postgres, read from where it was left last."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._at = file.stat().st_size

    def seconds(self) -> dict[str, float]:
        """Return the seconds since the last look, of the connection that used stages, by what they were for."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        staging: str = ""
        for process, spent, text in self._entries():
            found[process][purpose(text)] += spent  # type: ignore[assignment]
            if text.startswith("COPY "):
                staging = process
        return {name: round(spent, 3) for name, spent in sorted(found[staging].items())}

    def _entries(self) -> list[tuple[str, float, str]]:
        with self._file.open("rb") as file:
            file.seek(self._at)
            lines = file.read().decode("utf-8", errors="replace").splitlines()
            self._at = file.tell()
        entries: list[tuple[str, float, list[str]]] = []
        for line in lines:
            if found := _ENTRY.match(line):
                entries.append((found[1], float(found[2]) / 1000, [found[3] or ""]))
            elif line.startswith("\t") and entries:
                entries[-1][2].append(line)
        return [(process, spent, " ".join(" ".join(text).split())) for process, spent, text in entries]


def purpose(text: str) -> str:
    """Return what a statement is for."""
    return next((name for name, pattern in FOR if pattern.search(text)), REST)
