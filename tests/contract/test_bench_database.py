"""The database of the bench of queries can be made with today's tables, and holds what its workloads ask for."""

from __future__ import annotations

import pytest
from bench.queries import building, workloads
from graphql import parse, validate

from gateway.postgres import connect
from harvest_graphql.schema import core, schema

RECORDS = 10_000


@pytest.mark.parametrize("name", workloads.NAMES)
def test_each_document_of_the_bench_is_one_of_the_schema(name: str) -> None:
    assert validate(core(schema), parse(workloads.document(name))) == []


async def test_the_invented_database_fits_the_tables_and_answers_each_workload(database_url: str) -> None:
    await building.build(database_url, RECORDS)
    connection = await connect(database_url)
    try:
        live = await connection.fetchval(
            "SELECT count(*) FROM harvest_record WHERE presence IN ('PRESENT', 'EXPIRED')"
        )
        rolled = await connection.fetchval("SELECT sum(records) FROM job_rollup")
        nowhere = await connection.fetchval(
            "SELECT count(*) FROM harvest_record r LEFT JOIN harvest_job j ON j.id = r.job_id WHERE j.id IS NULL"
        )
        even = await workloads.chosen(connection, even=True)
        assert await connection.fetchval("SELECT count(*) FROM harvest_record") == RECORDS
    finally:
        await connection.close()
    assert (live, nowhere) == (rolled, 0)
    assert all(even.values())
