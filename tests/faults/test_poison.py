"""What a poisonous element or page once cost: each is served over HTTP and read by a real pass among good ones."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import asyncpg
import gov_elements as gov
import pytest
import udata_elements as udata
from faults import poison_campaign
from faults.poisoning import documented as documented_front
from faults.poisoning import gouv as gouv_front
from faults.poisoning import gov as gov_front
from faults.poisoning.cooking import Cook
from faults.poisoning.documented import DocumentedFront
from faults.poisoning.fronts import RUN, Element, Front, Templates, encoded, served
from faults.poisoning.gouv import GouvFront
from faults.poisoning.gov import GovFront
from faults.poisoning.mutations import Poisoner
from faults.poisoning.rounds import START, Item, Outcome, Reader
from faults.poisoning.suites import Suites

from gateway import postgres
from gateway.model.document import Document
from gateway.model.enums import EntityType
from gateway.testing import garbage

LONG = "".join(Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000))
ORGANIZATION = {"id": "organization-1", "name": "City", "slug": "city", "aliases": None}
ERROR = {"id": "error-1", "harvest_job_id": "job-1", "message": "m", "severity": "error", "type": "t"}


def templates(elements: dict[EntityType, Element]) -> Templates:
    documents: list[Document] = [
        garbage.document(type_, json.dumps(element).encode()) for type_, element in elements.items()
    ]
    return Templates(documents, Random(1))


def fronts() -> dict[str, Front]:
    """Return a portal of each kind."""
    beside = templates(
        {
            EntityType.HARVEST_BACKEND: {"id": "ckan", "label": "CKAN"},
            EntityType.HARVEST_SOURCE: udata.SOURCE,
            EntityType.HARVEST_JOB: udata.JOB,
            EntityType.HARVEST_RECORD: udata.ITEM,
        }
    )
    american = templates(
        {
            EntityType.ORGANIZATION: ORGANIZATION,
            EntityType.HARVEST_SOURCE: gov.SOURCE,
            EntityType.HARVEST_JOB: gov.JOB,
            EntityType.HARVEST_RECORD: gov.RECORD,
            EntityType.HARVEST_ERROR: ERROR,
        }
    )
    return {
        "v17": GouvFront(beside, "v17"),
        "v16": GouvFront(beside, "v16"),
        "v9": GouvFront(beside, "v9"),
        "real": GovFront(american),
        "documented": DocumentedFront(american),
    }


class Readers:
    """A reader of each portal, over one database."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def read(self, name: str, *items: Item) -> tuple[int, int]:
        """Return how many items were stored and how many went to quarantine; none may be lost or break the pass."""
        return await self.read_in_turn(name, items)

    async def read_in_turn(self, name: str, *rounds: Sequence[Item]) -> tuple[int, int]:
        """Return the same of the items of several passes."""
        front, outcome = fronts()[name], Outcome()
        async with served(front) as address:
            reader = Reader(self._connection, front, address)
            await reader.open()
            for items in rounds:
                outcome.add(await reader.round(items))
        assert outcome.crashes == []
        assert outcome.lost == []
        return outcome.stored, outcome.quarantined


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await postgres.connect(database_url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def readers(database: asyncpg.Connection) -> Readers:
    return Readers(database)


def item(listed: str, element: Any, **changes: Any) -> Item:
    return Item(listed, json.dumps({**element, **changes}).encode())


def record(number: int, **changes: Any) -> Item:
    own = {"id": f"good-{number}", "identifier": f"good-{number}", "harvest_job_id": RUN}
    return item(gov_front.RECORDS, {**gov.RECORD, **own}, **changes)


async def test_an_id_that_no_index_takes_costs_one_record_alone(readers: Readers) -> None:
    long = item(gouv_front.ITEMS, udata.ITEM, dataset={**udata.DATASET, "id": LONG}, remote_id="long")
    good = [item(gouv_front.ITEMS, udata.ITEM, remote_id=f"r{n}") for n in range(3)]
    assert await readers.read("v17", good[0], long, *good[1:]) == (3, 1)


async def test_datasets_are_told_apart_by_ids_that_look_like_a_nul(
    readers: Readers, database: asyncpg.Connection
) -> None:
    """An id is the text that it is: `\\u0000` with a backslash of its own is no NUL, which becomes U+FFFD."""
    ids = ("\\u0000", "\\ufffd", "\0", "\ufffd", "\\\0")
    rounds = [
        [
            item(gouv_front.ITEMS, udata.ITEM, dataset={**udata.DATASET, "id": id_}, remote_id=f"{turn}-{n}")
            for n, id_ in enumerate(ids * 2)
        ]
        for turn in range(2)  # the second time the datasets are there
    ]
    assert await readers.read_in_turn("v17", *rounds) == (20, 0)
    stored = await database.fetch("SELECT native_id FROM dataset WHERE native_id ~ '[^0-9a-f]'")
    assert {row["native_id"] for row in stored} == {"\\u0000", "\\ufffd", "\ufffd", "\\\ufffd"}


@pytest.mark.parametrize("field", ["id", "harvest_source_id", "identifier"])
async def test_any_text_that_an_index_holds_may_be_too_long(readers: Readers, field: str) -> None:
    assert await readers.read("real", record(1), record(2, **{field: LONG}), record(3)) == (2, 1)


async def test_an_id_with_a_nul_in_it_costs_one_row_alone(readers: Readers) -> None:
    assert await readers.read("real", record(1), record(2, id="a\0b"), record(3)) == (2, 1)


async def test_a_record_whose_id_holds_a_nul_is_put_aside(readers: Readers) -> None:
    ids = [f"00000000-0000-4000-8000-{900:012x}", "00000000-0000-4000-8000-00\0000000000c8b"]
    shown = [replace(record(n, id=id_), listed=documented_front.RECORDS) for n, id_ in enumerate(ids)]
    assert await readers.read("documented", *shown) == (1, 1)


class OfAnotherRun(Poisoner):
    """Poisons nothing but the id of the run, in a row that is no JSON."""

    def poison(self, element: Element) -> bytes:
        return encoded(element).replace(RUN.encode(), f"{RUN}f".encode())[:-1] + b', "\xff": 1}'


def test_no_poison_makes_a_row_one_of_another_run() -> None:
    front, dice = fronts()["real"], Random(1)
    front.lists = {gov_front.RECORDS: 3}
    items = Cook(front, OfAnotherRun(dice, Suites([], [], "")), dice).many(9)
    assert [item.good for item in items] == [True, True, True]


async def test_a_world_that_shows_too_little_ends_no_campaign() -> None:
    """The documented world of seed 5 has no record among its first runs."""
    for front in await poison_campaign.fronts(5, Random(5)):
        front.begin(START)
        assert all(front.element(listed) for listed in front.lists)


@pytest.mark.parametrize("many", [1, 5])
async def test_a_source_whose_id_is_too_long_to_ask_for_costs_its_neighbours_nothing(
    readers: Readers, many: int
) -> None:
    source = fronts()["documented"].element(documented_front.SOURCES)
    long = [item(documented_front.SOURCES, source, id=f"{n}{LONG}", name=f"long {n}") for n in range(many)]
    good = [
        item(documented_front.ERRORS, {**ERROR, "id": f"error-{n}", "harvest_job_id": RUN}) for n in range(3)
    ]
    shown = [replace(record(1, id=f"00000000-0000-4000-8000-{900:012x}"), listed=documented_front.RECORDS)]
    assert await readers.read("documented", *long, *good, *shown) == (4, many)


@pytest.mark.parametrize("wire", ["v17", "v16", "v9"])
async def test_a_source_that_ran_and_whose_id_is_too_long_costs_its_neighbours_nothing(
    readers: Readers, wire: str
) -> None:
    source = fronts()[wire].element(gouv_front.SOURCES)
    long = [item(gouv_front.SOURCES, source, id=f"{n}{LONG}", last_job=udata.JOB) for n in range(4)]
    good = [item(gouv_front.ITEMS, udata.ITEM, remote_id=f"r{n}") for n in range(3)]
    assert await readers.read(wire, *long, *good) == (3, 4)


@pytest.mark.parametrize("wire", ["real", "documented", "v17"])
async def test_a_row_with_the_id_of_another_is_put_aside(readers: Readers, wire: str) -> None:
    listed = gouv_front.SOURCES if wire == "v17" else gov_front.SOURCES
    element = fronts()[wire].element(listed)
    rows = [item(listed, element, id=f"{900 + n % 3:024x}", name=f"row {n}") for n in range(4)]
    assert await readers.read(wire, *rows) == (3, 1)


async def test_a_row_that_names_no_run_is_kept(readers: Readers) -> None:
    assert await readers.read("real", record(1), record(2, harvest_job_id={"id": 1})) == (2, 0)


@pytest.mark.parametrize("body", [b'{"not": "a list"}', b"[1,", b"<html>"])
@pytest.mark.parametrize("listed", [gov_front.ORGANIZATIONS, gov_front.SOURCES, gov_front.RECORDS])
async def test_a_page_that_is_no_list_is_put_aside_whole(readers: Readers, listed: str, body: bytes) -> None:
    assert await readers.read("real", Item(listed, body, page=True)) == (0, 1)


async def test_a_page_of_another_type_is_put_aside_whole(readers: Readers) -> None:
    page = Item(gov_front.JOBS, b"[]", page=True, content_type="text/html")
    assert await readers.read("real", page) == (0, 1)


@pytest.mark.parametrize(
    "body", [b'{"id": "x", "items": [{"status": "done"}, {"st', b'{"no": "items"}', b"[]"]
)
async def test_a_run_that_breaks_off_is_put_aside(readers: Readers, body: bytes) -> None:
    assert await readers.read("v16", Item(gouv_front.ITEMS, body, page=True)) == (0, 1)


@pytest.mark.parametrize("inside", [b"[" * 600 + b"]" * 600, b'"\\ud800"', b'"\xff"', b"1e999", b"9" * 5000])
async def test_what_a_page_can_be_split_at_costs_one_row_alone(readers: Readers, inside: bytes) -> None:
    head = b'{"id": "bad", "harvest_job_id": "%s", "source_hash": ' % RUN.encode()
    bad = Item(gov_front.RECORDS, head + inside + b"}")
    assert await readers.read("real", record(1), bad, record(3)) == (2, 1)


async def test_a_run_of_another_generation_costs_its_neighbours_nothing(readers: Readers) -> None:
    old = {"created": "2024-01-01T00:00:00+00:00"}
    runs = [item(gouv_front.JOBS, udata.JOB, id=f"{n:024x}", **old) for n in range(900, 903)]
    odd = item(gouv_front.JOBS, udata.JOB, id=f"{903:024x}", items=[], **old)
    records = [item(gouv_front.ITEMS, udata.ITEM, remote_id=f"r{n}") for n in range(3)]
    assert await readers.read("v17", runs[0], odd, *runs[1:], *records) == (7, 0)


@pytest.mark.parametrize("word", ["a\0b", "w" * 90_000])
async def test_a_run_is_kept_whatever_word_its_items_have_for_their_status(
    readers: Readers, word: str
) -> None:
    old = {"created": "2024-01-01T00:00:00+00:00"}
    items = [{"status": "done"}, {"status": word}]
    good = [item(gouv_front.JOBS, udata.JOB, id=f"{n:024x}", items=items[:1], **old) for n in range(900, 903)]
    odd = item(gouv_front.JOBS, udata.JOB, id=f"{903:024x}", items=items, **old)
    assert await readers.read("v9", good[0], odd, *good[1:]) == (4, 0)


@pytest.mark.parametrize("body", [b'{"id": "good-1", ', b"[]", b"<html>", b"7"])
async def test_an_answer_that_is_no_record_is_put_aside(readers: Readers, body: bytes) -> None:
    good = [record(n, id=f"00000000-0000-4000-8000-{n:012x}") for n in range(900, 903)]
    shown = [replace(one, listed=documented_front.RECORDS) for one in good]
    bad = Item(documented_front.RECORDS, body)
    assert await readers.read("documented", shown[0], bad, *shown[1:]) == (3, 1)


async def test_a_page_for_people_instead_of_a_record_is_put_aside(readers: Readers) -> None:
    page = Item(documented_front.RECORDS, b"<html>", page=True, content_type="text/html")
    assert await readers.read("documented", page) == (0, 1)


@pytest.mark.parametrize(
    ("wire", "listed"),
    [
        ("v17", gouv_front.SOURCES),
        ("v17", gouv_front.JOBS),
        ("v17", gouv_front.ITEMS),
        ("v9", gouv_front.JOBS),
        ("real", gov_front.SOURCES),
        ("real", gov_front.ORGANIZATIONS),
        ("documented", documented_front.ERRORS),
    ],
)
async def test_rows_that_are_no_json_cost_their_neighbours_nothing(
    readers: Readers, wire: str, listed: str
) -> None:
    element = fronts()[wire].element(listed)
    named = "remote_id" if listed == gouv_front.ITEMS else "id"
    rows = [item(listed, element, **{named: f"{n:024x}"}) for n in range(900, 908)]
    inside = (b'"\\ud800"', b'"\xff"', b"01", b"[1:2]", b"[" * 600 + b"]" * 600)
    bad = [
        Item(listed, row.body[:-1] + b', "further": ' + one + b"}")
        for row, one in zip(rows[3:], inside, strict=True)
    ]
    assert await readers.read(wire, rows[0], *bad, *rows[1:3]) == (3, 5)
