"""Where things were read: documents with the answers they came in, and the rules of each field."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from api.world import FR, Ask, World, gid

from gateway.model.enums import EntityType
from harvest_graphql.engine import Engine
from harvest_graphql.visibility import READ_PRIVATE

FACTS = "hash bytes endpoint mask fetchedAt pageHash parent position counted"
DOCUMENT = f"query ($id: ID!) {{ node(id: $id) {{ ... on Entity {{ document {{ {FACTS} text json }} }} }} }}"
HOW = "{ field adapterVersion rules { pointer rule basis clock } document { hash } }"
PROVENANCE = f"""query ($id: ID!, $field: String!) {{
  node(id: $id) {{ ... on Entity {{ provenance(field: $field) {HOW} document {{ hash }} }} }} }}"""


def fingerprint(body: bytes) -> str:
    return sha256(body).digest()[:16].hex()


async def test_a_document_and_the_answer_it_came_with(private: Ask) -> None:
    answer = await private(DOCUMENT, id=gid("HarvestRecord", "geo-1/0", FR))
    held = {"remote_id": "é", "errors": [{"message": "First"}, {"message": "Second"}]}
    body = json.dumps(held).encode()
    assert answer["data"]["node"]["document"] == {
        "hash": fingerprint(body),
        "bytes": len(body),
        "endpoint": "/harvest/job/geo-1/",
        "mask": "data{*}",
        "fetchedAt": "2026-11-20T10:00:00.000000Z",
        "pageHash": b"page".hex(),
        "parent": "geo-1",
        "position": 0,
        "counted": None,
        "text": body.decode(),
        "json": held,
    }


async def test_errors_and_datasets_have_the_document_that_they_came_in(private: Ask) -> None:
    async def document(type_: str, native_id: str, portal: int) -> Any:
        answer = await private(DOCUMENT, id=gid(type_, native_id, portal))
        return answer["data"]["node"]["document"]

    item = await document("HarvestRecord", "geo-1/0", FR)
    assert await document("HarvestError", "geo-1/0/e0", FR) == item
    assert await document("HarvestError", "geo-1/0/e1", FR) == item
    job = await document("HarvestJob", "geo-1", FR)
    assert await document("HarvestError", "geo-1/e0", FR) == job
    assert job["counted"] == {"total": 3}
    assert job["json"]["errors"] == [{"message": "The run stopped"}]
    assert await document("Dataset", "no2", 2) == await document("HarvestRecord", "r1", 2)
    assert await document("Dataset", "lost-set", 2) == await document("HarvestRecord", "r1", 2)
    assert await document("Dataset", "gone-set", 2) is None
    assert await document("HarvestError", "e-job", 2) is None
    assert await document("HarvestSource", "stub", 2) is None


async def test_the_latest_record_speaks_where_no_text_was_read(own_engine: Engine, own_world: World) -> None:
    await own_world.connection.execute("UPDATE dataset SET text_record_id = NULL")
    answer = json.loads(await own_engine.execute(DOCUMENT, {"id": gid("Dataset", "no2")}))
    of_latest = json.loads(await own_engine.execute(DOCUMENT, {"id": gid("HarvestRecord", "r0")}))
    assert answer["data"] == of_latest["data"]
    assert answer["data"]["node"]["document"]["bytes"] > 0


async def test_an_error_with_a_document_of_its_own(own_engine: Engine, own_world: World) -> None:
    body = b'{"message": "mine"}'
    await own_world.document("e1-0", body, EntityType.HARVEST_ERROR)
    answer = json.loads(await own_engine.execute(DOCUMENT, {"id": gid("HarvestError", "e1-0")}))
    assert answer["data"]["node"]["document"]["hash"] == fingerprint(body)
    how = json.loads(
        await own_engine.execute(PROVENANCE, {"id": gid("HarvestError", "e1-0"), "field": "message"})
    )
    assert how["data"]["node"]["provenance"]["rules"][0]["pointer"] == "/message"


BODIES = {
    b"\xff\xfe not even text": (None, None),
    b'{"a": "\xed\xa0\x80"}': (None, None),
    b'{"cut": "\xc3': (None, None),
    b"\xc3\n\xa9": (None, None),
    b"": ("", None),
    b'plain "text" \\ here\t\n': ('plain "text" \\ here\t\n', None),
    b"a\x00b \\000 \\\x00": ("a\ufffdb \\000 \\\ufffd", None),
    "é ☃ 😀 \\x".encode(): ("é ☃ 😀 \\x", None),
    b'1, "ok": 1': ('1, "ok": 1', None),
    b'{"a": "nul \\u0000 \\\\u0000"}': (
        '{"a": "nul \\u0000 \\\\u0000"}',
        {"a": "nul \ufffd \\u0000"},
    ),
    b'{"a": 1e999999}': ('{"a": 1e999999}', {"a": float("inf")}),
    b'{"a": 1.50, "a": 2}': ('{"a": 1.50, "a": 2}', {"a": 2}),
    b"[" * 20_000 + b"]" * 20_000: ("[" * 20_000 + "]" * 20_000, None),
    b"".join(bytes([code]) for code in range(1, 128)): ("".join(chr(code) for code in range(1, 128)), None),
}


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_documents_of_any_bytes(own_engine: Engine, own_world: World, body: bytes) -> None:
    await own_world.document("r0", body)
    answer = await own_engine.execute(
        DOCUMENT, {"id": gid("HarvestRecord", "r0")}, scopes=frozenset({READ_PRIVATE})
    )
    document = json.loads(answer)["data"]["node"]["document"]
    assert (document["text"], document["json"]) == BODIES[body]
    assert document["bytes"] == len(body)


async def test_the_rules_of_a_field_in_their_order(data: Ask) -> None:
    found = (await data(PROVENANCE, id=gid("HarvestRecord", "geo-1/0", FR), field="status"))["node"]
    assert found["provenance"] == {
        "field": "status",
        "adapterVersion": 7,
        "rules": [
            {"pointer": "/status", "rule": "the word", "basis": "DERIVED", "clock": None},
            {"pointer": None, "rule": "then the clock", "basis": "DERIVED", "clock": None},
        ],
        "document": found["document"],
    }
    assert found["document"]["hash"]


@pytest.mark.parametrize(
    ("type_", "native_id", "field", "rule"),
    [
        ("HarvestRecord", "geo-1/0", "createdAt", ("/created", None, "DIRECT", "UTC_ASSUMED")),
        ("HarvestJob", "geo-1", "counts.total", ("/total", None, "DIRECT", None)),
        ("HarvestError", "geo-1/e0", "message", ("/errors/0/message", None, "DIRECT", None)),
        ("HarvestError", "geo-1/0/e1", "message", ("/errors/1/message", None, "DIRECT", None)),
        ("HarvestError", "geo-1/0/e1", "severity", (None, "nothing milder is listed", "ASSUMED", None)),
    ],
)
async def test_pointers_lead_into_the_document(
    private: Ask, type_: str, native_id: str, field: str, rule: tuple[str | None, ...]
) -> None:
    answer = await private(PROVENANCE, id=gid(type_, native_id, FR), field=field)
    (found,) = answer["data"]["node"]["provenance"]["rules"]
    assert tuple(found.values()) == rule


async def test_the_value_of_an_error_is_where_its_pointer_leads(private: Ask) -> None:
    answer = await private(
        """{ harvestErrors(filter: {portal: ["data-gouv-fr"]}) { nodes { message
               provenance(field: "message") { rules { pointer } document { json } } } } }"""
    )
    nodes = answer["data"]["harvestErrors"]["nodes"]
    assert len(nodes) == 3
    for node in nodes:
        value = node["provenance"]["document"]["json"]
        for step in node["provenance"]["rules"][0]["pointer"].split("/")[1:]:
            value = value[int(step) if step.isdecimal() else step]
        assert value == node["message"]


@pytest.mark.parametrize("field", ["raw", "raw.text", "errors", "job.counts.total", "id"])
async def test_nothing_is_known_of_other_fields(data: Ask, field: str) -> None:
    found = await data(PROVENANCE, id=gid("HarvestRecord", "r0"), field=field)
    assert found["node"]["provenance"] is None


async def test_a_field_that_no_database_can_be_asked_for(answer: Ask) -> None:
    found = await answer(PROVENANCE, id=gid("HarvestRecord", "r0"), field="a\0")
    assert found["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_many_rows_with_documents_and_provenance_are_one_statement(engine: Engine) -> None:
    before = engine.sent
    answer = await engine.execute(
        f"""query ($f: String!) {{ harvestRecords {{ nodes {{ nativeId document {{ {FACTS} text json }}
              a: provenance(field: $f) {HOW} b: provenance(field: "createdAt") {HOW}
              errors {{ nodes {{ document {{ hash }} provenance(field: "message") {HOW} }} }}
              dataset {{ document {{ hash }} }} }} }} }}""",
        {"f": "status"},
        scopes=frozenset({READ_PRIVATE}),
    )
    assert engine.sent - before == 1
    nodes = json.loads(answer)["data"]["harvestRecords"]["nodes"]
    assert len(nodes) == 6
    assert all(len(node["a"]["rules"]) == 2 and node["b"]["field"] == "createdAt" for node in nodes)
