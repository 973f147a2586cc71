"""While a first load goes on new words wait in long lists; at its end none wait, and the next words are not kept so."""

from __future__ import annotations

import asyncpg
from contract.writing import Bench, document

from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.store.parts import Part

JOB, RECORD, DATASET = EntityType.HARVEST_JOB, EntityType.HARVEST_RECORD, EntityType.DATASET


async def load(bench: Bench, name: str) -> None:
    """Commit a record of a first load, and the dataset *name* that it publishes."""
    told = {"type": DATASET, "native_id": name, "title": f"The rivers of {name}", "remote_id": name}
    record = document(
        RECORD, f"of {name}", told, job="j", dataset=name, wire_status="SUCCEEDED", action="CREATE"
    )
    await bench.writer.commit([Part(Scope("records", RECORD), [record], loaded=1)])


async def limit(bench: Bench) -> str:
    """Return how long the lists may be that this connection adds to."""
    shown: str = await bench.connection.fetchval("SHOW gin_pending_list_limit")
    return shown


async def waiting(bench: Bench) -> int:
    """Return how many pages of words of datasets wait to be put in order, and put them."""
    pages: int = await bench.connection.fetchval(
        "SELECT gin_clean_pending_list('ix_dataset_words') + gin_clean_pending_list('ix_dataset_alike')"
    )
    return pages


async def test_words_of_a_first_load_are_in_order_at_its_end(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=True)
        usual = await limit(bench)
        await load(bench, "Bretagne")
        assert await limit(bench) == "16MB"
        await load(bench, "Corse")

        await bench.writer.end_load()

        assert await waiting(bench) == 0
        assert await limit(bench) == usual != "16MB"


async def test_a_stream_after_it_is_loaded_in_the_same_way(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=True)
        for name in ("Bretagne", "Corse"):
            await load(bench, name)
            assert await limit(bench) == "16MB"
            await bench.writer.end_load()


async def test_without_a_first_load_there_is_nothing_to_end(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=True)
        usual = await limit(bench)
        await bench.writer.end_load()
        assert await limit(bench) == usual
