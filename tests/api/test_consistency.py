"""What wants to be newer than what is stored: read anew once for all, or told why not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from acceptance.syncing import CONTENT
from aiohttp import ClientSession, web
from api.live import CLOCK, JOB, PORTAL, SOURCE, SYNC, Place, ask, fails
from listening import listening
from udata_portal import job

from gateway.postgres import connect
from gateway.sync.progress import Silent

NOBODY: frozenset[str] = frozenset()
SOURCE_PATH, JOBS_PATH = "/harvest/source/s/", "/harvest/source/s/jobs/?page=1&page_size=50"


async def test_live_is_read_written_and_told(there: Place) -> None:
    gateway = await there.loaded()
    there.udata.start("s", job("k", hours=0.5, status="failed"))
    there.later(minutes=5)
    found, told = await ask(gateway, name="s")
    assert found["lastJob"] == {"nativeId": "k", "status": "FAILED"}
    assert told == {
        "path": ["harvestSource"],
        "wanted": "LIVE",
        "served": "LIVE",
        "asOf": "2026-11-21T12:05:00Z",
    }
    assert there.asked == [SOURCE_PATH, JOBS_PATH]
    found, told = await ask(gateway, name="s", how="CACHED", scopes=NOBODY)
    assert (found["lastJob"]["nativeId"], told) == ("k", None)
    async with gateway.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT kind, cause, run_id FROM event WHERE entity_type = 'HarvestJob' AND native_id = 'k'"
        )
        assert [tuple(row) for row in rows] == [("CREATED", "UPSTREAM", None)]
    (summary,) = await gateway.sync(None, full=False, progress=Silent(), clock=lambda: there.now)
    assert summary.streams["records"].new == 2  # the next poll reads the records of a run that was found so


async def test_a_run_is_read_by_itself(there: Place) -> None:
    gateway = await there.loaded()
    there.udata.jobs["s"][0].update(status="done", ended=there.now.isoformat())
    found, told = await ask(gateway, JOB, name="i")
    assert (found["status"], found["counts"]["total"], told["served"]) == ("SUCCEEDED", 2, "LIVE")
    assert there.asked == ["/harvest/job/i/"]


async def test_what_many_want_at_once_is_read_once(there: Place) -> None:
    gateway = await there.loaded()
    names: list[dict[str, Any]] = [{"name": "s"}] * 40 + [{"slug": "s"}] * 10
    answers = await asyncio.gather(*(ask(gateway, **name) for name in names))
    assert {told["served"] for _, told in answers} == {"LIVE"}
    assert there.asked == [SOURCE_PATH, JOBS_PATH]
    assert gateway.refresher.outcomes["LIVE"] == 2, "by its id and by its slug, the second without a request"


async def test_processes_that_want_the_same_ask_once(there: Place) -> None:
    gateways = [await there.loaded(), await there.gateway(), await there.gateway()]
    answers = await asyncio.gather(*(ask(gateway, name="s") for gateway in gateways))
    assert {told["served"] for _, told in answers} == {"LIVE"}
    assert there.asked == [SOURCE_PATH, JOBS_PATH]


async def test_what_waits_for_its_turn_holds_no_connection(there: Place) -> None:
    gateway = await there.loaded()
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        begun.set()
        await go.wait()
        return await there.udata.answer(request)

    names = [f"n{number}" for number in range(12)]
    there.portal.answers.update({f"/harvest/source/{name}/": slow for name in names})
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    async with gateway.pool.acquire() as connection:
        before = await connection.fetchval(count)
        asking = [asyncio.create_task(ask(gateway, name=name)) for name in names]
        await begun.wait()
        assert await connection.fetchval(count) - before <= 2, "one that writes, one that counts requests"
        go.set()
        for _, told in await asyncio.gather(*asking):
            fails("UNKNOWN_THERE", told)


async def test_an_age_that_will_do_asks_nobody(there: Place) -> None:
    gateway = await there.loaded()
    there.later(minutes=1)
    _, told = await ask(gateway, name="s", how="MAX_AGE", age=60, scopes=NOBODY)
    assert told == {
        "path": ["harvestSource"],
        "wanted": "MAX_AGE",
        "served": "CACHED",
        "asOf": "2026-11-21T12:00:00Z",
    }
    assert there.asked == []
    wishes: list[dict[str, Any]] = [{"name": "s"}, {"slug": "s"}]
    for name in wishes:
        _, told = await ask(gateway, how="MAX_AGE", age=59.5, **name)
        assert told["asOf"] == "2026-11-21T12:01:00Z"
        assert there.asked == [SOURCE_PATH, JOBS_PATH]
        assert told["served"] == ("LIVE" if "name" in name else "CACHED")


async def test_what_is_unchanged_writes_nothing(there: Place) -> None:
    gateway = await there.loaded()
    await ask(gateway, name="s")

    async def written() -> dict[str, int]:
        connection = await connect(there.database_url)
        try:
            await connection.execute("SELECT pg_stat_force_next_flush()")
            rows = await connection.fetch(
                "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del AS n FROM pg_stat_user_tables"
            )
            return {row["relname"]: row["n"] for row in rows if row["relname"] in CONTENT}
        finally:
            await connection.close()

    before = await written()
    for text, name in ((SOURCE, "s"), (SOURCE, "t"), (JOB, "i"), (JOB, "j")):
        _, told = await ask(gateway, text, name=name)
        assert told["served"] == "LIVE"
    assert await written() == before


async def test_who_goes_away_takes_nothing_from_the_others(there: Place) -> None:
    gateway = await there.loaded()
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        begun.set()
        await go.wait()
        return await there.udata.answer(request)

    there.portal.answers[SOURCE_PATH] = slow
    first, second = (asyncio.create_task(ask(gateway, name="s")) for _ in range(2))
    await begun.wait()
    first.cancel()
    go.set()
    _, told = await second
    assert told["served"] == "LIVE"
    assert there.asked == [SOURCE_PATH, JOBS_PATH]


async def test_an_endpoint_that_trusts_its_own_documents_can_be_asked_by_name(there: Place) -> None:
    gateway = await there.loaded(documents="trusted", refresh_callers="anyone")
    async with listening(gateway) as address, ClientSession(address) as session:
        body = {"documentId": "source-live", "variables": {"portal": PORTAL, "nativeId": "s"}}
        async with session.post("/graphql", json=body) as answer:
            told = await answer.json()
    assert told["data"]["harvestSource"]["lastJob"]["nativeId"] == "i"
    assert told["extensions"]["consistency"][0]["served"] == "LIVE"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("consistency: MAX_AGE", "maxAgeSeconds"),
        ("maxAgeSeconds: 3", "MAX_AGE"),
        ("consistency: LIVE, maxAgeSeconds: 3", "MAX_AGE"),
        ("consistency: MAX_AGE, maxAgeSeconds: -1", "0 or more"),
        ('consistency: LIVE, asOf: "2026-11-21T12:00:00Z"', "leave one out"),
    ],
)
async def test_arguments_that_do_not_fit(there: Place, arguments: str, words: str) -> None:
    gateway = await there.gateway()
    text = f'{{ harvestSource(portal: "{PORTAL}", nativeId: "s", {arguments}) {{ name }} }}'
    answer = json.loads(await gateway.engine.execute(text, scopes=SYNC))
    assert "data" not in answer
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert words in error["message"]
    assert there.asked == []


async def test_served_beside_answers_that_are_kept(there: Place) -> None:
    """What was kept before is dropped, what is live is never kept, and the numbers tell of it."""
    gateway = await there.loaded(refresh_callers="anyone")
    async with listening(gateway) as address, ClientSession(address) as session:

        async def lastly(how: str) -> Any:
            body = {"query": SOURCE, "variables": {"name": "s", "how": how}}
            async with session.post("/graphql", json=body) as answer:
                return (await answer.json())["data"]["harvestSource"]["lastJob"]["nativeId"]

        assert [await lastly("CACHED"), await lastly("CACHED")] == ["i", "i"]
        there.udata.start("s", job("k", hours=0.5))
        assert await lastly("CACHED") == "i"
        assert await lastly("LIVE") == "k"
        there.udata.start("s", job("n", hours=0.25))
        assert await lastly("LIVE") == "n"
        async with session.get("/metrics") as answer:
            assert 'harvest_gateway_refreshes_total{outcome="LIVE"} 2.0' in await answer.text()
    assert [path for path in there.portal.paths if path == CLOCK], "the portal's clock was asked"
