"""Following events on a socket: all of them, in order, from where one was, with what one may read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest
from api.engines import engine_on
from api.happenings import happen
from api.sockets import SECONDS, Served, Talk, until
from api.world import FR, NOW, World

from gateway.postgres import connect
from gateway.store.following import forget_events
from harvest_graphql.engine import Engine
from harvest_graphql.feed import Feed
from harvest_graphql.limits import Limits
from harvest_graphql.listening import Listener
from harvest_graphql.serving.callers import Admitted
from harvest_graphql.visibility import READ_PRIVATE

FOLLOW = """subscription ($after: Cursor, $first: Int, $filter: HarvestEventFilter) {
  harvestEvents(after: $after, first: $first, filter: $filter) {
    nodes { id kind nativeId after } endCursor hasMore gap { reason } } }"""


@pytest.fixture
async def listener(database_url: str) -> AsyncIterator[Listener]:
    listener = Listener(partial(connect, database_url))
    async with listener.listening():
        yield listener


@pytest.fixture
async def served(own_engine: Engine, listener: Listener) -> AsyncIterator[Served]:
    """An endpoint that hears of events, and looks for none by itself within a test's time."""
    await until(lambda: listener.version is not None)
    feed = Feed(listener, own_engine.newest, pause=0.01, blind=SECONDS)
    async with Served(own_engine, feed=feed) as served:
        yield served


async def heard(talk: Talk, id_: str = "feed") -> Any:
    told = await talk.hear()
    assert (told["id"], told["type"]) == (id_, "next"), told
    assert "errors" not in told["payload"], told
    return told["payload"]["data"]["harvestEvents"]


async def following(served: Served, **variables: Any) -> tuple[Talk, Any]:
    talk = await served.begun()
    await talk.subscribe("feed", FOLLOW, variables=variables)
    return talk, await heard(talk)


def names(page: Any) -> list[str]:
    return [node["nativeId"] for node in page["nodes"]]


async def numbered(world: World, numbers: range) -> None:
    for number in numbers:
        await happen(world, f"n{number}", shown=number == numbers[-1])


async def test_it_begins_now_and_tells_what_happens(served: Served, own_world: World) -> None:
    await happen(own_world, "before")
    talk, page = await following(served)
    assert (page["nodes"], page["hasMore"], page["gap"]) == ([], False, None)
    assert served.sockets.watchers == 1
    await happen(own_world, "one")
    page = await heard(talk)
    assert names(page) == ["one"]
    await numbered(own_world, range(3))
    assert names(await heard(talk)) == ["n0", "n1", "n2"]


async def test_a_long_way_is_gone_page_by_page(served: Served, own_world: World) -> None:
    _, page = await following(served)
    await numbered(own_world, range(25))
    talk, page = await following(served, after=page["endCursor"], first=10)
    seen = [names(page), names(await heard(talk)), names(await heard(talk))]
    assert [len(each) for each in seen] == [10, 10, 5]
    assert [*seen[0], *seen[1], *seen[2]] == [f"n{number}" for number in range(25)]


async def test_who_comes_back_misses_nothing(served: Served, own_world: World) -> None:
    talk, page = await following(served)
    await happen(own_world, "one")
    page = await heard(talk)
    await talk.socket.close()
    await numbered(own_world, range(2))
    _, page = await following(served, after=page["endCursor"])
    assert names(page) == ["n0", "n1"]


async def test_another_gateway_goes_on_where_one_ended(
    own_engine: Engine, own_world: World, listener: Listener
) -> None:
    async with Served(own_engine) as served:
        talk, page = await following(served)
        await happen(own_world, "one")
        page = await heard(talk)
    await happen(own_world, "two")
    async with Served(own_engine, feed=Feed(listener, own_engine.newest)) as served:
        assert names((await following(served, after=page["endCursor"]))[1]) == ["two"]


async def test_a_filter_leaves_out_and_the_place_moves_on(own_engine: Engine, own_world: World) -> None:
    feed = Feed(newest=own_engine.newest, pause=0.01, blind=0.02, silent=0.1)
    async with Served(own_engine, feed=feed) as served:
        talk, begun = await following(served, filter={"portal": ["data-gouv-fr"]})
        await happen(own_world, "other")
        page = await heard(talk)  # nothing for it, but a new place
        assert (page["nodes"], page["endCursor"] != begun["endCursor"]) == ([], True)
        await happen(own_world, "geo", portal=FR)
        assert names(await heard(talk)) == ["geo"]


async def test_a_gap_is_told(served: Served, own_world: World) -> None:
    _, page = await following(served)
    await happen(own_world, "old", at=NOW - timedelta(days=400))
    await happen(own_world, "new")
    assert await forget_events(own_world.connection, NOW - timedelta(days=365), 10) == 1
    _, page = await following(served, after=page["endCursor"])
    assert (page["gap"], names(page)) == ({"reason": "RETENTION"}, ["new"])


async def test_a_gap_is_told_to_who_fell_behind_while_following(served: Served, own_world: World) -> None:
    talk, _ = await following(served)
    async with own_world.connection.transaction():  # both are one step for readers
        await happen(own_world, "old", shown=False)
        await own_world.connection.execute(
            "UPDATE event_bounds SET settled = e.id, forgotten = e.id FROM event e WHERE e.native_id = 'old'"
        )
        await own_world.connection.execute("DELETE FROM event")
        await own_world.connection.execute("SELECT pg_notify('gateway_data', '1')")
    page = await heard(talk)
    assert (page["gap"], page["nodes"]) == ({"reason": "RETENTION"}, [])


async def test_what_is_personal_is_for_keys_and_a_revoked_one_ends_it(
    own_engine: Engine, own_world: World
) -> None:
    keys = {"reader": frozenset({READ_PRIVATE})}

    async def admit(key: str) -> Admitted | None:
        return Admitted(keys[key], key) if key in keys else None

    private = {"notification_emails": ["a@example.org"], "name": "A"}
    async with Served(own_engine, admit=admit) as served:
        reader = await served.begun({"authorization": "Bearer reader"})
        public = await served.begun()
        for talk in (reader, public):
            await talk.subscribe("feed", FOLLOW)
            await heard(talk)
        await happen(own_world, after=private)
        assert (await heard(reader))["nodes"][0]["after"] == {
            "name": "A",
            "notificationEmails": ["a@example.org"],
        }
        assert (await heard(public))["nodes"][0]["after"] == {"name": "A"}
        keys.clear()
        await happen(own_world, after=private)
        assert (await reader.closed())[0] == 4403
        assert (await heard(public))["nodes"][0]["after"] == {"name": "A"}


async def test_what_cannot_begin_is_refused(served: Served) -> None:
    talk = await served.begun()
    for variables, code in (({"after": "x"}, "BAD_CURSOR"), ({"first": 500}, "BAD_USER_INPUT")):
        await talk.subscribe("feed", FOLLOW, variables=variables)
        told = await talk.hear()
        assert told["type"] == "error"
        assert told["payload"][0]["extensions"]["code"] == code
    assert served.sockets.watchers == 0


async def test_a_database_that_goes_away_takes_nothing_along(own_world: World, pool: asyncpg.Pool) -> None:
    async with engine_on(pool, status_seconds=0) as engine, Served(engine) as served:
        talk, _ = await following(served)
        await happen(own_world, "one", shown=False)
        await own_world.connection.execute("ALTER TABLE event RENAME TO away")
        await own_world.connection.execute("UPDATE event_bounds SET settled = settled + 1")
        told = await talk.hear()
        assert told["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
        await own_world.connection.execute("ALTER TABLE away RENAME TO event")
        assert names(await heard(talk)) == ["one"]


async def test_nothing_is_asked_while_nobody_follows_and_little_while_nothing_happens(
    served: Served, own_engine: Engine, own_world: World
) -> None:
    before = own_engine.sent
    await happen(own_world)
    await asyncio.sleep(0.1)
    assert own_engine.sent == before
    talk, _ = await following(served)
    await asyncio.sleep(0.1)
    sent = own_engine.sent
    await asyncio.sleep(0.3)
    assert own_engine.sent == sent
    await talk.socket.close()
    await until(lambda: served.feed.followers == 0)


async def test_what_is_too_large_for_one_answer_is_told_in_smaller_pages(
    own_world: World, pool: asyncpg.Pool
) -> None:
    async with (
        engine_on(pool, status_seconds=0, limits=Limits(answer_bytes=4000)) as engine,
        Served(engine) as served,
    ):
        talk, begun = await following(served)
        for number in range(30):
            name = "x" * (3000 if number == 5 else 100)
            await happen(own_world, f"n{number}", after={"name": name}, shown=number == 29)
        pages: list[list[str]] = []
        while sum(map(len, pages)) < 30:
            pages.append(names(await heard(talk)))
        assert [name for page in pages for name in page] == [f"n{number}" for number in range(30)]
        assert max(map(len, pages)) < 20
        again = await served.begun()
        await again.subscribe("feed", FOLLOW, variables={"after": begun["endCursor"]})
        assert names(await heard(again)) == pages[0], "also where the first page of all is too large"
        await happen(own_world, "later")
        assert names(await heard(talk)) == ["later"]


async def test_an_event_that_is_too_large_ends_it(own_world: World, pool: asyncpg.Pool) -> None:
    async with (
        engine_on(pool, status_seconds=0, limits=Limits(answer_bytes=2000)) as engine,
        Served(engine) as served,
    ):
        talk, _ = await following(served)
        await happen(own_world, after={"name": "x" * 3000})
        told = await talk.hear()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "ANSWER_TOO_LARGE")
