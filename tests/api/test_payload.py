from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from api.world import FR, Ask, World, gid

from gateway.model.identity import global_id
from harvest_graphql.engine import Engine

FIELDS = "{ state mediaType bytes sha256 text json href }"


async def payloads(data: Ask, native_id: str, portal: int = 2) -> Any:
    fields = f"raw {FIELDS} transformed {FIELDS}"
    document = f"query ($id: ID!) {{ node(id: $id) {{ ... on HarvestRecord {{ {fields} }} }} }}"
    return (await data(document, id=gid("HarvestRecord", native_id, portal)))["node"]


def stored(text: str, media_type: str, value: Any = None) -> Any:
    return {
        "state": "STORED",
        "mediaType": media_type,
        "bytes": len(text.encode()),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "text": text,
        "json": value,
        "href": None,
    }


def missing(state: str, href: str | None = None) -> Any:
    return {
        "state": state,
        "mediaType": None,
        "bytes": None,
        "sha256": None,
        "text": None,
        "json": None,
        "href": href,
    }


async def test_json_as_the_publisher_sent_it_and_nothing_made_of_it(data: Ask) -> None:
    found = await payloads(data, "r0")
    value = {"title": "NO₂", "n": [1, 2]}
    assert found["raw"] == stored(json.dumps(value, ensure_ascii=False), "application/json", value)
    assert found["transformed"] == missing("ABSENT")


async def test_xml_and_what_the_portal_made_of_it(data: Ask) -> None:
    found = await payloads(data, "r1")
    assert found["raw"] == stored("<xml/>", "application/xml")
    assert found["transformed"] == stored('{"a":"é","b":1}', "application/json", {"a": "é", "b": 1})


@pytest.mark.parametrize("native_id", ["r3", "r4"])
async def test_documents_without_it_or_that_nobody_can_read(data: Ask, native_id: str) -> None:
    assert await payloads(data, native_id) == {
        "raw": missing("NOT_FETCHED"),
        "transformed": missing("NOT_FETCHED"),
    }


async def test_a_poison_document_fails_no_statement(data: Ask) -> None:
    found = await payloads(data, "r2")
    assert found["raw"]["text"] == "nul \ufffd inside"
    assert found["raw"]["mediaType"] == "text/plain"
    assert found["transformed"]["state"] == "NOT_FETCHED"


async def test_a_portal_that_hands_out_no_payload(data: Ask) -> None:
    found = await payloads(data, "geo-1/0", FR)
    assert found == {
        "raw": missing("NOT_FETCHED", "https://geo.example/0"),
        "transformed": missing("NOT_FETCHED"),
    }


async def test_logs_arguments_and_position(data: Ask) -> None:
    found = await data(
        """query ($id: ID!) { node(id: $id) { ... on HarvestRecord {
             position args kwargs logs { position level nativeLevel message } } } }""",
        id=gid("HarvestRecord", "geo-1/0", FR),
    )
    assert found["node"] == {
        "position": 0,
        "args": ["a"],
        "kwargs": {"page": 1},
        "logs": [
            {"position": 0, "level": "INFO", "nativeLevel": "INFO", "message": 'said "no"'},
            {"position": 1, "level": "ERROR", "nativeLevel": "CRITICAL", "message": None},
        ],
    }


async def of_record(engine: Engine, native_id: str) -> Any:
    document = """query ($id: ID!) { node(id: $id) { ... on HarvestRecord { raw { ...P } transformed { ...P } } } }
      fragment P on Payload { id state mediaType bytes sha256 text json caveat download }"""
    answer = json.loads(await engine.execute(document, {"id": gid("HarvestRecord", native_id)}))
    return answer["data"]["node"]


async def test_ids_and_addresses_of_payloads(engine: Engine) -> None:
    found = await of_record(engine, "r0")
    raw, transformed = (global_id(type_, "data-gov", "r0") for type_ in ("RawPayload", "TransformedPayload"))
    assert (found["raw"]["id"], found["raw"]["download"]) == (raw, f"/payloads/{raw}")
    assert (found["transformed"]["id"], found["transformed"]["download"]) == (transformed, None)
    unread = (await of_record(engine, "r3"))["raw"]
    assert (unread["state"], unread["download"]) == ("NOT_FETCHED", f"/payloads/{unread['id']}")


async def test_what_data_gov_did_to_json_is_said(
    engine: Engine, own_engine: Engine, own_world: World
) -> None:
    assert "order of its arrays is lost" in (await of_record(engine, "r0"))["raw"]["caveat"]
    xml = await of_record(engine, "r1")
    assert (xml["raw"]["caveat"], xml["transformed"]["caveat"]) == (None, None)
    await own_world.connection.execute("UPDATE portal SET adapter = 'another' WHERE number = 2")
    assert (await of_record(own_engine, "r0"))["raw"]["caveat"] is None


PAYLOADS = [
    (
        b"<a>\xc3\xa9</a>",
        "application/xml; charset=utf-8",
        ("<a>é</a>", None, "application/xml; charset=utf-8"),
    ),
    (b"<a>\xe9</a>", "application/xml", (None, None, "application/xml")),
    (b"<a>\xe9</a>", None, (None, None, "application/octet-stream")),
    (b'{"b": [2, 1]}', None, ('{"b": [2, 1]}', {"b": [2, 1]}, "application/json")),
    (b"nul \x00", None, ("nul \ufffd", None, "text/plain")),
    (b"", "application/xml; charset=utf-8", ("", None, "application/xml; charset=utf-8")),
]


@pytest.mark.parametrize(("body", "media_type", "expected"), PAYLOADS)
async def test_payloads_that_were_asked_for_by_themselves(
    own_engine: Engine, own_world: World, body: bytes, media_type: str | None, expected: tuple[Any, ...]
) -> None:
    await own_world.payload("r3", "RAW", body, media_type)
    found = (await of_record(own_engine, "r3"))["raw"]
    assert (found["text"], found["json"], found["mediaType"]) == expected
    assert (found["state"], found["bytes"]) == ("STORED", len(body))
    assert found["sha256"] == hashlib.sha256(body).hexdigest()


async def test_what_the_portal_made_of_it_is_canonical_wherever_it_came_from(
    own_engine: Engine, own_world: World
) -> None:
    await own_world.payload("r3", "TRANSFORMED", b'{ "b": 1, "a": "\\u00e9" }', "application/json")
    found, same = await of_record(own_engine, "r3"), await of_record(own_engine, "r1")
    for key in ("state", "mediaType", "bytes", "sha256", "text", "json"):
        assert found["transformed"][key] == same["transformed"][key]
    await own_world.payload("r4", "TRANSFORMED", b"no json", "text/plain")
    assert (await of_record(own_engine, "r4"))["transformed"]["text"] == "no json"


async def test_a_portal_that_said_that_there_is_none(own_engine: Engine, own_world: World) -> None:
    await own_world.payload("r3", "RAW", None)
    found = await of_record(own_engine, "r3")
    assert (found["raw"]["state"], found["raw"]["download"]) == ("ABSENT", None)
    assert found["transformed"]["state"] == "NOT_FETCHED"


async def test_what_the_document_holds_is_not_replaced(own_engine: Engine, own_world: World) -> None:
    await own_world.payload("r0", "RAW", b"other")
    await own_world.payload("r0", "TRANSFORMED", b"other")
    found = await of_record(own_engine, "r0")
    assert found["raw"]["json"] == {"title": "NO₂", "n": [1, 2]}
    assert found["transformed"]["state"] == "ABSENT"
