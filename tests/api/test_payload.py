from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from api.world import FR, Ask, gid

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
