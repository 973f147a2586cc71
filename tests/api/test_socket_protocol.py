"""The protocol to the letter: who may begin, what may be said when, and with which code a socket is closed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from api.sockets import ACK, INIT, Served, until

from harvest_graphql.engine import Engine
from harvest_graphql.sockets.bounds import Bounds

QUERY = '{ portal(key: "data-gov") { title } }'
TITLE = {"portal": {"title": "Data.gov"}}
WATCH = "subscription { syncProgress { portals { portal { key } run { state } } } }"


@pytest.fixture
async def served(engine: Engine) -> AsyncIterator[Served]:
    async with Served(engine) as served:
        yield served


async def test_a_single_result_is_next_and_complete(served: Served) -> None:
    talk = await served.begun()
    await talk.subscribe("1", QUERY)
    told = await talk.hear()
    assert (told["id"], told["type"], told["payload"]["data"]) == ("1", "next", TITLE)
    assert set(told["payload"]["extensions"]) >= {"freshness", "notices", "cost"}
    assert await talk.hear() == {"id": "1", "type": "complete"}
    await talk.subscribe("1", QUERY)  # its id is free again
    assert (await talk.hear())["type"] == "next"
    assert served.outcomes == ["OK", "OK"]


async def test_variables_and_names_are_read(served: Served) -> None:
    talk = await served.begun()
    document = "query A($k: String!) { portal(key: $k) { title } } query B { portals { key } }"
    await talk.subscribe("x", document, variables={"k": "data-gov"}, operationName="A", extensions={"a": 1})
    assert (await talk.hear())["payload"]["data"] == TITLE


async def test_operations_run_beside_each_other(served: Served) -> None:
    talk = await served.begun()
    for number in range(5):
        await talk.subscribe(str(number), QUERY)
    told = [await talk.hear() for _ in range(10)]
    for number in range(5):
        assert [each["type"] for each in told if each["id"] == str(number)] == ["next", "complete"]


async def test_what_cannot_be_begun_is_an_error_and_nothing_else(served: Served) -> None:
    talk = await served.begun()
    for query, code in (
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ node(id: "x") { id } }', "BAD_ID"),
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { syncProgress(portal: "x") { portals { portal { key } } } }', "BAD_USER_INPUT"),
    ):
        await talk.subscribe("1", query)
        told = await talk.hear()
        assert (told["id"], told["type"]) == ("1", "error")
        assert told["payload"][0]["extensions"]["code"] == code
        assert told["payload"][0]["message"]
    await talk.subscribe("1", QUERY)
    assert (await talk.hear())["type"] == "next"


@pytest.mark.parametrize("protocol", [None, "graphql-ws", "graphql", "GRAPHQL-TRANSPORT-WS"])
async def test_another_protocol_is_4406(served: Served, protocol: str | None) -> None:
    talk = await served.connect(protocol=protocol)
    assert talk.socket.protocol is None
    assert await talk.closed() == (4406, "Subprotocol not acceptable")


async def test_ours_is_taken_among_others(served: Served) -> None:
    talk = await served.connect(protocol="graphql-ws, graphql-transport-ws")
    assert talk.socket.protocol == "graphql-transport-ws"


async def test_an_offered_protocol_is_not_logged(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    talk = await served.connect(protocol="secret-in-the-wrong-place")
    assert (await talk.closed())[0] == 4406
    assert "secret" not in caplog.text


async def test_who_does_not_begin_is_4408(engine: Engine) -> None:
    async with Served(engine, bounds=Bounds(init_seconds=1)) as served:
        talk = await served.connect()
        await talk.say({"type": "ping"})
        assert await talk.hear() == {"type": "pong"}
        assert await talk.closed() == (4408, "Connection initialisation timeout")
        await until(lambda: served.sockets.open == 0)


async def test_who_has_begun_may_be_silent(engine: Engine) -> None:
    async with Served(engine, bounds=Bounds(init_seconds=1)) as served:
        talk = await served.begun()
        other = await served.connect()
        assert (await other.closed())[0] == 4408
        await talk.subscribe("1", QUERY)
        assert (await talk.hear())["type"] == "next"


async def test_to_begin_twice_is_4429(served: Served) -> None:
    talk = await served.begun()
    await talk.say(INIT)
    assert await talk.closed() == (4429, "Too many initialisation requests")


async def test_to_ask_before_beginning_is_4401(served: Served) -> None:
    talk = await served.connect()
    await talk.subscribe("1", QUERY)
    assert await talk.closed() == (4401, "Unauthorized")


async def test_an_id_that_is_taken_is_4409(served: Served) -> None:
    talk = await served.begun()
    await talk.subscribe("again", WATCH)
    assert (await talk.hear())["type"] == "next"
    await talk.subscribe("again", QUERY)
    assert await talk.closed() == (4409, "Subscriber for again already exists")


async def test_a_long_id_is_cut_in_the_reason(served: Served) -> None:
    talk = await served.begun()
    id_ = "é" * 100
    await talk.subscribe(id_, WATCH)
    assert (await talk.hear())["id"] == id_
    await talk.subscribe(id_, WATCH)
    code, reason = await talk.closed()
    assert code == 4409
    assert reason.startswith("Subscriber for éé")
    assert 118 < len(reason.encode()) <= 123


async def test_pings_are_answered_and_pongs_are_heard(served: Served) -> None:
    talk = await served.connect()
    await talk.say({"type": "ping", "payload": {"a": 1}})
    assert await talk.hear() == {"type": "pong"}
    await talk.say({"type": "pong"})
    await talk.say({"type": "pong", "payload": None})
    await talk.say(INIT)
    assert await talk.hear() == ACK


async def test_pings_of_the_websocket_are_answered(served: Served) -> None:
    talk = await served.connect(autoping=False)
    await talk.socket.ping(b"there?")
    received = await talk.socket.receive(10)
    assert (received.type.name, received.data) == ("PONG", b"there?")


async def test_to_complete_what_has_ended_is_nothing(served: Served) -> None:
    talk = await served.begun()
    await talk.say({"id": "never begun", "type": "complete"})
    await talk.subscribe("1", QUERY)
    assert (await talk.hear())["type"] == "next"


DEEP = "[" * 100_000
BAD: list[tuple[str | bytes, str]] = [
    ("", "JSON"),
    ("x", "JSON"),
    ("{", "JSON"),
    (DEEP, "JSON"),
    ('{"type":"ping","payload":{"a":' + DEEP + "}}", "JSON"),
    ('{"type":"ping","n":' + "1" * 5000 + "}", "JSON"),
    ('{"type":"ping","n":NaN}', "JSON"),
    ('{"type":"ping"}\0', "JSON"),
    ("null", "object"),
    ("1", "object"),
    ('"ping"', "object"),
    ("[]", "object"),
    ('[{"type":"ping"}]', "object"),
    ("{}", "type"),
    ('{"type":null}', "type"),
    ('{"type":1}', "type"),
    ('{"type":["ping"]}', "type"),
    ('{"type":"PING"}', "type"),
    ('{"type":"start","id":"1","payload":{"query":"{__typename}"}}', "type"),
    ('{"type":"next","id":"1","payload":{}}', "type"),
    ('{"type":"error","id":"1","payload":[]}', "type"),
    ('{"type":"connection_ack"}', "type"),
    ('{"type":"connection_terminate"}', "type"),
    ('{"type":"ping","payload":[]}', "payload"),
    ('{"type":"pong","payload":"x"}', "payload"),
    ('{"type":"connection_init","payload":1}', "payload"),
    ('{"type":"complete"}', "id"),
    ('{"type":"complete","id":""}', "id"),
    ('{"type":"complete","id":7}', "id"),
    ('{"type":"subscribe","payload":{"query":"{__typename}"}}', "id"),
    ('{"type":"subscribe","id":null,"payload":{"query":"{__typename}"}}', "id"),
    ('{"type":"subscribe","id":"' + "x" * 300 + '","payload":{"query":"{__typename}"}}', "id"),
    ('{"type":"subscribe","id":"1"}', "query"),
    ('{"type":"subscribe","id":"1","payload":null}', "query"),
    ('{"type":"subscribe","id":"1","payload":[]}', "query"),
    ('{"type":"subscribe","id":"1","payload":{}}', "query"),
    ('{"type":"subscribe","id":"1","payload":{"query":null}}', "query"),
    ('{"type":"subscribe","id":"1","payload":{"query":7}}', "query"),
    ('{"type":"subscribe","id":"1","payload":{"documentId":7}}', "documentId"),
    ('{"type":"subscribe","id":"1","payload":{"query":"{__typename}","documentId":"x"}}', "documentId"),
    ('{"type":"subscribe","id":"1","payload":{"query":"{__typename}","operationName":7}}', "operationName"),
    ('{"type":"subscribe","id":"1","payload":{"query":"{__typename}","variables":[]}}', "variables"),
    ('{"type":"subscribe","id":"1","payload":{"query":"{__typename}","variables":"{}"}}', "variables"),
    ('{"type":"subscribe","id":"1","payload":{"query":"{__typename}","extensions":[]}}', "extensions"),
]


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize(("message", "about"), BAD, ids=[f"{n}" for n in range(len(BAD))])
async def test_what_is_no_message_is_4400(served: Served, message: str, about: str, begun: bool) -> None:
    talk = await (served.begun() if begun else served.connect())
    await talk.socket.send_str(message)
    code, reason = await talk.closed()
    assert code == 4400
    assert about in reason


@pytest.mark.parametrize(
    "message", [b'{"type":"ping"}\xff', b"\xff\xfe", b'{"type":"p\xc3ing"}', b'{"type":"\xed\xa0\x80"}']
)
async def test_text_that_is_no_utf_8_is_4400(served: Served, message: bytes) -> None:
    talk = await served.begun()
    await talk.socket.send_frame(message, 1)
    assert (await talk.closed())[0] == 4400


async def test_binary_messages_are_4400(served: Served) -> None:
    talk = await served.begun()
    await talk.socket.send_bytes(json.dumps({"type": "ping"}).encode())
    assert await talk.closed() == (4400, "Messages are text")


@pytest.mark.parametrize("size", [1_000_001, 1_500_000])
async def test_what_is_too_long_is_1009(served: Served, size: int) -> None:
    talk = await served.begun()
    await talk.socket.send_str(json.dumps({"type": "ping", "payload": {"a": "x" * size}}))
    assert await talk.closed() == (1009, "A message may have 1000000 bytes")


VARIABLES: list[Any] = [
    {"k": "\0"},
    {"k": "\ud800"},
    {"k": 10**400},
    {"k": None},
    {"k": ["a"]},
    {"k": {"a": {}}},
    {"k": "x" * 100_000},
    {"K": "x"},
    {str(n): n for n in range(5000)},
]


@pytest.mark.parametrize("variables", VARIABLES, ids=range(len(VARIABLES)))
@pytest.mark.parametrize(
    "document",
    [
        "query ($k: String!) { portal(key: $k) { title } }",
        "subscription ($k: String!) { syncProgress(portal: $k) { portals { portal { key } } } }",
    ],
)
async def test_hostile_variables_end_nothing_but_the_operation(
    served: Served, variables: Any, document: str
) -> None:
    talk = await served.begun()
    await talk.subscribe("1", document, variables=variables)
    received = await talk.socket.receive(20)
    if received.type.name == "CLOSE":
        assert talk.socket.close_code == 4400  # what no JSON of ours can hold
        return
    told = json.loads(received.data)
    assert (told["id"], told["type"]) == ("1", "error")
    assert told["payload"][0]["extensions"]["code"] in {"BAD_USER_INPUT", "DOCUMENT_TOO_LARGE"}
    await talk.subscribe("2", QUERY)
    assert (await talk.hear())["payload"]["data"] == TITLE
