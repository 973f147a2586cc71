"""How rows in memory differ from what a sandbox says that a perfect mirror holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from gateway.model.entities import Dataset, Entity
from gateway.testing.memory import MemoryKnown

HELD = frozenset({"PRESENT", "DELETED", "EXPIRED"})
SHOWN = 20
"""Most differences that are named."""


def differences(known: MemoryKnown, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return where *known* differs from the *rows* of a truth, in words; derived fields are left out."""
    held = {(row["type"], row["nativeId"]): row["fields"] for row in rows if row["presence"] in HELD}
    there = {
        (kind.value, native_id): row
        for (kind, native_id), row in known.rows.items()
        if (kind, native_id) not in known.gone
    }
    found = [f"{name} is missing" for name in sorted(held.keys() - there.keys())]
    found += [f"{name} is too much" for name in sorted(there.keys() - held.keys())]
    for name in sorted(held.keys() & there.keys()):
        found += [f"{name}: {difference}" for difference in fields(there[name], held[name])]
    return found[:SHOWN]


def fields(row: Entity, expected: Mapping[str, Any]) -> Iterable[str]:
    """Yield in words how the fields of *row* differ from the *expected* ones; derived fields are left out."""
    if isinstance(row, Dataset):  # which record speaks for a dataset is derived
        return
    for field, wanted in expected.items():
        if not hasattr(row, field):
            continue
        value = plain(getattr(row, field))
        if value != wanted and not (field == "source" and value is None):
            yield f"{field} is {value!r}, not {wanted!r}"


def plain(value: Any) -> Any:
    """Return a field's value in the truth's words."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return value
