"""The sandbox Data.gov behind the api.data.gov gateway: keys, limits, the cache, redirects, an upgrade."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from contract.gov_sandbox import EPOCH, NOBODY, Visitor, visiting

from adapters.data_gov import sandbox_gateway as front
from adapters.data_gov.sandbox import SANDBOX
from gateway.sandbox.changes import Changes
from gateway.sandbox.faults import Fault

SECOND = 1 / 86_400
LIST = "/harvest_sources/?paginate=false"
KEYS = (
    *(front.OPEN_KEY, front.HOURLY_KEY, front.SCARCE_KEY),
    *(front.DISABLED_KEY, front.UNVERIFIED_KEY, front.UNAUTHORIZED_KEY),
)


@dataclass(slots=True)
class Hand:
    """A clock's hand."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture(scope="module")
def world() -> Changes:
    return Changes(7, 1, EPOCH)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
async def portal(world: Changes, hand: Hand) -> AsyncIterator[Visitor]:
    async with visiting(world, "gateway", hand) as visitor:
        yield visitor


async def spend(portal: Visitor, hand: Hand, key: str, times: int) -> list[int]:
    """Ask so many times, slowly enough for bursts, and return the statuses."""
    statuses = []
    for _ in range(times):
        hand.at += 1
        statuses.append((await portal.ask(f"/harvest_job/{NOBODY}", key=key)).status)
    return statuses


def left(headers: Any) -> tuple[str | None, str | None]:
    return headers.get("X-RateLimit-Limit"), headers.get("X-RateLimit-Remaining")


# Keys


def test_keys_are_of_forty_characters() -> None:
    assert {len(key) for key in KEYS} == {40}
    assert len(set(KEYS)) == len(KEYS)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "API_KEY_MISSING"),
        ("", "API_KEY_MISSING"),
        ("x" * 40, "API_KEY_INVALID"),
        (front.DISABLED_KEY, "API_KEY_DISABLED"),
        (front.UNVERIFIED_KEY, "API_KEY_UNVERIFIED"),
        (front.UNAUTHORIZED_KEY, "API_KEY_UNAUTHORIZED"),
    ],
)
async def test_who_has_no_good_key_is_refused(portal: Visitor, key: str | None, code: str) -> None:
    said = await portal.ask(LIST, key=key)
    assert (said.status, said.code) == (403, code)
    assert left(said.headers) == (None, None)


async def test_a_key_comes_in_the_header_the_query_or_as_a_user(portal: Visitor) -> None:
    assert (await portal.ask(LIST)).status == 200
    assert (await portal.ask(f"{LIST}&api_key={front.OPEN_KEY}", key=None)).status == 200
    user = {"Authorization": aiohttp.encode_basic_auth(front.OPEN_KEY, "")}
    assert (await portal.ask(LIST, key=None, headers=user)).status == 200
    strange = {"Authorization": "Basic nonsense!"}
    assert (await portal.ask(LIST, key=None, headers=strange)).code == "API_KEY_MISSING"
    assert (await portal.ask(LIST, key=None, headers={"Authorization": "Bearer x"})).code == "API_KEY_MISSING"


async def test_the_header_comes_before_the_query(portal: Visitor) -> None:
    said = await portal.ask(f"{LIST}&api_key={front.OPEN_KEY}", key="nobody's")
    assert said.code == "API_KEY_INVALID"


async def test_keys_are_not_passed_on(portal: Visitor) -> None:
    said = await portal.ask(f"/harvest_job/{NOBODY}", "PUT")
    assert (said.status, said.body) == (401, b"error: X-API-Key header missing")


async def test_other_services_are_not_known(portal: Visitor) -> None:
    async with portal.session.get(f"{portal.server.origin}/technology/datagov/v4/search") as response:
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "NOT_FOUND"


async def test_the_harvester_itself_wants_no_key(portal: Visitor) -> None:
    async with portal.session.get(f"{portal.server.origin}{front.BEHIND}{LIST}") as response:
        assert response.status == 200
        assert left(response.headers) == (None, None)
        assert "X-Cache" not in response.headers


# Limits


async def test_each_answer_says_what_is_left(portal: Visitor) -> None:
    answers = [await portal.ask(LIST, key=front.HOURLY_KEY) for _ in range(2)]
    answers.append(await portal.ask(f"/harvest_job/{NOBODY}", key=front.HOURLY_KEY))
    answers.append(await portal.ask("/nope", key=front.HOURLY_KEY))
    answers.append(await portal.ask(f"/harvest_job/{NOBODY}/errors/record", key=front.HOURLY_KEY))
    assert [answer.status for answer in answers] == [200, 200, 404, 308, 200]
    assert [left(answer.headers) for answer in answers] == [
        ("1000", str(n)) for n in (999, 998, 997, 996, 995)
    ]


async def test_an_hour_rolls_with_the_clock_of_the_sandbox(portal: Visitor, hand: Hand) -> None:
    assert set(await spend(portal, hand, front.SCARCE_KEY, 20)) == {404}
    portal.server.advance(1200 * SECOND)
    assert set(await spend(portal, hand, front.SCARCE_KEY, 40)) == {404}
    said = await portal.ask(LIST, key=front.SCARCE_KEY)
    assert (said.status, said.code, said.headers["Retry-After"]) == (429, "OVER_RATE_LIMIT", "2400")
    assert left(said.headers) == ("60", "0")
    portal.server.advance(2399 * SECOND)
    assert (await portal.ask(LIST, key=front.SCARCE_KEY)).headers["Retry-After"] == "1"
    portal.server.advance(SECOND)
    said = await portal.ask(LIST, key=front.SCARCE_KEY)
    assert (said.status, left(said.headers)) == (200, ("60", "19"))
    assert await spend(portal, hand, front.SCARCE_KEY, 20) == [*[404] * 19, 429]


async def test_refused_requests_are_not_counted(portal: Visitor, hand: Hand) -> None:
    await spend(portal, hand, front.SCARCE_KEY, 60)
    assert set(await spend(portal, hand, front.SCARCE_KEY, 100)) == {429}
    portal.server.advance(3600 * SECOND)
    said = await portal.ask(LIST, key=front.SCARCE_KEY)
    assert (said.status, left(said.headers)) == (200, ("60", "59"))


async def test_keys_have_limits_of_their_own(portal: Visitor, hand: Hand) -> None:
    await spend(portal, hand, front.SCARCE_KEY, 60)
    assert (await portal.ask(LIST, key=front.SCARCE_KEY)).status == 429
    assert (await portal.ask(LIST, key=front.HOURLY_KEY)).status == 200


async def test_a_thousand_an_hour(portal: Visitor, hand: Hand) -> None:
    statuses = await spend(portal, hand, front.HOURLY_KEY, 1001)
    assert statuses == [*[404] * 1000, 429]


async def test_the_key_for_trying_has_thirty_an_hour_and_fifty_a_day(portal: Visitor, hand: Hand) -> None:
    assert await spend(portal, hand, front.DEMO_KEY, 31) == [*[404] * 30, 429]
    assert (await portal.ask(LIST, key=front.DEMO_KEY)).headers["Retry-After"] == "3600"
    portal.server.advance(3600 * SECOND)
    assert await spend(portal, hand, front.DEMO_KEY, 21) == [*[404] * 20, 429]
    said = await portal.ask(LIST, key=front.DEMO_KEY)
    assert (said.headers["Retry-After"], left(said.headers)) == (str(82_800), ("30", "0"))
    portal.server.advance(82_800 * SECOND)
    assert (await portal.ask(LIST, key=front.DEMO_KEY)).status == 200


async def test_the_key_for_trying_is_counted_by_address(portal: Visitor, hand: Hand) -> None:
    await spend(portal, hand, front.DEMO_KEY, 30)
    assert (await portal.ask(LIST, key=front.DEMO_KEY)).status == 429
    elsewhere = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
    async with aiohttp.ClientSession(connector=elsewhere) as session:
        url = f"{portal.server.base_url}{LIST}"
        async with session.get(url, headers={"X-Api-Key": front.DEMO_KEY}) as response:
            assert (response.status, left(response.headers)) == (200, ("30", "29"))


async def test_bursts_are_counted_in_real_seconds(portal: Visitor, hand: Hand) -> None:
    path = f"/harvest_job/{NOBODY}"
    statuses = [(await portal.ask(path, key=front.HOURLY_KEY)).status for _ in range(21)]
    assert statuses == [*[404] * 20, 429]
    portal.server.advance(1)
    said = await portal.ask(path, key=front.HOURLY_KEY)
    assert (said.code, said.headers["Retry-After"], left(said.headers)) == (
        "OVER_RATE_LIMIT",
        "1",
        ("1000", "0"),
    )
    hand.at += 1
    assert (await portal.ask(path, key=front.HOURLY_KEY)).status == 404


async def test_a_hundred_and_fifty_in_fifteen_seconds(portal: Visitor, hand: Hand) -> None:
    path = f"/harvest_job/{NOBODY}"
    for _ in range(150):
        hand.at += 0.06
        assert (await portal.ask(path, key=front.HOURLY_KEY)).status == 404
    said = await portal.ask(path, key=front.HOURLY_KEY)
    assert (said.status, said.headers["Retry-After"]) == (429, "7")
    hand.at += 7
    assert (await portal.ask(path, key=front.HOURLY_KEY)).status == 404


async def test_the_key_for_tests_knows_no_bursts(portal: Visitor) -> None:
    path = f"/harvest_job/{NOBODY}"
    assert {(await portal.ask(path)).status for _ in range(200)} == {404}


async def test_what_was_refused_stands_in_the_log(portal: Visitor, hand: Hand) -> None:
    await spend(portal, hand, front.SCARCE_KEY, 61)
    await portal.ask(LIST, key=None)
    statuses = [entry["status"] for entry in portal.server.requests]
    assert statuses == [*[404] * 60, 429, 403]


# The cache


async def test_an_answer_is_kept_for_a_minute_of_the_sandbox(portal: Visitor) -> None:
    first = await portal.ask(LIST)
    assert first.headers["X-Cache"] == "MISS"
    assert "Age" not in first.headers
    portal.server.advance(59 * SECOND)
    kept = await portal.ask(LIST)
    assert (kept.headers["X-Cache"], kept.headers["Age"], kept.body) == ("HIT", "59", first.body)
    assert kept.headers["Cache-Control"] == first.headers["Cache-Control"]
    portal.server.advance(SECOND)
    assert (await portal.ask(LIST)).headers["X-Cache"] == "MISS"


async def test_what_is_kept_may_be_old(portal: Visitor) -> None:
    """Jobs that run write counters all the time: a kept answer is what it was."""
    path = "/harvest_jobs/?facets=status%20eq%20in_progress&per_page=100"
    before = await portal.ask(path)
    portal.server.advance(50 * SECOND)
    assert (await portal.ask(path)).body == before.body
    fresh = await portal.ask(f"{path}&page=0")
    portal.server.advance(20 * SECOND)
    assert (await portal.ask(path)).headers["X-Cache"] == "MISS"
    assert fresh.body != before.body


async def test_a_hit_counts_and_keys_share_what_is_kept(portal: Visitor) -> None:
    await portal.ask(f"{LIST}&api_key={front.OPEN_KEY}", key=None)
    said = await portal.ask(LIST, key=front.HOURLY_KEY)
    assert (said.headers["X-Cache"], left(said.headers)) == ("HIT", ("1000", "999"))
    said = await portal.ask(LIST, key=front.HOURLY_KEY)
    assert left(said.headers) == ("1000", "998")


async def test_errors_writes_and_heads_are_not_kept(portal: Visitor) -> None:
    for _ in range(2):
        assert (await portal.ask(f"/harvest_job/{NOBODY}")).headers["X-Cache"] == "MISS"
        assert (await portal.ask(LIST, "HEAD")).headers["X-Cache"] == "MISS"
        assert (await portal.ask("/validate", "POST", json={})).headers["X-Cache"] == "MISS"


async def test_answers_that_a_fault_broke_are_not_kept(portal: Visitor) -> None:
    whole = await portal.ask(LIST)
    for kind in ("poison", "truncate"):
        portal.server.faults.orders.append(Fault(kind=kind))
        try:
            assert (await portal.ask(LIST)).body != whole.body
        except aiohttp.ClientPayloadError:
            assert kind == "truncate"
        assert (await portal.ask(LIST)).body == whole.body


# What stands behind


async def test_redirects_lead_round_and_round_outside(portal: Visitor) -> None:
    path = "/harvest_source/x/jobs?a=1"
    for turn in range(1, 4):
        said = await portal.ask(path)
        path = said.headers["Location"].removeprefix(front.PATH)
        assert (said.status, path) == (308, "/v1" * turn + "/harvest_source/x/jobs?a=1")


async def test_a_missing_slash_leads_to_the_outer_address(portal: Visitor) -> None:
    said = await portal.ask("/harvest_sources?per_page=1")
    assert (said.status, said.headers["Location"]) == (308, f"{front.PATH}/harvest_sources/?per_page=1")
    said = await portal.ask(f"/harvest_sources?api_key={front.OPEN_KEY}", key=None)
    assert said.headers["Location"] == f"{front.PATH}/harvest_sources/?api_key={front.OPEN_KEY}"


async def test_the_description_lies_below_the_same_path(portal: Visitor) -> None:
    assert "paths" in await portal.rows("/openapi.json")


async def test_every_path_of_the_harvester_is_there(portal: Visitor) -> None:
    error = (await portal.rows("/harvest_record_errors/?per_page=1"))[0]
    async with portal.session.get(
        f"{portal.server.origin}{front.BEHIND}/harvest_record/{error['harvest_record_id']}"
    ) as response:
        assert await portal.rows(f"/harvest_record/{error['harvest_record_id']}") == await response.json()
    said = await portal.ask(f"/harvest_job/{error['harvest_job_id']}/errors/record")
    assert said.body.startswith(b"record_error_id")
    facets = "facets=id%20eq%20" + error["id"]
    assert await portal.rows(f"/harvest_record_errors/?{facets}") == [error]


async def test_the_firewall_speaks_html_and_names_no_time(portal: Visitor) -> None:
    portal.server.faults.orders.append(Fault(kind="429-html", path="harvest_sources"))
    said = await portal.ask(LIST)
    assert (said.status, said.media_type) == (429, "text/html")
    assert "Retry-After" not in said.headers
    assert (await portal.ask(LIST)).status == 200


async def test_the_real_dialect_has_the_gateway_too(portal: Visitor) -> None:
    portal.server.speak("real")
    assert portal.server.base_url.endswith("/api/v1")
    url = portal.server.origin + front.PATH + LIST
    async with portal.session.get(url, headers={"X-Api-Key": front.OPEN_KEY}) as response:
        assert (response.status, response.headers["X-Cache"]) == (200, "MISS")
    async with portal.session.get(url) as response:
        assert response.status == 403


def test_the_dialects_and_where_they_are_spoken() -> None:
    assert dict(SANDBOX.dialects) == {"real": "/api/v1", "documented": front.PATH, "gateway": front.PATH}
    assert SANDBOX.usual == "real"


async def test_an_upgrade_shows_at_once(world: Changes) -> None:
    async with visiting(world, "documented") as portal:
        source = portal.view.sources[0].id
        before = await portal.rows(LIST)
        assert (await portal.ask("/organization_list/")).status == 404
        assert (await portal.ask(f"/harvest_source/{source}/jobs")).status == 200
        portal.server.speak("gateway")
        after = await portal.rows(LIST)
        assert [row["id"] for row in after] == [row["id"] for row in before]
        assert "collection_parent_url" in after[0]
        assert (await portal.ask("/organization_list/")).status == 200
        assert (await portal.ask(f"/harvest_source/{source}/jobs")).status == 308
        portal.server.speak("documented")
        assert await portal.rows(LIST) == before
