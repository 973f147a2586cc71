"""Drift is counted in the unit that stores the documents, told once, and forgotten when it has been learnt."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from contract.writing import Bench, document

from gateway import postgres
from gateway.model.enums import EntityType
from gateway.model.expected import Expected, element, many, text, word
from gateway.ports import Scope
from gateway.store import drift
from gateway.store.parts import Part
from gateway.store.tables import ROWS

ORGANIZATION = EntityType.ORGANIZATION
FIELDS = {"type": text(), "native_id": text(), "name": text(), "kind": word(("CITY_GOVERNMENT",))}


def of_things(**more: Expected) -> dict[EntityType, Expected]:
    return {ORGANIZATION: many(element(**FIELDS, **more))}


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    connection = await postgres.connect(database_url)
    try:
        bench = await Bench.open(connection, inventory=True)
        bench.toy.expected = of_things()
        await bench.next_pass()
        yield bench
    finally:
        await connection.close()


async def store(bench: Bench, *natives: str, **values: Any) -> None:
    elements = [document(ORGANIZATION, native_id, **values) for native_id in natives]
    await bench.writer.commit([Part(Scope("organizations", ORGANIZATION), elements)])


async def counted(bench: Bench) -> list[tuple[Any, ...]]:
    rows = await bench.connection.fetch(
        "SELECT pointer, kind, word, count, native_id, first_seen_at, last_seen_at FROM drift ORDER BY pointer, word"
    )
    return [tuple(row) for row in rows]


async def told(bench: Bench) -> list[Any]:
    rows = await bench.connection.fetch(
        "SELECT entity_type, native_id, after, count, cause FROM event WHERE kind = 'DRIFTED' ORDER BY id"
    )
    return [(*row[:2], json.loads(row[2]), *row[3:]) for row in rows]


async def test_what_nobody_expects_is_counted_and_told_once(bench: Bench) -> None:
    await store(bench, "a", "b", slug="s", kind="TRIBAL")
    began = bench.now
    bench.later(hours=1)
    await bench.next_pass()
    await store(bench, "a", "b", slug="s", kind="TRIBAL")
    await store(bench, "c", slug="t")
    assert await counted(bench) == [
        ("/*/kind", "UNKNOWN_WORD", "TRIBAL", 2, "a", began, began),
        ("/*/slug", "UNKNOWN_FIELD", "string", 3, "a", began, bench.now),
    ]
    place = {"kind": "UNKNOWN_FIELD", "word": "string", "pointer": "/*/slug"}
    assert await told(bench) == [
        (ORGANIZATION, "a", {"kind": "UNKNOWN_WORD", "word": "TRIBAL", "pointer": "/*/kind"}, 2, "UPSTREAM"),
        (ORGANIZATION, "a", place, 2, "UPSTREAM"),
    ]


async def test_the_rows_are_stored_all_the_same(bench: Bench) -> None:
    await store(bench, "a", slug="s")
    assert await bench.value(f"SELECT slug FROM {ROWS[ORGANIZATION].__tablename__}") == "s"


async def test_what_is_unchanged_or_read_again_is_not_counted_twice(bench: Bench) -> None:
    await store(bench, "a", slug="s")
    before = await counted(bench)
    written = "SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE relname = 'drift'"
    bench.later(hours=1)
    await bench.connection.execute("SELECT pg_stat_force_next_flush()")
    rows = await bench.value(written)
    await store(bench, "a", slug="s")
    again = [document(ORGANIZATION, "a", slug="s")]
    await bench.writer.commit([Part(Scope("renormalise", ORGANIZATION), again)], again=True)
    await bench.connection.execute("SELECT pg_stat_force_next_flush()")
    assert await bench.value(written) == rows
    assert await counted(bench) == before


async def test_a_new_drift_moves_the_version_of_answers(bench: Bench) -> None:
    await store(bench, "a")
    version = await bench.value("SELECT version FROM data_version")
    await store(bench, "a", slug="s")
    assert await bench.value("SELECT version FROM data_version") == version + 1


async def test_what_an_adapter_has_learnt_is_forgotten(bench: Bench) -> None:
    await store(bench, "a", slug="s", acronym="t", kind="TRIBAL")
    await drift.retire(bench.connection, bench.number, of_things(slug=text()))
    assert [row[0] for row in await counted(bench)] == ["/*/acronym", "/*/kind"]


async def test_words_that_postgres_would_refuse_are_counted(bench: Bench) -> None:
    bench.toy.expected = of_things(slug=word(("s",)))
    await bench.next_pass()
    await store(bench, "a", slug="\0")
    await store(bench, "b", slug="x" * 1999)
    assert [row[2] for row in await counted(bench)] == ["x" * 200, "\N{REPLACEMENT CHARACTER}"]
