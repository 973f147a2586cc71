"""What a database holds of one portal, in the words of a sandbox portal's truth, and where the two differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

import asyncpg
import msgspec
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store.tables import ROWS

LEFT_OUT = frozenset(
    {
        "id",
        "portal",
        "native_id",
        "presence",
        "first_seen_at",
        "last_seen_at",
        "changed_at",
        "removed_at",
        "native",
        "native_private",
        "document_hash",
        "row_hash",
        "state_basis",
        "text_record_id",
    }
)
"""Columns of bookkeeping: a perfect mirror has no opinion on them."""

_ENDED = {"SUCCEEDED", "PARTIAL", "FAILED", "LOST"}

Row = dict[str, Any]
Key = tuple[str, str]


async def held(connection: asyncpg.Connection, portal: str) -> dict[Key, Row]:
    """Return every row of *portal* but stubs, as truth rows by (type, native id)."""
    number = await connection.fetchval("SELECT number FROM portal WHERE key = $1", portal)
    rows: dict[Key, Row] = {}
    for type_, model in ROWS.items():
        async for row in _rows(connection, type_.value, model.__table__, number):
            rows[row["type"], row["nativeId"]] = row
    return rows


async def _rows(connection: asyncpg.Connection, type_: str, table: Any, number: int) -> Any:
    columns, joins, jsons = [], [], set()
    for column in table.columns:
        if column.name in LEFT_OUT or column.computed is not None:
            continue
        if target := column.info.get("refers"):
            name = column.name.removesuffix("_id")
            columns.append(f'r_{name}.native_id AS "{name}"')
            joins.append(f"LEFT JOIN {target} r_{name} ON r_{name}.id = t.{column.name}")
        else:
            columns.append(f't."{column.name}"')
            if isinstance(column.type, JSONB):
                jsons.add(column.name)
    query = (
        f"SELECT t.native_id AS native__id, t.presence AS presence__, {', '.join(columns)} "
        f"FROM {table.name} t {' '.join(joins)} WHERE t.portal = $1 AND t.presence <> 'UNKNOWN'"
    )
    async with connection.transaction():
        async for record in connection.cursor(query, number, prefetch=5000):
            fields = {
                name: _plain(value, json=name in jsons)
                for name, value in record.items()
                if name not in {"native__id", "presence__"}
            }
            yield {
                "type": type_,
                "nativeId": record["native__id"],
                "presence": record["presence__"],
                "fields": fields,
            }


def _plain(value: Any, *, json: bool) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if json and value is not None:
        return msgspec.json.decode(value)
    return value


def differences(found: dict[Key, Row], truth: Iterable[Row]) -> Iterator[str]:
    """Yield a sentence for each row that is missing or too many and each field that differs."""
    expected = {(row["type"], row["nativeId"]): row for row in truth}
    _count_failures(expected)
    for key in sorted(expected.keys() - found.keys()):
        yield f"{key[0]} missing: {key[1]} ({expected[key]['presence']})"
    for key in sorted(found.keys() - expected.keys()):
        yield f"{key[0]} too many: {key[1]} ({found[key]['presence']})"
    for key in sorted(expected.keys() & found.keys()):
        yield from _fields(key, found[key], expected[key])


def _count_failures(rows: dict[Key, Row]) -> None:
    """Say of each source in *rows* how many of its runs in a row ended badly, as its runs there tell."""
    judged: dict[str, list[tuple[str, str, bool]]] = {}
    for (type_, native_id), row in rows.items():
        run = row["fields"]
        if type_ != "HarvestJob" or row["presence"] not in {"PRESENT", "EXPIRED"}:
            continue
        if run["kind"] not in {"CLEAR", "VALIDATE"} and run["status"] in _ENDED:
            bad = run["status"] in {"FAILED", "LOST"}
            judged.setdefault(run["source"], []).append((run["created_at"] or "", native_id, bad))
    for (type_, native_id), row in rows.items():
        if type_ == "HarvestSource":
            newest_first = sorted(judged.get(native_id, ()), reverse=True)
            row["fields"]["consecutive_failures"] = sum(
                1 for _ in takewhile(lambda run: run[2], newest_first)
            )


def _fields(key: Key, found: Row, expected: Row) -> Iterator[str]:
    if found["presence"] != expected["presence"]:
        yield f"{key[0]}.presence {key[1]}: holds {found['presence']}, should be {expected['presence']}"
    for name in sorted(found["fields"].keys() | expected["fields"].keys()):
        ours, theirs = found["fields"].get(name, "<no field>"), expected["fields"].get(name, "<no field>")
        if ours != theirs:
            yield f"{key[0]}.{name} {key[1]}: holds {ours!r:.160}, should be {theirs!r:.160}"


def summary(sentences: Iterable[str], examples: int = 3) -> str:
    """Return the differences grouped by what they are, with a few examples each."""
    kinds: Counter[str] = Counter()
    shown: dict[str, list[str]] = {}
    for sentence in sentences:
        kind = " ".join(sentence.split(" ", 2)[: 1 if "." in sentence.split(" ", 1)[0] else 2])
        kinds[kind] += 1
        if len(shown.setdefault(kind, [])) < examples:
            shown[kind].append(sentence)
    return "\n".join(
        f"{count} x {kind}\n    " + "\n    ".join(shown[kind]) for kind, count in kinds.most_common()
    )
