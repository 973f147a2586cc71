"""What operators say by GraphQL: who may, what comes of it, and that it can be read at once."""

from __future__ import annotations

import msgspec
import pytest
from api.conftest import Serving
from api.engines import engine_on
from api.operating import Asking, code
from api.world import GOV, gid, hours_ago

from gateway.access.keys import Keys
from gateway.compose.acting import acts
from gateway.compose.deciding import Desk
from gateway.model.identity import global_id
from gateway.postgres import connect
from gateway.store import lease
from harvest_graphql.schema import core
from harvest_graphql.sockets.messages import PROTOCOL
from harvest_graphql.visibility import ADMIN

APPROVE = """mutation($id: ID!) { approveDeletion(input: {id: $id}) {
  gone minVersion deletion { id state rows examples { __typename id presence } portal { key } } } }"""
REJECT = "mutation($id: ID!) { rejectDeletion(input: {id: $id}) { deletion { state decidedAt } minVersion } }"
LIST = """{ heldDeletions { totalCount nodes { id entityType stream scope rows members heldAt run { kind } state
  examples { nativeId ... on HarvestSource { name } } } } }"""


def test_every_mutation_has_somebody_who_does_it() -> None:
    mutation = core().mutation_type
    assert mutation is not None
    assert set(mutation.fields) == set(acts(Desk(None)))  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["", "syncer", "reader"])
async def test_nobody_else_may(ask: Asking, key: str) -> None:
    held, id_ = await ask.held("air")
    told = await ask(APPROVE, key, id=id_)
    assert (code(told), "data" in told) == ("FORBIDDEN", False)
    assert "scope admin" in told["errors"][0]["message"]
    assert (
        await ask.world.connection.fetchval("SELECT decision FROM held_deletion WHERE id = $1", held) is None
    )


async def test_what_waits_is_listed_with_examples(ask: Asking) -> None:
    _, id_ = await ask.held("air", "water")
    told = await ask(LIST, "")
    assert told["data"]["heldDeletions"] == {
        "totalCount": 1,
        "nodes": [
            {
                "id": id_, "entityType": "HARVEST_SOURCE", "stream": "sources", "scope": None, "rows": 2,
                "members": 4, "heldAt": hours_ago(2).isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "run": {"kind": "POLL"}, "state": "WAITING",
                "examples": [
                    {"nativeId": "air", "name": "Air quality"}, {"nativeId": "water", "name": "Water"},
                ],
            }
        ],
    }  # fmt: skip
    filtered = "{ heldDeletions(filter: {%s}, first: 5) { totalCount edges { cursor node { id } } } }"
    for given, count in (
        ('portal: ["data-gouv-fr"]', 0), ('portal: ["data-gov"], entityType: [HARVEST_SOURCE]', 1),
        ("state: [APPROVED, REJECTED]", 0), ("state: [WAITING]", 1), ("entityType: [DATASET]", 0),
    ):  # fmt: skip
        assert (await ask(filtered % given, ""))["data"]["heldDeletions"]["totalCount"] == count, given


async def test_what_is_approved_goes_and_can_be_read_at_once(ask: Asking) -> None:
    _, id_ = await ask.held("air", "water", "old")
    query = '{ harvestSource(portal: "data-gov", slug: "air") { presence lastJob { presence } } }'
    assert (await ask(query))["data"]["harvestSource"]["presence"] == "PRESENT"
    told = await ask(APPROVE, id=id_)
    payload = told["data"]["approveDeletion"]
    assert payload["deletion"]["state"] == "APPROVED"
    assert payload["deletion"]["portal"] == {"key": "data-gov"}
    assert payload["deletion"]["examples"] == [
        {"__typename": "HarvestSource", "id": gid("HarvestSource", name), "presence": "GONE"}
        for name in ("air", "water", "old")
    ]
    assert payload["gone"] > 2, "the runs of the sources fall with them"
    after = await ask(query, least=payload["minVersion"])
    assert after["data"]["harvestSource"]["presence"] == "GONE"
    rows = await ask.world.connection.fetch(
        "SELECT native_id, kind, cause, run_id FROM event WHERE entity_type = 'HarvestSource' ORDER BY native_id"
    )
    assert [tuple(row) for row in rows] == [
        ("air", "GONE", "ACTION", None), ("water", "GONE", "ACTION", None),
    ], "the old one was gone already"  # fmt: skip
    again = await ask(APPROVE, id=id_)
    assert (again["data"], code(again)) == ({"approveDeletion": None}, "BAD_USER_INPUT")
    assert "approved already" in again["errors"][0]["message"]


async def test_a_payload_is_one_statement(ask: Asking) -> None:
    """Its parameters are known once something was done."""
    explained = ask.gateway.engine.explain(APPROVE, {"id": global_id("HeldDeletion", "data-gov", "1")})
    assert [(each.key, each.arguments) for each in explained] == [("approveDeletion", [])]


async def test_what_is_rejected_stays(ask: Asking) -> None:
    _, id_ = await ask.held("air")
    told = await ask(REJECT, id=id_)
    assert told["data"]["rejectDeletion"]["deletion"]["state"] == "REJECTED"
    assert told["data"]["rejectDeletion"]["deletion"]["decidedAt"] is not None
    presence = await ask.world.connection.fetchval(
        "SELECT presence FROM harvest_source WHERE native_id = 'air'"
    )
    assert presence == "PRESENT"


async def test_mutations_run_one_after_the_other_and_each_is_told(ask: Asking) -> None:
    _, first = await ask.held("air")
    _, second = await ask.held("water")
    told = await ask(
        "mutation($a: ID!, $b: ID!) { one: rejectDeletion(input: {id: $a}) { deletion { state } }"
        " two: approveDeletion(input: {id: $a}) { gone } three: approveDeletion(input: {id: $b}) { gone } }",
        a=first,
        b=second,
    )
    assert told["data"] == {"one": {"deletion": {"state": "REJECTED"}}, "two": None, "three": {"gone": 1}}
    assert [each["path"] for each in told["errors"]] == [["two"]]
    assert "extensions" in told


@pytest.mark.parametrize(
    "bad", ["x", gid("HarvestSource", "air"), global_id("HeldDeletion", "data-gov", "1e3"), ""]
)
async def test_an_id_of_something_else_does_nothing(ask: Asking, bad: str) -> None:
    _, id_ = await ask.held("air")
    document = (
        "mutation($a: ID!, $b: ID!) { one: rejectDeletion(input: {id: $a}) { minVersion }"
        " two: rejectDeletion(input: {id: $b}) { minVersion } }"
    )
    told = await ask(document, a=id_, b=bad)
    assert (code(told), "data" in told) == ("BAD_ID", False)
    assert (
        await ask.world.connection.fetchval("SELECT count(*) FROM held_deletion WHERE decision IS NULL") == 1
    )
    unknown = await ask(REJECT, id=global_id("HeldDeletion", "data-gov", "999"))
    assert code(unknown) == "BAD_USER_INPUT"


async def test_who_is_at_work_is_said(ask: Asking) -> None:
    _, id_ = await ask.held("air")
    connection = await connect(ask.gateway.url)
    held = await lease.take(connection, GOV, "portal", "somebody")
    async with engine_on(ask.gateway.pool, acts=acts(Desk(ask.gateway, patience=0))) as engine:
        told = msgspec.json.decode(await engine.execute(APPROVE, {"id": id_}, scopes=frozenset({ADMIN})))
    assert code(told) == "PORTAL_BUSY"
    assert "somebody" in told["errors"][0]["message"]
    await lease.give_back(connection, held)
    await connection.close()
    assert "errors" not in await ask(APPROVE, id=id_)


async def test_a_mutation_over_a_websocket_is_done_once(ask: Asking) -> None:
    _, id_ = await ask.held("air")
    headers = {"X-Api-Key": ask.keys["admin"]}
    async with ask.session.ws_connect("/graphql", protocols=(PROTOCOL,), headers=headers) as socket:
        await socket.send_json({"type": "connection_init"})
        await socket.send_json(
            {"type": "subscribe", "id": "1", "payload": {"query": REJECT, "variables": {"id": id_}}}
        )
        told = [await socket.receive_json() for _ in range(3)]
    assert [each["type"] for each in told] == ["connection_ack", "next", "complete"]
    assert told[1]["payload"]["data"]["rejectDeletion"]["deletion"]["state"] == "REJECTED"


async def test_an_endpoint_that_trusts_its_own_documents_runs_no_other_mutation(serving: Serving) -> None:
    gateway, session = await serving(documents="trusted")
    key = (await Keys(gateway.pool).create("ops", ["admin"])).key
    body = {"query": REJECT, "variables": {"id": global_id("HeldDeletion", "data-gov", "1")}}
    async with session.post("/graphql", json=body, headers={"X-Api-Key": key}) as answer:
        assert (answer.status, code(await answer.json())) == (403, "DOCUMENT_NOT_TRUSTED")


async def test_what_waits_is_told_to_prometheus(ask: Asking) -> None:
    await ask.held("air")
    await ask.kept(None, b"<html>")
    async with ask.session.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    assert 'harvest_gateway_portal_held_deletions{portal="data-gov"} 1.0' in lines
    assert 'harvest_gateway_portal_quarantined{portal="data-gov"} 1.0' in lines
    assert 'harvest_gateway_portal_quarantined{portal="data-gouv-fr"} 0.0' in lines


async def test_who_decided_is_noted_and_told_to_who_may_read_it(ask: Asking) -> None:
    _, let_go = await ask.held("air")
    _, kept = await ask.held("water")
    await ask(APPROVE, id=let_go)
    told = await ask(REJECT.replace("decidedAt", "decidedAt decidedBy"), id=kept)
    assert told["data"]["rejectDeletion"]["deletion"]["decidedBy"] == "admin"
    every = "{ heldDeletions(filter: {state: [APPROVED, REJECTED]}) { nodes { decidedBy } } }"
    assert (await ask(every, "reader"))["data"]["heldDeletions"]["nodes"] == [{"decidedBy": "admin"}] * 2
    public = await ask(every, "")
    assert public["data"]["heldDeletions"]["nodes"] == [{"decidedBy": None}] * 2
    assert "PRIVATE" in {notice["code"] for notice in public["extensions"]["notices"]}
