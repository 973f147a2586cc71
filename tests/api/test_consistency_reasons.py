"""Why what wants to be newer is served as it is stored: each reason, and that nobody is asked for nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from api.live import JOB, PORTAL, SOURCE, SYNC, Place, ask, fails
from udata_portal import job

from gateway.postgres import connect
from gateway.store import lease
from gateway.testing import Reply

NOBODY: frozenset[str] = frozenset()
SOURCE_PATH = "/harvest/source/s/"


@pytest.mark.parametrize(
    ("callers", "scopes", "served"),
    [
        ("sync", NOBODY, "CACHED"),
        ("sync", frozenset({"read-private"}), "CACHED"),
        ("sync", SYNC, "LIVE"),
        ("anyone", NOBODY, "LIVE"),
        ("nobody", SYNC, "CACHED"),
    ],
)
async def test_who_may(there: Place, callers: str, scopes: frozenset[str], served: str) -> None:
    gateway = await there.loaded(refresh_callers=callers)
    found, told = await ask(gateway, name="s", scopes=scopes)
    assert found["name"] == "s"
    assert told["served"] == served
    assert told["asOf"] == "2026-11-21T12:00:00Z"
    if served == "CACHED":
        fails("NOT_ALLOWED", told)
        assert there.asked == []


async def test_a_limit_that_is_used_up(there: Place) -> None:
    gateway = await there.loaded()
    there.portal.answers[SOURCE_PATH] = Reply(b"", 429, headers={"Retry-After": "3600"})
    for requests in (1, 1):
        found, told = await ask(gateway, name="s")
        assert found["name"] == "s"
        fails("BUDGET_SPENT", told)
        assert told["retryAt"] == "2026-11-21T13:00:00Z"
        assert len(there.asked) == requests


async def test_a_portal_that_is_left_alone(there: Place) -> None:
    gateway = await there.loaded()
    async with gateway.pool.acquire() as connection:
        await connection.execute(
            "UPDATE portal SET breaker_state = 'OPEN', breaker_since = $1, breaker_reason = 'it broke',"
            " breaker_until = $1::timestamptz + interval '1 hour', breaker_failures = 9, breaker_openings = 1",
            there.now,
        )
    _, told = await ask(gateway, name="s")
    fails("BREAKER_OPEN", told)
    assert (told["retryAt"], there.asked) == ("2026-11-21T13:00:00Z", [])


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply({}, 500), "PORTAL_UNAVAILABLE"),
        (Reply({}, 403), "PORTAL_REFUSED"),
        (Reply(b"<html>", media_type="text/html"), "PORTAL_UNREADABLE"),
        (Reply({"id": "s"}, 418), "PORTAL_UNREADABLE"),
        (Reply({}, 404), "UNKNOWN_THERE"),
        (Reply({"id": "another", "last_job": None}), "UNKNOWN_THERE"),
    ],
)
async def test_what_a_portal_may_say_instead(there: Place, reply: Reply, reason: str) -> None:
    there.settings["api_key"] = "a-secret-of-the-portal"
    gateway = await there.loaded()
    there.portal.answers[SOURCE_PATH] = reply
    text = (await gateway.engine.execute(SOURCE, {"name": "s"}, scopes=SYNC)).decode()
    answer = json.loads(text)
    fails(reason, answer["extensions"]["consistency"][0])
    assert answer["data"]["harvestSource"]["presence"] == "PRESENT", "nothing is gone for that"
    assert "a-secret" not in text
    assert gateway.refresher.outcomes == {reason: 1}


async def test_a_source_that_cannot_be_read_is_kept_aside(there: Place) -> None:
    gateway = await there.loaded()
    long = {"id": "s", "slug": "x" * 4000, "name": "s", "last_job": None}
    there.portal.answers[SOURCE_PATH] = Reply(long)
    found, told = await ask(gateway, name="s")
    fails("PORTAL_UNREADABLE", told)
    assert found["presence"] == "PRESENT"
    async with gateway.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM quarantine WHERE released_at IS NULL") == 1


async def test_a_portal_that_is_away(there: Place) -> None:
    there.settings["timeout_seconds"] = 1
    gateway = await there.loaded()
    await there.portal.__aexit__(None, None, None)
    found, told = await ask(gateway, name="s")
    assert found["name"] == "s"
    fails("PORTAL_UNAVAILABLE", told)


async def test_a_portal_that_does_not_answer_in_time(there: Place) -> None:
    gateway = await there.loaded(refresh_seconds=0.5)
    never = asyncio.Event()

    async def silent(_: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    there.portal.answers[SOURCE_PATH] = silent
    try:
        found, told = await ask(gateway, name="s")
    finally:
        never.set()
    assert found["name"] == "s"
    fails("TIMED_OUT", told)
    there.portal.answers[SOURCE_PATH] = there.udata.answer
    _, told = await ask(await there.gateway(), name="s")
    assert told["served"] == "LIVE", "what was given up holds nothing that others wait for"


async def test_a_run_that_the_portal_shows_no_more_stays(there: Place) -> None:
    gateway = await there.loaded()
    there.udata.gone.add("j")
    found, told = await ask(gateway, JOB, name="j")
    assert found["presence"] == "PRESENT"
    fails("UNKNOWN_THERE", told)


async def test_what_is_not_known_here(there: Place) -> None:
    """A run comes with its source, so that none before it is missed; a source is asked for by its id."""
    gateway = await there.loaded()
    there.udata.start("s", job("k", hours=0.5))
    strange: list[tuple[str, dict[str, Any]]] = [(JOB, {"name": "k"}), (SOURCE, {"slug": "n"})]
    for text, name in strange:
        found, told = await ask(gateway, text, **name)
        assert found is None
        fails("NOT_KNOWN", told)
        assert there.asked == []
    found, told = await ask(gateway, name="n")
    assert found is None
    fails("UNKNOWN_THERE", told)
    there.udata.add("n", job("m", hours=3))
    found, told = await ask(gateway, name="n")
    assert (found["lastJob"]["nativeId"], told["served"]) == ("m", "LIVE")


async def test_before_the_first_load_there_is_nothing_to_add_to(there: Place) -> None:
    gateway = await there.gateway()
    found, told = await ask(gateway, name="s")
    assert found is None
    fails("LOADING", told)
    assert there.asked == []


async def test_a_portal_that_is_not_read(there: Place) -> None:
    gateway = await there.loaded()
    _, told = await ask(gateway, SOURCE.replace(PORTAL, "another"), name="s")
    fails("NOT_CONFIGURED", told)


async def test_while_a_pass_writes_it_is_not_disturbed(there: Place) -> None:
    gateway = await there.loaded()
    number = gateway.numbers[PORTAL]
    connection = await connect(there.database_url)
    try:
        held = await lease.take(connection, number, "portal", "a pass")
        found, told = await ask(gateway, name="s")
        assert found["name"] == "s"
        fails("BUSY", told)
        assert there.asked == []
        await lease.give_back(connection, held)
        _, told = await ask(gateway, name="s")
        assert told["served"] == "LIVE"
    finally:
        await connection.close()


async def test_what_a_pass_wrote_meanwhile_is_newer(there: Place) -> None:
    gateway = await there.loaded()
    number = gateway.numbers[PORTAL]
    connection = await connect(there.database_url)

    async def overtaken(request: web.Request) -> web.StreamResponse:
        held = await lease.take(connection, number, "portal", "a pass")
        await lease.give_back(connection, held)
        return await there.udata.answer(request)

    there.portal.answers["/harvest/source/s/jobs/"] = overtaken
    there.udata.start("s", job("k", hours=0.5))
    try:
        found, told = await ask(gateway, name="s")
    finally:
        await connection.close()
    fails("BUSY", told)
    assert found["lastJob"]["nativeId"] == "i", "what was read before is thrown away"
