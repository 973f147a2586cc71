"""How a search is made: one statement, by its indexes, with the function of the code, and no text breaks it."""

from __future__ import annotations

import json

import asyncpg
import pytest
from api.searched import FIND
from api.sending import noting
from api.world import World

from gateway.postgres import connect
from gateway.store import tables
from gateway.store.searching import function
from harvest_graphql.engine import Engine

HOSTILE = [
    "rivers' OR 1=1; DROP TABLE dataset; --",
    "a & | ! ( ) <-> :* b",
    "\\ \\\\ %s $1 {} %_ rivers",
    '"quoted" <b>tag</b> &amp; http://[::1]:x/',
    "the and of",
    "le la les",
    "12345678901234567890.5e999999 -7 +7",
    "x" * 1000,
    "ab " * 300,
    "'" * 998 + "ab",
    "العربية 日本語 Ελληνικά",
    "👩‍👩‍👧 aa\u200b\u202e\ufffe\U0010ffff",
    "ﬁ ﬃ İstanbul ǅ ß ŒUVRE",
    "\x01\x02 ab \x7f",
    "ZZ-no-such-thing-ZZ",
]


@pytest.fixture(scope="module")
def seeded_url(searched_url: str) -> str:
    """The fixtures that ask an engine ask that of this database."""
    return searched_url


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_text_breaks_it(engine: Engine, text: str) -> None:
    answer = json.loads(await engine.execute(FIND, {"text": text}))
    assert "errors" not in answer, answer["errors"]
    in_document = f"{{ search(text: {json.dumps(text)}) {{ totalCount }} }}"
    again = json.loads(await engine.execute(in_document))
    assert again["data"]["search"]["totalCount"] == answer["data"]["search"]["totalCount"]


async def test_stored_texts_of_any_kind_can_be_indexed(own_world: World) -> None:
    """What is too long is found by its beginning; nothing stops a sync."""
    for number, text in enumerate(
        [*HOSTILE, "y" * 100_000, "word " * 50_000, " ".join(f"w{n}é" for n in range(300_000))]
    ):
        await own_world.add(
            tables.Dataset, native_id=f"d{number}", record_type="DATASET", state="LIVE", title=text, description=text,
            keywords=[text, ""], publisher=text, remote_id=text[:500],
        )  # fmt: skip
        await own_world.add(tables.HarvestError, native_id=f"x{number}", severity="ERROR", message=text)


async def test_a_search_is_one_statement_and_one_plan(seeded_url: str) -> None:
    sent: list[str] = []

    async with asyncpg.create_pool(seeded_url, min_size=1, max_size=2, connection_class=noting(sent)) as pool:
        engine = Engine(pool, status_seconds=60)
        await engine.status()
        sent.clear()
        asked = [
            ("rivers", ["DATASET"]),
            ("zebra", ["DATASET"]),
            ("x'y", ["DATASET"]),
            ("zebra", ["ORGANIZATION"]),
        ]
        answers = [
            json.loads(await engine.execute(FIND, {"text": text, "types": types})) for text, types in asked
        ]
        await engine.close()
    assert [each for each in answers if "errors" in each] == []
    found = [each for each in sent if "search_found" in each]
    assert len(found) == 4
    assert len(set(found)) == engine.plans == 2, "one for each choice of types"
    assert "organization" not in found[0]
    assert "rivers" not in found[0]


async def test_the_database_has_the_function_of_the_code(seeded_url: str) -> None:
    connection = await connect(seeded_url)
    try:
        body = await connection.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'search_found'")
    finally:
        await connection.close()
    assert str(body).strip() == function().partition("$$")[2].rpartition("$$")[0].strip()


async def test_the_indexes_are_used(seeded_url: str) -> None:
    connection = await connect(seeded_url)
    try:
        await connection.execute("SET enable_seqscan = off")
        before = await _scans(connection)
        await connection.fetch("SELECT * FROM search_found('no such word', '{0,1,2,3}', NULL, 20)")
        after = await _scans(connection)
    finally:
        await connection.close()
    used = {name for name, count in after.items() if count > before[name]}
    for table in ("harvest_source", "organization", "dataset", "harvest_error"):
        assert f"ix_{table}_words" in used
        assert table == "harvest_error" or f"ix_{table}_alike" in used


async def _scans(connection: asyncpg.Connection) -> dict[str, int]:
    """Return how often each index has been read."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    rows = await connection.fetch("SELECT indexrelname, idx_scan FROM pg_stat_user_indexes")
    return {row["indexrelname"]: row["idx_scan"] for row in rows}
