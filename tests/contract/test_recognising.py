"""Scopes that bring what they brought: nothing of them is looked at, and nothing that differs is missed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import pytest
from contract.writing import Bench, document

from gateway.model.document import Document, Rejection, Rows
from gateway.model.enums import EntityType
from gateway.ports import End, Scope
from gateway.store.parts import Part, Tally

JOB, RECORD = EntityType.HARVEST_JOB, EntityType.HARVEST_RECORD
SCOPE = Scope("records", RECORD, "j", within=JOB, whole=True)
MARK = "SELECT mark FROM scope WHERE stream = 'records' AND key = 'j'"


@dataclass
class Run:
    """One run's records as a portal shows them, and how often they were looked at."""

    bench: Bench
    looks: int = 0
    names: list[str] = field(default_factory=lambda: ["r0", "r1", "r2"])
    title: str = "as it was"

    def _document(self, index: int, row: bytes) -> Document:
        self.looks += 1
        return document(RECORD, row.decode(), job="j", native_action=f"{self.title} {index}")

    def page(self, answer: bytes, names: list[str] | None = None) -> Part:
        """Return a page of it; *answer* stands for the fingerprint of the portal's."""
        rows = [name.encode() for name in (self.names if names is None else names)]
        return Part(SCOPE, Rows(rows, self._document), mark=answer)

    async def read(self, *parts: Part, end: End | None = None) -> Tally:
        """Read it whole in one unit."""
        seen = await self.bench.writer.begin(SCOPE)
        for part in parts:
            part.seen = seen
        self.looks = 0
        end = end or End(proved=True, covers=("j",))
        return await self.bench.writer.commit([*parts, Part(SCOPE, (), seen, end=end)])

    async def rows(self) -> list[str]:
        """Return the ids of its records that are there, in their order."""
        found: list[str] = await self.bench.value(
            "SELECT array_agg(native_id ORDER BY native_id) FROM harvest_record WHERE presence = 'PRESENT'"
        )
        return found


@pytest.fixture
async def run(pool: asyncpg.Pool) -> AsyncIterator[Run]:
    """A run that has been read whole, and a pass after that."""
    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=True)
        await bench.writer.commit([Part(Scope("jobs", JOB), [document(JOB, "j")])])
        found = Run(bench)
        assert (await found.read(found.page(b"A"))).new == 3
        await bench.next_pass()
        yield found


async def test_the_same_answers_are_not_looked_at(run: Run) -> None:
    version = await run.bench.value("SELECT version FROM data_version")
    tally = await run.read(run.page(b"A"))
    assert (tally, run.looks) == (Tally(fetched=3), 0)
    assert await run.bench.value("SELECT version FROM data_version") == version


async def test_an_answer_that_differs_is_looked_at_and_then_known(run: Run) -> None:
    run.title = "as it is"
    assert (await run.read(run.page(b"B"))).changed == 3
    assert (await run.read(run.page(b"B")), run.looks) == (Tally(fetched=3), 0)
    run.title = "as it was"
    assert (await run.read(run.page(b"A"))).changed == 3, "what it was before is no longer what is stored"


async def test_an_answer_that_differs_in_nothing_that_is_stored_is_not_noted(run: Run) -> None:
    mark = await run.bench.value(MARK)
    for answer in (b"B", b"C"):
        assert (await run.read(run.page(answer)), run.looks) == (Tally(fetched=3), 3)
    assert await run.bench.value(MARK) == mark


async def test_rows_that_were_changed_otherwise_are_looked_at(run: Run) -> None:
    await run.bench.connection.execute("UPDATE harvest_record SET presence = 'GONE' WHERE native_id = 'r1'")
    assert (await run.read(run.page(b"A"))).changed == 1
    assert await run.rows() == ["r0", "r1", "r2"]


async def test_rows_that_the_answers_do_not_hold_are_looked_for(run: Run) -> None:
    await run.bench.writer.commit([Part(SCOPE, [document(RECORD, "other", job="j")])])
    assert (await run.read(run.page(b"A"))).gone == 1
    assert await run.rows() == ["r0", "r1", "r2"]
    assert (await run.read(run.page(b"A")), run.looks) == (Tally(fetched=3), 0)


async def test_what_vanishes_is_known_to_have_vanished(run: Run) -> None:
    run.names = ["r0", "r1"]
    assert (await run.read(run.page(b"B"))).gone == 1
    assert (await run.read(run.page(b"B")), run.looks) == (Tally(fetched=2), 0)


async def test_the_order_of_answers_counts(run: Run) -> None:
    pages = run.page(b"1", ["r0", "r1"]), run.page(b"2", ["r2"])
    run.title = "in two pages"
    await run.read(*pages)
    run.title = "the other way round"
    assert (await run.read(run.page(b"2", ["r2"]), run.page(b"1", ["r0", "r1"]))).changed == 3


async def test_an_end_without_a_proof_is_no_reason_to_know(run: Run) -> None:
    await run.read(run.page(b"A"), end=End(proved=False, reason="a page failed"))
    assert run.looks == 3


async def test_a_scope_of_several_units_is_looked_at(run: Run) -> None:
    for _ in range(2):
        seen = await run.bench.writer.begin(SCOPE)
        run.looks = 0
        first, rest = run.page(b"A", ["r0", "r1"]), run.page(b"A", ["r2"])
        first.seen = rest.seen = seen
        await run.bench.writer.commit([first])
        end = Part(SCOPE, (), seen, end=End(proved=True, covers=("j",)))
        assert (await run.bench.writer.commit([rest, end])).gone == 0
        assert run.looks == 3


async def test_an_element_in_quarantine_goes_when_it_arrives_in_an_answer_that_is_known(run: Run) -> None:
    fetch = run.page(b"A").elements[0].fetch
    broken = Rejection(RECORD, "it is no object", b"[]", fetch, native_id="r1", parent="j")
    await run.bench.writer.commit([Part(Scope("elsewhere", RECORD), [broken])])
    waits = "SELECT count(*) FROM quarantine WHERE released_at IS NULL"
    assert await run.bench.value(waits) == 1
    await run.read(run.page(b"A"))
    assert await run.bench.value(waits) == 0


async def test_while_a_deletion_waits_everything_is_looked_at(run: Run) -> None:
    run.names = [f"r{number}" for number in range(9)]
    await run.read(run.page(b"B"))
    await run.bench.next_pass()
    run.names = run.names[:3]
    assert (await run.read(run.page(b"C"))).gone == 0, "six of nine wait for somebody's word"
    run.names = [f"r{number}" for number in range(9)]
    await run.read(run.page(b"B"))
    assert run.looks == 9
    assert not await run.bench.value("SELECT count(*) FROM held_deletion WHERE decided_at IS NULL")


async def test_a_document_that_cannot_be_read_keeps_its_run_from_being_known(run: Run) -> None:
    broken = document(RECORD, "r1", job="j", position=2**40)  # larger than the column that it is for

    def read(index: int, row: bytes) -> Document:
        del index
        return broken if row == b"r1" else document(RECORD, row.decode(), job="j", native_action="new")

    for count in (1, 2):
        rows = Rows([b"r0", b"r1", b"r2"], read)
        run.bench.later(minutes=1)
        await run.bench.next_pass()
        assert (await run.read(Part(SCOPE, rows, mark=b"B"))).quarantined == 1
        told = "SELECT max(sightings) FROM quarantine WHERE released_at IS NULL"
        assert await run.bench.value(told) == count


async def test_a_run_without_a_mark_gets_one_when_something_is_written_anyway(run: Run) -> None:
    await run.bench.connection.execute("UPDATE scope SET mark = NULL")
    version = await run.bench.value("SELECT version FROM data_version")
    assert (await run.read(run.page(b"A")), run.looks) == (Tally(fetched=3), 3)
    assert await run.bench.value(MARK) is None
    assert await run.bench.value("SELECT version FROM data_version") == version
    await run.bench.writer.commit([Part(Scope("jobs", JOB), [document(JOB, "k")])])
    seen, other = await run.bench.writer.begin(SCOPE), Scope("records", RECORD, "k", within=JOB)
    page, end = run.page(b"A"), Part(SCOPE, (), seen, end=End(proved=True, covers=("j",)))
    page.seen = seen
    await run.bench.writer.commit([page, end, Part(other, [document(RECORD, "new", job="k")])])
    assert (await run.read(run.page(b"A")), run.looks) == (Tally(fetched=3), 0)
