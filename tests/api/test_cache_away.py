"""What is said while the database is away, and that freshness is read once for all who ask meanwhile."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from api.engines import engine_on

from harvest_graphql.current import Current
from harvest_graphql.held import Unreachable


class Gone:
    """A pool whose Postgres does not answer."""

    def get_max_size(self) -> int:
        return 2

    async def acquire(self) -> Any:
        raise ConnectionRefusedError


@pytest.mark.parametrize(
    "document",
    [
        '{ harvestSources(filter: {portal: ["new"]}) { totalCount } }',
        "{ harvestSources { totalCount } }",
        "{ portals { key } }",
    ],
)
async def test_whatever_needs_the_database_says_that_it_is_away(document: str) -> None:
    async with engine_on(Gone()) as engine:
        answer = await engine.answer(document)
        told = json.loads(answer.body)
        assert [error["extensions"]["code"] for error in told["errors"]] == ["UNAVAILABLE"]
        assert told["data"] is None
        assert told["extensions"]["cost"]["limit"] == 20_000
        assert (answer.code, answer.refused) == ("UNAVAILABLE", False)


class Read:
    """Reads the portals' state when it is let, or finds nobody; counts how often."""

    def __init__(self) -> None:
        self.times = 0
        self.go = asyncio.Event()
        self.away = False

    async def row(self, _: str, __: object) -> list[str]:
        self.times += 1
        if self.away:
            raise Unreachable
        await self.go.wait()
        portal = {"number": 1, "key": f"k{self.times}", "title": "T", "sandbox": False, "notice": None}
        times = {"loading": False, "polledAt": None, "reconciledAt": None, "complete": True}
        past = {"knownSince": None, "prunedUntil": None}
        return [json.dumps([{**portal, **times, **past}])]


async def test_one_reads_the_state_for_all() -> None:
    read = Read()
    current = Current(read, 0)  # type: ignore[arg-type]
    waiting = [asyncio.create_task(current.soon()) for _ in range(10)]
    await asyncio.sleep(0)
    read.go.set()
    assert {(await each).portals for each in waiting} == {("k1",)}
    assert read.times == 1
    assert (await current.soon()).portals == ("k2",)


async def test_what_is_fresh_is_not_read_again() -> None:
    read = Read()
    read.go.set()
    current = Current(read, 3600)  # type: ignore[arg-type]
    await current.read()
    assert current.is_fresh
    assert (await current.soon()).portals == ("k1",)
    assert read.times == 1


async def test_where_the_state_cannot_be_read_the_last_one_is_told() -> None:
    read = Read()
    read.go.set()
    current = Current(read, 0)  # type: ignore[arg-type]
    await current.read()
    read.away = True
    assert (await current.soon()).portals == ("k1",)
    assert (await current.soon()).portals == ("k1",)
    assert read.times == 3
    read.go.clear()
    read.away = False
    waiting = asyncio.create_task(current.soon())
    await asyncio.sleep(0)
    await current.close()
    assert (await waiting).portals == ("k1",)
