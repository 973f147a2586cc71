"""Who may have a socket, and what for: keys, origins, trusted documents, limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from aiohttp import ClientSession, WSServerHandshakeError, web
from api.sockets import ACK, INIT, Served, until

from gateway.compose import Gateway
from harvest_graphql.engine import Engine, Spend
from harvest_graphql.problems import Code, Problem
from harvest_graphql.serving.callers import Admitted
from harvest_graphql.serving.persisted import Documents, digest
from harvest_graphql.serving.refusals import Unusable
from harvest_graphql.sockets.bounds import Bounds

PRIVATE = '{ harvestSource(portal: "data-gov", slug: "air") { notificationEmails } }'
EMAILS = ["secret@example.org"]
QUERY = "{ portals { key } }"
WATCH = "subscription { syncProgress { portals { portal { key } run { state } } } }"
OPENED = {"reader": frozenset({"read-private"}), "syncer": frozenset({"sync"})}


class Keys:
    """Keys that a test can revoke."""

    def __init__(self) -> None:
        self.opened = dict(OPENED)
        self.asked = 0

    async def admit(self, key: str) -> Admitted | None:
        self.asked += 1
        return Admitted(self.opened[key], key) if key in self.opened else None


async def emails(served: Served, payload: Any = None, **options: Any) -> Any:
    talk = await served.begun(payload, **options)
    await talk.subscribe("1", PRIVATE)
    return (await talk.hear())["payload"]["data"]["harvestSource"]["notificationEmails"]


@pytest.mark.parametrize(
    "payload",
    [
        {"authorization": "Bearer reader"},
        {"Authorization": "bearer  reader"},
        {"x-api-key": "reader", "other": {"a": 1}},
        {"X-Api-Key": "reader", "Authorization": "Bearer reader"},
    ],
)
async def test_a_key_comes_with_the_first_message(engine: Engine, payload: Any) -> None:
    async with Served(engine, admit=Keys().admit) as served:
        assert await emails(served, payload) == EMAILS
        assert await emails(served) is None
        assert await emails(served, {"authorization": None, "x-api-key": "syncer"}) is None


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer reader"}, {"X-Api-Key": "reader"}])
async def test_a_key_comes_with_the_request(engine: Engine, headers: Mapping[str, str]) -> None:
    async with Served(engine, admit=Keys().admit) as served:
        assert await emails(served, headers=headers) == EMAILS


@pytest.mark.parametrize(
    "payload",
    [
        {"authorization": "Bearer wrong-secret"},
        {"authorization": "wrong-secret"},
        {"authorization": "Basic wrong-secret"},
        {"authorization": ""},
        {"authorization": 7},
        {"authorization": ["Bearer reader"]},
        {"x-api-key": ""},
        {"x-api-key": "\0"},
        {"x-api-key": "ä"},
        {"x-api-key": "x" * 5000},
        {"x-api-key": {}},
    ],
)
async def test_a_key_that_opens_nothing_is_4403(
    engine: Engine, payload: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with Served(engine, admit=Keys().admit) as served:
        talk = await served.connect()
        await talk.say({**INIT, "payload": payload})
        assert await talk.closed() == (4403, "Forbidden")
        assert "secret" not in caplog.text


async def test_a_bad_key_of_the_request_is_4403_too(engine: Engine) -> None:
    async with Served(engine, admit=Keys().admit) as served:
        talk = await served.connect(headers={"X-Api-Key": "wrong"})
        await talk.say(INIT)
        assert await talk.closed() == (4403, "Forbidden")


async def test_several_keys_are_4400(engine: Engine) -> None:
    async with Served(engine, admit=Keys().admit) as served:
        talk = await served.connect(headers={"X-Api-Key": "syncer"})
        await talk.say({**INIT, "payload": {"x-api-key": "reader"}})
        code, reason = await talk.closed()
        assert (code, "several keys" in reason) == (4400, True)


async def test_a_key_that_cannot_be_looked_up_is_tried_again_later(engine: Engine) -> None:
    async def admit(_: str) -> Admitted | None:
        raise TimeoutError

    async with Served(engine, admit=admit) as served:
        talk = await served.connect()
        await talk.say({**INIT, "payload": {"x-api-key": "reader"}})
        assert await talk.closed() == (1013, "Try again later")


async def test_a_revoked_key_reads_no_more(engine: Engine) -> None:
    keys = Keys()
    async with Served(engine, admit=keys.admit) as served:
        talk = await served.begun({"x-api-key": "reader"})
        await talk.subscribe("1", PRIVATE)
        assert (await talk.hear())["payload"]["data"]["harvestSource"]["notificationEmails"] == EMAILS
        await talk.hear()
        keys.opened.clear()
        await talk.subscribe("2", PRIVATE)
        assert await talk.closed() == (4403, "Forbidden")


async def test_a_revoked_key_watches_no_more(engine: Engine) -> None:
    keys = Keys()
    async with Served(engine, admit=keys.admit) as served:
        talk = await served.begun({"x-api-key": "reader"})
        await talk.subscribe("1", WATCH)
        assert (await talk.hear())["type"] == "next"
        keys.opened.clear()
        assert await talk.closed() == (4403, "Forbidden")
        assert served.sockets.watchers == 0


HERE = "http://gateway.example:8080"


@pytest.mark.parametrize(
    ("origin", "host", "origins", "allowed"),
    [
        (None, "gateway.example", (), True),
        ("http://gateway.example", "gateway.example", (), True),
        ("https://gateway.example", "gateway.example", (), True),
        ("HTTPS://Gateway.example", "gateway.EXAMPLE", (), True),
        ("https://gateway.example", "gateway.example:443", (), True),
        ("http://gateway.example:80", "gateway.example", (), True),
        ("http://gateway.example:8080", "gateway.example:8080", (), True),
        ("http://[::1]:8080", "[::1]:8080", (), True),
        ("https://app.example.org", "gateway.example", ("https://app.example.org",), True),
        ("https://App.Example.org", "gateway.example", ("https://app.example.org",), True),
        ("https://any.example.org", "gateway.example", ("*",), True),
        ("null", "gateway.example", ("*",), True),
        ("http://gateway.example:8081", "gateway.example:8080", (), False),
        ("http://gateway.example", "gateway.example:8080", (), False),
        ("https://evil.example", "gateway.example", (), False),
        ("https://gateway.example.evil.example", "gateway.example", (), False),
        ("https://evil.example", "gateway.example", ("https://app.example.org",), False),
        ("http://app.example.org", "gateway.example", ("https://app.example.org",), False),
        ("null", "gateway.example", (), False),
        ("file://", "", (), False),
        ("http://", "", (), False),
        ("http://[", "gateway.example", (), False),
        ("ftp://gateway.example", "gateway.example", (), False),
    ],
)
async def test_pages_of_other_origins_are_refused_unless_they_may(
    engine: Engine, origin: str | None, host: str, origins: tuple[str, ...], allowed: bool
) -> None:
    headers = {"Host": host, **({"Origin": origin} if origin else {})}
    async with Served(engine, origins=origins) as served:
        if allowed:
            await served.begun(headers=headers)
            return
        with pytest.raises(WSServerHandshakeError) as refused:
            await served.connect(headers=headers)
        assert refused.value.status == 403
        answer = await served.client.get("/graphql", headers={**headers, **UPGRADE})
        assert (await answer.json())["errors"][0]["extensions"]["code"] == "ORIGIN_NOT_ALLOWED"


UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "graphql-transport-ws",
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"Sec-WebSocket-Version": "12"},
        {"Sec-WebSocket-Version": ""},
        {"Sec-WebSocket-Key": "short"},
        {"Sec-WebSocket-Key": ""},
        {"Sec-WebSocket-Key": "€"},
        {"Sec-WebSocket-Key": "\udcff"},
    ],
)
async def test_what_is_no_handshake_is_400(engine: Engine, wrong: dict[str, str]) -> None:
    async with Served(engine) as served:
        answer = await served.client.get("/graphql", headers={**UPGRADE, **wrong})
        assert answer.status == 400
        assert (await answer.json())["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        assert served.sockets.open == 0


async def test_headers_in_any_bytes_do_no_harm(engine: Engine) -> None:
    async with Served(engine) as served:
        for name in ("Cookie", "X-Other", "X-Forwarded-For"):
            await served.begun(headers={name: "\udcff\udcfe é"})


async def test_what_asks_for_no_websocket_is_answered_as_ever(engine: Engine) -> None:
    async with Served(engine) as served:
        for headers in ({"Upgrade": "websocket"}, {"Upgrade": "h2c", "Connection": "Upgrade"}):
            answer = await served.client.get("/graphql", params={"query": QUERY}, headers=headers)
            assert answer.status == 200


async def test_documents_are_asked_for_by_id(engine: Engine) -> None:
    documents = Documents({"keys": QUERY, "watch": WATCH}, trusted=True)
    async with Served(engine, documents=documents) as served:
        talk = await served.begun()
        for payload in ({"documentId": "keys"}, {"documentId": f"sha256:{digest(QUERY)}"}, {"query": QUERY}):
            await talk.say({"id": "1", "type": "subscribe", "payload": payload})
            assert (await talk.hear())["type"] == "next"
            assert (await talk.hear())["type"] == "complete"
        for payload, code in (
            ({"query": "{ __typename }"}, "DOCUMENT_NOT_TRUSTED"),
            ({"query": WATCH + " "}, "DOCUMENT_NOT_TRUSTED"),
            ({"documentId": "nothing"}, "DOCUMENT_NOT_FOUND"),
        ):
            await talk.say({"id": "1", "type": "subscribe", "payload": payload})
            told = await talk.hear()
            assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", code)
        await talk.say({"id": "2", "type": "subscribe", "payload": {"documentId": "watch"}})
        assert (await talk.hear())["type"] == "next"


async def test_an_address_holds_so_many_sockets(engine: Engine) -> None:
    async with Served(engine, bounds=Bounds(sockets_of_address=2)) as served:
        first, _ = await served.begun(), await served.begun()
        with pytest.raises(WSServerHandshakeError) as refused:
            await served.connect()
        assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "10")
        await first.socket.close()
        await until(lambda: served.sockets.open == 1)
        await served.begun()


async def test_a_process_holds_so_many_sockets(engine: Engine) -> None:
    async with Served(engine, bounds=Bounds(sockets=1)) as served:
        await served.begun()
        with pytest.raises(WSServerHandshakeError) as refused:
            await served.connect()
        assert refused.value.status == 503


async def test_a_socket_has_so_many_operations(engine: Engine) -> None:
    async with Served(engine, bounds=Bounds(operations=2)) as served:
        talk = await served.begun()
        for id_ in "ab":
            await talk.subscribe(id_, WATCH)
            assert (await talk.hear())["type"] == "next"
        await talk.subscribe("c", QUERY)
        told = await talk.hear()
        assert (told["id"], told["type"]) == ("c", "error")
        assert told["payload"][0]["extensions"]["code"] == "TOO_MANY_AT_ONCE"
        await talk.say({"id": "a", "type": "complete"})
        await until(lambda: served.sockets.watchers == 1)
        await talk.subscribe("c", QUERY)
        assert (await talk.hear())["type"] == "next"


class Purse:
    """A caller who pays out of what a test gives him."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.refusals = 0

    def __call__(self, _: web.Request) -> Purse:
        return self

    async def enter(self) -> None:
        if self.left <= 0:
            raise self.limited()
        self.left -= 1

    def spending(self, *, persisted: bool) -> Spend:
        async def spend(cost: int) -> None:
            if cost > self.left:
                raise Problem(Code.RATE_LIMITED, "Nothing is left.")
            self.left -= cost // 5 if persisted else cost

        return spend

    def refused(self) -> None:
        self.refusals += 1

    def limited(self) -> Unusable:
        return Unusable(429, "Nothing is left.", code=Code.RATE_LIMITED)

    def headers(self) -> Mapping[str, str]:
        return {}


async def test_who_has_no_key_pays(engine: Engine) -> None:
    purse = Purse(20)
    async with Served(engine, callers=purse, admit=Keys().admit) as served:
        talk = await served.begun()
        for _ in range(3):
            await talk.subscribe("1", QUERY)
            assert (await talk.hear())["type"] == "next"
            assert (await talk.hear())["type"] == "complete"
        assert purse.left < 20
        purse.left = 0
        await talk.subscribe("1", QUERY)
        told = await talk.hear()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "RATE_LIMITED")
        assert purse.refusals == 0
        await talk.subscribe("1", "{")
        await talk.hear()
        keyed = await served.begun({"x-api-key": "reader"})
        await keyed.subscribe("1", QUERY)
        assert (await keyed.hear())["type"] == "next"


async def test_refusals_are_paid_for(engine: Engine) -> None:
    purse = Purse(100)
    async with Served(engine, callers=purse, admit=Keys().admit) as served:
        talk = await served.begun()
        await talk.subscribe("1", "{")
        assert (await talk.hear())["type"] == "error"
        assert purse.refusals == 1
        await talk.say({"id": "1", "type": "subscribe", "payload": {"documentId": "nothing"}})
        assert (await talk.hear())["type"] == "error"
        assert purse.refusals == 2
        await talk.say([])
        assert (await talk.closed())[0] == 4400
        assert purse.refusals == 3


async def test_a_whole_gateway_has_sockets_in_the_locked_profile_too(
    serving: Callable[..., Awaitable[tuple[Gateway, ClientSession]]],
) -> None:
    _, session = await serving(profile="locked", cors_origins="https://app.example.org")
    options = {"protocols": ["graphql-transport-ws"]}
    with pytest.raises(WSServerHandshakeError) as refused:
        await session.ws_connect("/graphql", **options, origin="https://evil.example")
    assert refused.value.status == 403
    async with session.ws_connect("/graphql", **options, origin="https://app.example.org") as socket:
        await socket.send_json(INIT)
        assert await socket.receive_json() == ACK
        for id_, query, type_ in (
            ("1", WATCH, "next"),
            ("2", "{ __schema { queryType { name } } }", "error"),
        ):
            await socket.send_json({"id": id_, "type": "subscribe", "payload": {"query": query}})
            told = await socket.receive_json()
            assert (told["id"], told["type"]) == (id_, type_)
        numbers = await (await session.get("/metrics")).text()
        assert "harvest_gateway_sockets 1.0" in numbers
        assert "harvest_gateway_subscriptions 1.0" in numbers
