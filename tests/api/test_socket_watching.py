"""A subscription on a socket: one event at once, one at each change, none twice; and its ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import asyncpg
import pytest
from api.engines import engine_on
from api.sockets import SECONDS, Served, Talk, until
from api.world import FR, GOV, NOW, World

from gateway.postgres import connect
from gateway.store import bookkeeping
from harvest_graphql.engine import Engine
from harvest_graphql.events import Events
from harvest_graphql.listening import Listener
from harvest_graphql.sockets.bounds import Bounds

WATCH = """subscription ($portal: String) { syncProgress(portal: $portal) {
  portals { portal { key } run { kind state startedAt notice } streams { stream done new total ended } } } }"""


@pytest.fixture
async def listener(database_url: str) -> AsyncIterator[Listener]:
    listener = Listener(partial(connect, database_url))
    async with listener.listening():
        yield listener


@pytest.fixture
async def served(own_engine: Engine, listener: Listener) -> AsyncIterator[Served]:
    """An endpoint that hears of changes, and looks at nothing by itself within a test's time."""
    await until(lambda: listener.version is not None)
    async with Served(own_engine, events=Events(listener, pause=0.01, blind=SECONDS)) as served:
        yield served


async def event(talk: Talk) -> Any:
    told = await talk.hear()
    assert (told["id"], told["type"]) == ("watch", "next")
    assert "errors" not in told["payload"]
    return told["payload"]["data"]["syncProgress"]["portals"]


async def watching(served: Served, **variables: Any) -> tuple[Talk, Any]:
    talk = await served.begun()
    await talk.subscribe("watch", WATCH, variables=variables)
    return talk, await event(talk)


async def begin(world: World, portal: int = GOV) -> bookkeeping.Run:
    return await bookkeeping.start_run(world.connection, portal, "POLL", NOW, baseline=False)


async def note(world: World, run: bookkeeping.Run, **counted: int) -> None:
    await bookkeeping.note_run(world.connection, run, requests=1, tallies={"sources": counted})


def of(portals: Any, key: str = "data-gov") -> Any:
    return next(each for each in portals if each["portal"]["key"] == key)


def sources(portals: Any) -> Any:
    return next(each for each in of(portals)["streams"] if each["stream"] == "sources")


async def test_a_pass_is_seen_as_it_gets_on(served: Served, own_world: World) -> None:
    talk, portals = await watching(served)
    assert of(portals)["run"]["state"] == "DONE"
    assert served.sockets.watchers == 1
    run = await begin(own_world)
    portals = await event(talk)
    assert (of(portals)["run"]["state"], sources(portals)["done"]) == ("RUNNING", 0)
    await note(own_world, run, fetched=5, new=2, expected=9)
    portals = await event(talk)
    assert sources(portals) == {"stream": "sources", "done": 5, "new": 2, "total": 9, "ended": False}
    await bookkeeping.end_stream(
        own_world.connection, GOV, "sources", now=NOW, reconcile=False, proved=True, watermark=None
    )
    assert sources(await event(talk))["ended"]
    await own_world.connection.execute(
        "UPDATE sync_run SET state = 'FAILED', notice = 'It is down.' WHERE id = $1", run.id
    )
    await own_world.connection.execute("SELECT pg_notify('gateway_sync', '2')")
    assert of(await event(talk))["run"] == {
        "kind": "POLL",
        "state": "FAILED",
        "startedAt": "2026-11-20T12:00:00.000000Z",
        "notice": "It is down.",
    }


async def test_nothing_is_told_twice(served: Served, own_world: World) -> None:
    talk, _ = await watching(served, portal="data-gov")
    run = await begin(own_world)
    await event(talk)
    for _ in range(3):
        await note(own_world, run)  # what was known before
    await begin(own_world, FR)  # another portal
    await note(own_world, run, fetched=1)
    assert sources(await event(talk))["done"] == 1


async def test_who_reads_slowly_hears_the_newest(own_engine: Engine, own_world: World) -> None:
    events = Events(pause=0.01, blind=0.01)
    async with Served(own_engine, events=events) as served:
        talk, _ = await watching(served, portal="data-gov")
        run = await begin(own_world)
        for number in range(50):
            await note(own_world, run, fetched=number + 1)
        seen = []
        while not seen or seen[-1] != 50:
            seen.append(sources(await event(talk))["done"])
        assert seen == sorted(set(seen))


async def test_without_a_listener_it_is_looked_at_now_and_then(own_engine: Engine, own_world: World) -> None:
    async with Served(own_engine, events=Events(pause=0.01, blind=0.02)) as served:
        talk, _ = await watching(served)
        await begin(own_world)
        assert of(await event(talk))["run"]["state"] == "RUNNING"


async def test_no_more_is_said_after_complete(served: Served, own_world: World) -> None:
    talk, _ = await watching(served)
    await talk.say({"id": "watch", "type": "complete"})
    await until(lambda: served.sockets.watchers == 0)
    await begin(own_world)
    await talk.say({"type": "ping"})
    assert await talk.hear() == {"type": "pong"}
    await talk.subscribe("watch", WATCH)  # its id is free again
    assert of(await event(talk))["run"]["state"] == "RUNNING"


async def test_who_goes_away_is_forgotten(served: Served) -> None:
    talk, _ = await watching(served)
    other, _ = await watching(served)
    await talk.socket.close()
    await until(lambda: served.sockets.open == 1)
    assert served.sockets.watchers == 1
    other.socket._response.connection.transport.abort()
    await until(lambda: served.sockets.open == 0)
    assert served.sockets.watchers == 0


async def test_as_the_gateway_stops_everything_is_completed(own_engine: Engine) -> None:
    async with Served(own_engine) as served:
        talk, _ = await watching(served)
        idle = await served.begun()
        closing = asyncio.create_task(served.sockets.close())
        assert await talk.hear() == {"id": "watch", "type": "complete"}
        assert await talk.closed() == (1001, "Going away")
        assert await idle.closed() == (1001, "Going away")
        await closing
        await until(lambda: served.sockets.open == 0)
        late = await served.connect()
        assert await late.closed() == (1001, "Going away")


async def test_a_client_that_does_not_read_is_cut_off(own_engine: Engine, own_world: World) -> None:
    await own_world.connection.execute(
        "UPDATE portal SET caveats = ARRAY[repeat('x', 900000)] WHERE number = 2"
    )
    bounds = Bounds(send_seconds=0.2, operations=50)
    async with Served(own_engine, bounds=bounds) as served:
        talk = await served.begun()
        transport = talk.socket._response.connection.transport
        transport.pause_reading()
        for number in range(40):
            await talk.subscribe(str(number), '{ portal(key: "data-gov") { caveats } }')
        await until(lambda: served.sockets.open == 0)
        transport.abort()


async def test_a_client_that_answers_no_ping_is_gone(own_engine: Engine) -> None:
    async with Served(own_engine, bounds=Bounds(ping_seconds=2)) as served:
        deaf = await served.begun(autoping=False)
        heard = await served.begun()
        listening = asyncio.create_task(heard.socket.receive(SECONDS))
        await until(lambda: served.sockets.open == 1)
        listening.cancel()
        await asyncio.wait({listening})
        await heard.say({"type": "ping"})
        assert await heard.hear() == {"type": "pong"}
        assert (await deaf.socket.receive()).type.name == "PING"


async def test_a_database_that_goes_away_is_told_once(own_world: World, pool: asyncpg.Pool) -> None:
    async with engine_on(pool, status_seconds=0) as engine, Served(engine) as served:
        talk, _ = await watching(served)
        await own_world.connection.execute("ALTER TABLE sync_run RENAME TO away")
        told = await talk.hear()
        assert (told["type"], told["payload"]["data"]) == ("next", None)
        assert told["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert "sync_run" not in json.dumps(told)
        await own_world.connection.execute("ALTER TABLE away RENAME TO sync_run")
        assert of(await event(talk))["run"]["state"] == "DONE"
