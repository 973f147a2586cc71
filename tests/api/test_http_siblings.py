"""Several processes on one port: one of them is scraped, and the numbers of all are told."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as Client
from prometheus_client.parser import text_string_to_metric_families

from harvest_graphql.engine import Engine
from harvest_graphql.serving.metrics import Metrics
from harvest_graphql.serving.siblings import Siblings
from harvest_graphql.view import routes

QUERY = "{ portals { key } }"


@pytest.fixture
def folder() -> Any:
    """A folder with a path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="gateway-") as path:
        yield Path(path)


@pytest.fixture
async def processes(
    aiohttp_client: Any, own_engine: Engine, pool: asyncpg.Pool, folder: Path
) -> AsyncIterator[list[Client]]:
    """Three endpoints that count for themselves and meet in a folder."""
    async with AsyncExitStack() as stack:
        clients = []
        for place in (1, 2, 3):
            siblings = Siblings(folder, place)
            metrics = Metrics(own_engine, pool, siblings)
            await stack.enter_async_context(siblings.telling(metrics.collect))
            app = web.Application()
            app.add_routes([*routes(own_engine, observe=metrics.observe), *metrics.routes()])
            clients.append(await aiohttp_client(app))
        yield clients


async def samples(client: Client, **headers: str) -> dict[tuple[str, ...], float]:
    answer = await client.get("/metrics", headers=headers)
    assert answer.status == 200
    found = [
        ((sample.name.removeprefix("harvest_gateway_"), *sorted(sample.labels.values())), sample.value)
        for family in text_string_to_metric_families(await answer.text())
        for sample in family.samples
    ]
    assert len({key for key, _ in found}) == len(found), "no series twice"
    return dict(found)


async def test_whichever_is_scraped_tells_the_numbers_of_all(processes: list[Client]) -> None:
    for client, times in zip(processes, (1, 2, 3), strict=True):
        for _ in range(times):
            await client.post("/graphql", json={"query": QUERY})
    for client in processes:
        told = await samples(client)
        assert [told["requests_total", place, "OK"] for place in "123"] == [1, 2, 3]
        assert told["processes",] == 3
        assert told["request_duration_seconds_bucket", "+Inf", "3", "OK"] == 3
        assert told["database_up", "2"] == 1
        assert told["process_start_time_seconds", "2"] > 1.7e9


async def test_what_holds_for_all_is_told_once(processes: list[Client]) -> None:
    told = await samples(processes[1])
    assert told["portal_loading", "data-gov"] in {0, 1}
    assert not [key for key in told if key[0].startswith("portal_") and len(key) > 2]


async def test_one_that_is_gone_is_left_out(processes: list[Client], folder: Path) -> None:
    (folder / "2.sock").unlink()
    (folder / "2.sock").touch()
    told = await samples(processes[0])
    assert told["processes",] == 2
    assert {key[1] for key in told if key[0] == "database_up"} == {"1", "3"}


async def test_one_that_does_not_answer_is_left_out(processes: list[Client], folder: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until whoever asked has given up
        writer.close()

    (folder / "3.sock").unlink()
    async with await asyncio.start_unix_server(silent, folder / "3.sock"):
        assert (await samples(processes[0]))["processes",] == 2


async def test_one_that_tells_nonsense_is_left_out(processes: list[Client], folder: Path) -> None:
    async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xc1")
        writer.close()

    (folder / "3.sock").unlink()
    async with await asyncio.start_unix_server(nonsense, folder / "3.sock"):
        assert (await samples(processes[0]))["processes",] == 2


async def test_a_restarted_one_takes_the_place_of_one_that_was_killed(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(folder / "1.sock"))
    async with Siblings(folder, 1).telling(list):
        assert await Siblings(folder, 2)._told(1) == (1, [])
    assert await Siblings(folder, 2)._told(1) == (1, None)
    assert os.listdir(folder) == []  # noqa: PTH208


async def test_the_newer_format_is_spoken_too(processes: list[Client]) -> None:
    answer = await processes[0].get(
        "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )
    text = await answer.text()
    assert text.endswith("# EOF\n")
    assert "harvest_gateway_processes 3.0" in text
