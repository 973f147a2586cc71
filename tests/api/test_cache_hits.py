"""What a kept answer is worth, and what is never kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from api.caching import Keeping, keeping
from api.world import GOV, World, hours_ago

from harvest_graphql.limits import Limits
from harvest_graphql.view import routes

SOURCES = "{ harvestSources { nodes { nativeId name organization { name } } } portals { key title } }"
RECORDS = "{ harvestRecords(first: 50) { nodes { id nativeId status remoteId source { name } } } }"
FILTERED = """query Q($f: HarvestSourceFilter, $n: Int) {
  harvestSources(filter: $f, first: $n) { nodes { nativeId } } }"""


@pytest.fixture
async def kept(seeded_url: str) -> AsyncIterator[Keeping]:
    async with keeping(seeded_url) as kept:
        yield kept


async def test_a_hit_sends_nothing_and_says_the_same(kept: Keeping) -> None:
    first = await kept.ask(SOURCES)
    assert first["data"]["harvestSources"]["nodes"]
    assert await kept.sends(SOURCES) == 0
    assert await kept.ask(SOURCES) == first
    assert (kept.engine.answers.hits, kept.engine.answers.misses) == (2, 1)


async def test_a_hit_needs_no_plan(kept: Keeping, seeded_url: str) -> None:
    async with keeping(seeded_url, plan_bytes=1) as forgetful:
        await forgetful.ask(SOURCES)
        assert forgetful.engine.plans == 0
        assert await forgetful.sends(SOURCES) == 0
    assert await kept.sends(SOURCES) == 2


async def test_variables_are_compared_by_what_they_say(kept: Keeping) -> None:
    assert await kept.sends(FILTERED, f={"slug": ["air"], "active": None}, n=3) == 1
    assert await kept.sends(FILTERED, n=3, f={"active": None, "slug": ["air"]}) == 0
    assert await kept.sends(FILTERED, f={"slug": ["geo"], "active": None}, n=3) == 1
    assert await kept.sends(FILTERED, f={"slug": ["air"], "active": None}, n=4) == 1


async def test_freshness_and_notices_of_a_hit_are_those_of_now(own_world: World, database_url: str) -> None:
    async with keeping(database_url, status_seconds=0) as kept:
        before = await kept.ask(SOURCES)
        await own_world.connection.execute(
            "UPDATE sync_stream SET reconciled_at = $1 WHERE portal = $2", hours_ago(1), GOV
        )
        await own_world.connection.execute("UPDATE portal SET notice = 'Away.' WHERE number = $1", GOV)
        after = await kept.ask(SOURCES)
    assert kept.engine.answers.hits == 1
    assert after["data"] == before["data"]
    assert after["extensions"]["cost"] == before["extensions"]["cost"]
    fresh = (each["extensions"]["freshness"]["data-gov"]["reconciledAt"] for each in (before, after))
    assert next(fresh) != next(fresh)
    assert "PORTAL_FAILED" in {
        each["code"] for each in after["extensions"]["notices"] if each["portal"] == "data-gov"
    }


@pytest.mark.parametrize(
    "document",
    [
        "{ portals { sync { state } } }",
        "{ portals { counts { quarantined } } }",
        '{ portal(key: "data-gov") { ...P } } fragment P on Portal { sync { lastRun { state } } }',
        "{ harvestSources { nodes { portal { sync { complete } } } } }",
        '{ harvestJobs(filter: {runningLongerThan: "PT1H"}) { totalCount } }',
    ],
)
async def test_what_can_change_without_a_version_is_never_kept(kept: Keeping, document: str) -> None:
    assert await kept.sends(document) == 1
    assert await kept.sends(document) == 1
    assert len(kept.engine.answers) == 0


async def test_what_goes_wrong_is_not_kept(seeded_url: str) -> None:
    async with keeping(seeded_url, limits=Limits(answer_bytes=50)) as kept:
        for _ in range(2):
            answer = await kept.ask(SOURCES)
            assert answer["errors"][0]["extensions"]["code"] == "ANSWER_TOO_LARGE"
        for refused in ("{ nope }", "{ harvestJobs(first: 1000) { totalCount } }", "{"):
            assert "errors" in await kept.ask(refused)
        assert len(kept.engine.answers) == 0
        assert kept.engine.answers.hits == 0


async def test_what_is_kept_is_bounded(seeded_url: str) -> None:
    async with keeping(seeded_url, cache_bytes=40_000) as kept:
        for number in range(100):
            await kept.ask(FILTERED, n=number)
        assert 0 < kept.engine.answers.bytes <= 40_000
        assert len(kept.engine.answers) < 100


async def test_without_room_nothing_is_kept(seeded_url: str) -> None:
    async with keeping(seeded_url, cache_bytes=0) as kept:
        assert [await kept.sends(SOURCES) for _ in range(2)] == [2, 2]


async def test_each_hit_is_paid_for(kept: Keeping) -> None:
    paid: list[int] = []

    async def spend(cost: int) -> None:
        paid.append(cost)

    answers: list[Any] = [await kept.engine.answer(SOURCES, spend=spend) for _ in range(2)]
    assert kept.engine.answers.hits == 1
    assert paid[0] == paid[1] > 0
    assert answers[0].data == answers[1].data


async def test_a_hit_is_compressed_once_for_each_state_of_the_portals(
    own_world: World, database_url: str, aiohttp_client: Any
) -> None:
    async with keeping(database_url, status_seconds=0) as kept:
        app = web.Application()
        app.add_routes(routes(kept.engine))
        client = await aiohttp_client(app)

        async def ask() -> tuple[Any, dict[str, bytes]]:
            sent = {"Accept-Encoding": "gzip"}
            answer = await client.get("/graphql", params={"query": RECORDS}, headers=sent)
            assert answer.headers["Content-Encoding"] == "gzip"
            return await answer.json(), (await kept.engine.answer(RECORDS)).squeezed

        (first, known), (second, again) = await ask(), await ask()
        assert first == second
        assert again is known
        assert json.loads(gzip.decompress(known["gzip"])) == first
        await own_world.connection.execute("UPDATE portal SET notice = 'Away.' WHERE number = $1", GOV)
        third, other = await ask()
        assert other is not known
        assert third["data"] == first["data"]
        assert third["extensions"] != first["extensions"]
        assert kept.engine.answers.misses == 1
