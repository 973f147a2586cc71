"""Webhooks from the event to the receiver: made, tested, sent to, sent to again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer as Server
from api.conftest import Serving
from api.happenings import happen
from api.sockets import until
from api.world import FR, NOW, World, gid
from standardwebhooks import Webhook as Checking

from gateway.compose import Gateway
from gateway.compose.webhooks import Webhooks, delivering
from gateway.errors import UsageError
from gateway.store.following import forget_events


class Receiver:
    """Takes messages whose signatures are right."""

    def __init__(self) -> None:
        self.secret = ""
        self.status = 204
        self.got: list[tuple[str, Any]] = []

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.secret:
            Checking(self.secret).verify(body, dict(request.headers))
        self.got.append((request.headers["webhook-id"], json.loads(body)))
        return web.Response(status=self.status)

    @property
    def told(self) -> list[str]:
        """The native ids of what was told."""
        return [message["data"].get("nativeId", message["type"]) for _, message in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    server = Server(app)
    await server.start_server()
    receiver.url = str(server.make_url("/hook"))  # type: ignore[attr-defined]
    yield receiver
    await server.close()


@pytest.fixture
async def opened(serving: Serving) -> Gateway:
    return (await serving(webhook_networks="127.0.0.0/8"))[0]


async def test_events_arrive_signed_and_in_order(opened: Gateway, own_world: World, receiver: Any) -> None:
    await happen(own_world, "before")
    made = await Webhooks(opened).add("hook", receiver.url, {"portal": ["data-gov"]}, None)
    receiver.secret = made.secret
    private = {"notification_emails": ["a@example.org"], "name": "A"}
    await happen(own_world, "one", after=private)
    await happen(own_world, "other", portal=FR)
    await happen(own_world, "two")
    async with delivering(opened, asyncio.Event()):
        await until(lambda: len(receiver.got) == 2)
    assert receiver.told == ["one", "two"]
    id_, message = receiver.got[0]
    assert (message["type"], message["timestamp"]) == ("harvest.changed", "2026-11-20T12:00:00.000000Z")
    assert message["data"]["id"] == id_
    assert message["data"]["after"] == {"name": "A"}
    (listed,) = await Webhooks(opened).listed()
    assert (listed.failures, listed.notice) == (0, None)


async def test_redelivery_repeats_ids(opened: Gateway, own_world: World, receiver: Any) -> None:
    hooks = Webhooks(opened)
    made = await hooks.add("hook", receiver.url, {}, None)
    for name in ("one", "two", "three"):
        await happen(own_world, name)
    async with delivering(opened, asyncio.Event()):
        await until(lambda: len(receiver.got) == 3)
        await hooks.redeliver("hook", receiver.got[0][1]["data"]["cursor"])
        await until(lambda: len(receiver.got) == 5)
        await hooks.redeliver("hook", made.cursor)
        await until(lambda: len(receiver.got) == 8)
    assert receiver.told == ["one", "two", "three", "two", "three", "one", "two", "three"]
    assert len({id_ for id_, _ in receiver.got}) == 3


async def test_a_gap_is_sent_like_an_event(opened: Gateway, own_world: World, receiver: Any) -> None:
    made = await Webhooks(opened).add("hook", receiver.url, {}, None)
    assert made.failures == 0
    await happen(own_world, "old", at=NOW - timedelta(days=400))
    await happen(own_world, "new")
    await forget_events(own_world.connection, NOW - timedelta(days=365), 10)
    async with delivering(opened, asyncio.Event()):
        await until(lambda: len(receiver.got) == 2)
    assert receiver.told == ["harvest.gap", "new"]
    assert receiver.got[0][1]["data"]["reason"] == "RETENTION"


async def test_a_test_says_what_is_wrong(opened: Gateway, receiver: Any) -> None:
    hooks = Webhooks(opened)
    receiver.secret = (await hooks.add("hook", receiver.url, {}, None)).secret
    assert await hooks.test("hook") is None
    assert receiver.got[0][1]["type"] == "harvest.test"
    receiver.status = 500
    assert await hooks.test("hook") == "It answered 500."


@pytest.mark.parametrize(
    ("url", "filter_", "after", "words"),
    [
        ("http://127.0.0.1/", {}, None, "inside"),
        ("http://[::ffff:127.0.0.1]/", {}, None, "inside"),
        ("ftp://example.org/", {}, None, "begin with"),
    ],
)
async def test_what_cannot_be_a_webhook(
    serving: Serving, url: str, filter_: Any, after: str | None, words: str
) -> None:
    gateway, _ = await serving()
    with pytest.raises(UsageError, match=words):
        await Webhooks(gateway).add("hook", url, filter_, after)
    assert await Webhooks(gateway).listed() == []


async def test_filters_cursors_and_names_are_checked(opened: Gateway, receiver: Any) -> None:
    hooks = Webhooks(opened)
    for filter_, after in (
        ({"portal": ["nowhere"]}, None),
        ({"kind": ["NOTHING"]}, None),
        ({"entityType": ["THING"]}, None),
        ({"source": [gid("HarvestJob", "air-00")]}, None),
        ({}, "nowhere"),
    ):
        with pytest.raises(UsageError):
            await hooks.add("hook", receiver.url, filter_, after)
    await hooks.add("hook", receiver.url, {"kind": ["GONE"]}, None)
    with pytest.raises(UsageError, match="already"):
        await hooks.add("hook", receiver.url, {}, None)
    for wrong in (hooks.remove("none"), hooks.redeliver("none", None), hooks.test("none")):
        with pytest.raises(UsageError, match="There is no webhook"):
            await wrong
    await hooks.remove("hook")
    assert await hooks.listed() == []


async def test_only_what_is_wanted_is_sent(opened: Gateway, own_world: World, receiver: Any) -> None:
    await Webhooks(opened).add(
        "hook", receiver.url, {"entityType": ["HARVEST_JOB"], "kind": ["EXPIRED"]}, None
    )
    await happen(own_world, "air", kind="EXPIRED")
    await happen(own_world, "air-00", entity_type="HarvestJob")
    await happen(own_world, "air-01", entity_type="HarvestJob", kind="EXPIRED")
    async with delivering(opened, asyncio.Event()):
        await until(lambda: bool(receiver.got))
    assert receiver.told == ["air-01"]


async def test_what_was_taken_is_told_to_prometheus(
    serving: Serving, own_world: World, receiver: Any
) -> None:
    gateway, session = await serving(webhook_networks="127.0.0.0/8")

    async def numbers() -> dict[str, float]:
        async with session.get("/metrics") as answer:
            lines = (await answer.text()).splitlines()
        found = (line.rpartition(" ") for line in lines if line.startswith("harvest_gateway_webhook_"))
        return {name.removeprefix("harvest_gateway_webhook_"): float(value) for name, _, value in found}

    def sent(outcome: str) -> str:
        return f'deliveries_total{{outcome="{outcome}",webhook="hook"}}'

    await Webhooks(gateway).add("hook", receiver.url, {}, None)
    assert await numbers() == {sent("taken"): 0, sent("failed"): 0, 'disabled{webhook="hook"}': 0}
    receiver.status = 503
    await happen(own_world, "one")
    async with delivering(gateway, asyncio.Event()):
        await until(lambda: len(receiver.got) == 1)
    assert (await numbers())[sent("failed")] == 1
    receiver.status = 204
    await happen(own_world, "two")
    await Webhooks(gateway).redeliver("hook", None)
    async with delivering(gateway, asyncio.Event()):
        await until(lambda: len(receiver.got) == 3)
    told = await numbers()
    assert (told[sent("taken")], told[sent("failed")]) == (2, 1)
    row = await own_world.connection.fetchrow("SELECT delivered_at, event_at FROM webhook")
    assert row is not None
    assert row["event_at"] == NOW
    lag = (row["delivered_at"] - NOW).total_seconds()
    assert told['lag_seconds{webhook="hook"}'] == pytest.approx(lag)
    assert told['taken_timestamp_seconds{webhook="hook"}'] == pytest.approx(row["delivered_at"].timestamp())
