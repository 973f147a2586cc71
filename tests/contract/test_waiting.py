"""What waits for somebody's word, and what settles by itself: held deletions and the quarantine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import asyncpg
import pytest
from contract.writing import Bench, Toy, document

from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import Entity
from gateway.model.enums import EntityType
from gateway.ports import End, Scope
from gateway.store.parts import Part
from gateway.store.retrying import retry

JOB, SOURCE = EntityType.HARVEST_JOB, EntityType.HARVEST_SOURCE
SOURCES = Scope("sources", SOURCE, whole=True)
ALL = range(20)
HELD = "SELECT decision, cardinality(entity_ids) AS size, lapsed_at IS NULL AS holds FROM held_deletion ORDER BY id"


@pytest.fixture
async def bench(pool: asyncpg.Pool) -> AsyncIterator[Bench]:
    async with pool.acquire() as connection:
        yield await Bench.open(connection, inventory=True)


def source(number: int, name: str = "") -> Document:
    return document(SOURCE, f"s{number}", name=f"Source {number}{name}")


async def proved(bench: Bench, elements: Sequence[Document | Rejection], *, scope: Scope = SOURCES) -> int:
    """Read the whole list, a day later; return how many rows are gone."""
    bench.later(days=1)
    await bench.next_pass()
    seen = await bench.writer.begin(scope)
    tally = await bench.writer.commit([Part(scope, elements, seen, end=End(proved=True))])
    return tally.gone


async def held(bench: Bench) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await bench.connection.fetch(HELD)]


async def gone(bench: Bench) -> int:
    found: int = await bench.value("SELECT count(*) FROM harvest_source WHERE presence = 'GONE'")
    return found


async def test_the_same_rows_wait_on_as_the_same_deletion(bench: Bench) -> None:
    await proved(bench, [source(n) for n in ALL])
    await proved(bench, [source(n) for n in range(10)])
    first = await bench.connection.fetchrow("SELECT id, held_at FROM held_deletion")
    await proved(bench, [source(n) for n in range(10)])
    assert await bench.connection.fetchrow("SELECT id, held_at FROM held_deletion") == first
    assert await held(bench) == [(None, 10, True)]


async def test_other_rows_are_judged_anew(bench: Bench) -> None:
    await proved(bench, [source(n) for n in ALL])
    await proved(bench, [source(n) for n in range(10)])
    await proved(bench, [source(n) for n in range(9)])
    assert await held(bench) == [("SUPERSEDED", 10, True), (None, 11, True)]
    assert await proved(bench, [source(n) for n in range(18)]) == 2, "what is left is below the cap"
    assert await held(bench) == [("SUPERSEDED", 10, True), ("SUPERSEDED", 2, True)]
    assert await gone(bench) == 2


async def test_a_row_that_is_named_again_is_spared_also_where_nothing_of_it_has_changed(bench: Bench) -> None:
    await proved(bench, [source(n) for n in ALL])
    await proved(bench, [source(n) for n in range(10)])
    await bench.writer.commit([Part(SOURCES, [source(15), source(16, "!")])])
    assert await held(bench) == [(None, 8, True)]
    await bench.writer.commit([Part(SOURCES, [source(n) for n in range(10, 20)])])
    assert await held(bench) == [("SUPERSEDED", 0, True)]


async def test_what_was_rejected_is_not_held_again_until_other_rows_are_missing(bench: Bench) -> None:
    await proved(bench, [source(n) for n in ALL])
    await proved(bench, [source(n) for n in range(10)])
    await bench.connection.execute("UPDATE held_deletion SET decided_at = now(), decision = 'REJECTED'")
    for _ in range(2):
        assert await proved(bench, [source(n) for n in range(10)]) == 0
        assert await held(bench) == [("REJECTED", 10, True)]
    await proved(bench, [source(n) for n in ALL])
    assert await held(bench) == [("REJECTED", 10, False)], "they came back: the word has done its work"
    await proved(bench, [source(n) for n in range(10)])
    assert await held(bench) == [("REJECTED", 10, False), (None, 10, True)]


def refused(native_id: str | None, body: bytes = b"{", reason: str = "it is no JSON") -> Rejection:
    return Rejection(
        SOURCE,
        reason,
        body,
        Fetch("/toy", None, document(SOURCE, "x").fetch.fetched_at, b"2" * 16),
        native_id,
    )


async def test_an_element_that_cannot_be_read_is_there_all_the_same(bench: Bench) -> None:
    await proved(bench, [source(0), source(1)])
    assert await proved(bench, [source(0), refused("s1")]) == 0
    assert await bench.value("SELECT presence FROM harvest_source WHERE native_id = 's1'") == "PRESENT"


ENTRIES = "SELECT scope, sightings, retriable, released_at IS NULL AS open FROM quarantine ORDER BY scope, id"


async def entries(bench: Bench) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await bench.connection.fetch(ENTRIES)]


def poison(native_id: str, total: int = 2**40) -> Document:
    return document(JOB, native_id, total=total)


async def test_an_element_is_kept_under_its_own_list_and_counted(bench: Bench) -> None:
    first, second = (Scope("jobs", JOB, key, within=SOURCE) for key in ("a", "b"))
    for _ in range(3):
        bench.later(hours=1)
        parts = [Part(first, [document(JOB, "good")]), Part(second, [poison("bad"), refused(None)])]
        await bench.writer.commit(parts)
    assert await entries(bench) == [("b", 3, False, True), ("b", 3, True, True)]
    seen = await bench.connection.fetchrow("SELECT first_seen_at, last_seen_at FROM quarantine LIMIT 1")
    assert (seen["last_seen_at"] - seen["first_seen_at"]).total_seconds() == 7200


async def test_an_element_that_reads_well_lets_its_entry_go(bench: Bench) -> None:
    jobs = Scope("jobs", JOB)
    good = document(JOB, "j", total=1)
    await bench.writer.commit([Part(jobs, [good])])
    await bench.writer.commit([Part(jobs, [poison("j"), poison("k")])])
    await bench.writer.commit([Part(jobs, [good])], again=True)
    assert [row[3] for row in await entries(bench)] == [True, True], "that was no arrival"
    tally = await bench.writer.commit([Part(jobs, [good])])
    assert (tally.changed, [row[3] for row in await entries(bench)]) == (0, [False, True])
    await bench.writer.commit([Part(jobs, [document(JOB, "k", total=2)])])
    assert [row[3] for row in await entries(bench)] == [False, False]
    await bench.writer.commit([Part(jobs, [poison("k")])])
    assert [row[1:] for row in await entries(bench)] == [(1, True, False), (2, True, True)]


async def test_what_a_whole_list_no_longer_shows_is_let_go(bench: Bench) -> None:
    await proved(bench, [source(0), refused(None), refused("s9", b"[")])
    assert [row[3] for row in await entries(bench)] == [True, True]
    await proved(bench, [source(0), refused(None)])
    assert [row[1:] for row in await entries(bench)] == [(2, False, True), (1, False, False)]
    await proved(bench, [source(0)])
    assert [row[3] for row in await entries(bench)] == [False, False]


class Strict(Toy):
    """A toy whose rules for some elements are wrong."""

    def __init__(self, *wrong: str) -> None:
        super().__init__(inventory=True)
        self.wrong = set(wrong)

    def normalise(self, document: Document) -> Iterable[Entity | Rejection]:
        if document.native_id in self.wrong:
            return [Rejection(document.type, "wrong", document.body, document.fetch, document.native_id)]
        return super().normalise(document)


async def test_what_is_read_again_is_stored_as_if_it_had_just_arrived(bench: Bench) -> None:
    toy = bench.toy = Strict("o", "s", "t")
    await bench.next_pass()
    organization = document(EntityType.ORGANIZATION, "o", name="Office")
    parts = [
        Part(
            SOURCES,
            [organization, document(SOURCE, "s", organization="o"), document(SOURCE, "u", organization="o")],
        )
    ]
    await bench.writer.commit(parts)
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "t", name="Old")])])
    bench.later(days=1)
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "t", name="New"), refused(None)])])
    assert [row[1:] for row in await entries(bench)] == [(1, True, True)] * 3 + [
        (1, False, True),
        (1, True, True),
    ]
    toy.wrong = {"s"}
    told = await retry(bench.connection, bench.writer, bench.number)
    assert [len(told.read), len(told.refused), len(told.unreadable)] == [3, 1, 1]
    assert [row[1] for row in await entries(bench)] == [1] * 5, "that was no sighting"
    rows = await bench.connection.fetch("SELECT native_id, name FROM harvest_source ORDER BY native_id")
    assert [tuple(row) for row in rows] == [("t", "New"), ("u", None)], "of two readings the newer"
    bodies = "SELECT count(*) FROM document d JOIN harvest_source s ON s.document_hash = d.hash AND d.entity_id = s.id"
    assert await bench.value(bodies) == 2
    found = await bench.connection.fetch(
        "SELECT entity_type, native_id, kind FROM event WHERE cause = 'RENORMALISE' ORDER BY 1"
    )
    assert [tuple(row) for row in found] == [
        ("HarvestSource", "t", "CREATED"),
        ("Organization", "o", "CREATED"),
    ]
