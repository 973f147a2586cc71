"""A client that watches real passes sees them begin, get on and end, and ends with what they say themselves."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise
from typing import Any

import asyncpg
from acceptance.syncing import rehearsal
from api.sockets import Served, Talk, until

from gateway.ports import Pass
from gateway.postgres import connect
from gateway.sync.passes import Limits
from harvest_graphql.engine import Engine
from harvest_graphql.events import Events
from harvest_graphql.listening import Listener

WATCH = """subscription { syncProgress { portals {
  run { kind state baseline requests }
  streams { stream done total new changed gone quarantined ended } } } }"""


async def event(talk: Talk) -> Any:
    told = await talk.hear()
    assert "errors" not in told["payload"]
    (portal,) = told["payload"]["data"]["syncProgress"]["portals"]
    return portal


async def watched(talk: Talk) -> list[Any]:
    """Return the events of one pass, up to its end."""
    seen = [await event(talk)]
    while seen[-1]["run"]["state"] == "RUNNING":
        seen.append(await event(talk))
    return seen


async def test_passes_are_seen_from_begin_to_end(database_url: str, pool: asyncpg.Pool) -> None:
    listener, engine = Listener(partial(connect, database_url)), Engine(pool)
    events = Events(listener, pause=0.01)
    async with rehearsal("data-gov", database_url, seed=6) as mirror, listener.listening():
        await until(lambda: listener.version is not None)
        async with Served(engine, events=events) as served:
            talk = await served.begun()
            await talk.subscribe("watch", WATCH)
            assert await event(talk) == {"run": None, "streams": []}
            for kind in (Pass.RECONCILE, Pass.POLL):
                running = asyncio.create_task(mirror.run(kind, limits=Limits(elements=1000)))
                seen = await watched(talk)
                summary = await running
                assert all(one != other for one, other in pairwise(seen))
                assert {each["run"]["kind"] for each in seen} == {summary.kind}
                assert {each["run"]["baseline"] for each in seen} == {summary.baseline}
                for one, other in pairwise(seen):
                    before = {stream["stream"]: stream["done"] for stream in one["streams"]}
                    after = {stream["stream"]: stream["done"] for stream in other["streams"]}
                    assert all(after[name] >= done for name, done in before.items())
                last = seen[-1]
                assert (last["run"]["state"], last["run"]["requests"]) == ("DONE", summary.requests)
                told = {stream["stream"]: stream for stream in last["streams"]}
                for name, tally in summary.streams.items():
                    assert told[name]["ended"]
                    assert [told[name][key] for key in ("done", "new", "changed", "gone", "quarantined")] == [
                        tally.fetched, tally.new, tally.changed, tally.gone, tally.quarantined,
                    ]  # fmt: skip
                if summary.baseline:
                    assert len(seen) > len(summary.streams)
                    assert any(stream["total"] for each in seen for stream in each["streams"])
    await engine.close()
