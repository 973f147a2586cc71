"""What operators say by GraphQL: who may, what comes of it, and that it can be read at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from api.conftest import Serving
from api.engines import engine_on
from api.world import FR, GOV, NOW, World, gid, hours_ago
from graphql import GraphQLObjectType

from gateway.access.keys import Keys
from gateway.cli.forgetting import KINDS
from gateway.compose import Gateway
from gateway.compose.acting import acts
from gateway.compose.deciding import Desk
from gateway.model.document import digest
from gateway.model.identity import global_id
from gateway.postgres import connect
from gateway.store import lease, ledger
from harvest_graphql.schema import core
from harvest_graphql.sockets.messages import PROTOCOL
from harvest_graphql.visibility import ADMIN

APPROVE = """mutation($id: ID!) { approveDeletion(input: {id: $id}) {
  gone minVersion deletion { id state rows examples { __typename id presence } portal { key } } } }"""
REJECT = "mutation($id: ID!) { rejectDeletion(input: {id: $id}) { deletion { state decidedAt } minVersion } }"
RETRY = """mutation($ids: [ID!]) { retryQuarantine(input: {ids: $ids}) {
  read refused unreadable minVersion entries { id reason releasedAt text } } }"""
LIST = """{ heldDeletions { totalCount nodes { id entityType stream scope rows members heldAt run { kind } state
  examples { nativeId ... on HarvestSource { name } } } } }"""
SECRETS = {"admin": ("admin",), "syncer": ("sync",), "reader": ("read-private",)}


class Asking:
    """Asks an endpoint, with keys of its own."""

    def __init__(
        self, gateway: Gateway, session: ClientSession, world: World, keys: Mapping[str, str]
    ) -> None:
        self.gateway = gateway
        self.session = session
        self.world = world
        self.keys = keys

    async def __call__(self, document: str, key: str = "admin", *, least: int = 0, **variables: Any) -> Any:
        headers = {"X-Api-Key": self.keys[key]} if key else {}
        extensions = {"minVersion": least} if least else {}
        body = {"query": document, "variables": variables, "extensions": extensions}
        async with self.session.post("/graphql", json=body, headers=headers) as answer:
            return await answer.json()

    async def held(self, *names: str) -> tuple[int, str]:
        """Hold the deletion of sources; return its key and its id."""
        keys = [self.world.keys["harvest_source", name] for name in names]
        key = await self.world.add(
            ledger.HeldDeletion, portal=GOV, stream="sources", scope="", entity_type="HarvestSource",
            entity_ids=keys, members=4, held_at=hours_ago(2), run_id=1,
        )  # fmt: skip
        assert key is not None
        return key, global_id("HeldDeletion", "data-gov", str(key))

    async def kept(self, native_id: str | None, body: bytes, **more: Any) -> str:
        """Put an element in quarantine; return its id."""
        key = await self.world.add(
            ledger.Quarantine, portal=GOV, stream="sources", scope="", entity_type="HarvestSource",
            native_id=native_id, reason="a rule of yesterday", hash=digest(body), body=body, fetch_id=GOV,
            first_seen_at=hours_ago(9), last_seen_at=NOW, **more,
        )  # fmt: skip
        return global_id("QuarantineEntry", "data-gov", str(key))


@pytest.fixture
async def ask(serving: Serving, own_world: World) -> Asking:
    gateway, session = await serving()
    keys = Keys(gateway.pool)
    made = {name: (await keys.create(name, scopes)).key for name, scopes in SECRETS.items()}
    return Asking(gateway, session, own_world, made)


def code(told: Any) -> str:
    found: str = told["errors"][0]["extensions"]["code"]
    return found


def test_every_mutation_has_somebody_who_does_it() -> None:
    mutation = core().mutation_type
    assert mutation is not None
    assert set(mutation.fields) == set(acts(Desk(None)))  # type: ignore[arg-type]


def test_the_command_line_tells_the_same_of_what_was_blanked() -> None:
    told = core().type_map["BlankedRows"]
    assert isinstance(told, GraphQLObjectType)
    assert list(told.fields) == ["portal", *KINDS, "forgottenAt", "forgottenBy"]


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


QUARANTINE = """query($filter: QuarantineFilter) { quarantine(filter: $filter) { totalCount nodes {
  id entityType nativeId reason bytes hash sightings retriable text base64 endpoint releasedAt } } }"""


async def test_bytes_in_quarantine_are_private(ask: Asking) -> None:
    id_ = await ask.kept(None, b'{"mail": "secret@example.org\xff"}')
    public = await ask(QUARANTINE, "")
    [entry] = public["data"]["quarantine"]["nodes"]
    assert (entry["id"], entry["bytes"], entry["text"], entry["base64"]) == (id_, 31, None, None)
    assert "PRIVATE" in {notice["code"] for notice in public["extensions"]["notices"]}
    [shown] = (await ask(QUARANTINE, "reader"))["data"]["quarantine"]["nodes"]
    assert (shown["text"], shown["base64"][:12]) == (None, "eyJtYWlsIjog"), "these bytes are no UTF-8"
    await ask.kept("s", b'{"a": "\\u0000"}')
    for given, count in (
        ({"reasonContains": "RULE"}, 2), ({"released": True}, 0), ({"stream": ["jobs"]}, 0),
        ({"portal": ["data-gov"], "nativeId": ["s"]}, 1),
    ):  # fmt: skip
        told = await ask(QUARANTINE, "", filter=given)
        assert told["data"]["quarantine"]["totalCount"] == count, given


async def test_what_reads_now_is_stored(ask: Asking) -> None:
    source = {"id": "new", "name": "New source", "url": "https://new.example", "organization_id": "epa"}
    good = await ask.kept("new", msgspec.json.encode(source), retriable=True)
    bad = await ask.kept("worse", b"[1]", retriable=True)
    page = await ask.kept(None, b"<html>")
    told = await ask(RETRY, ids=[good, bad, page, good])
    payload = told["data"]["retryQuarantine"]
    assert [payload[name] for name in ("read", "refused", "unreadable")] == [1, 1, 1]
    assert [entry["releasedAt"] is None for entry in payload["entries"]] == [False, True, True]
    assert payload["entries"][1]["reason"] != "a rule of yesterday", "it says what is wrong today"
    query = '{ harvestSource(portal: "data-gov", nativeId: "new") { name presence document { text } } }'
    found = (await ask(query, least=payload["minVersion"]))["data"]["harvestSource"]
    assert (found["name"], found["presence"]) == ("New source", "PRESENT")
    assert found["document"]["text"] == msgspec.json.encode(source).decode()
    again = await ask(RETRY, ids=[good])
    assert (code(again), "released already" in again["errors"][0]["message"]) == ("BAD_USER_INPUT", True)
    for ids in ([], [good] * 101):
        assert code(await ask(RETRY, ids=ids)) == "BAD_USER_INPUT"


async def test_what_waits_is_told_to_prometheus(ask: Asking) -> None:
    await ask.held("air")
    await ask.kept(None, b"<html>")
    async with ask.session.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    assert 'harvest_gateway_portal_held_deletions{portal="data-gov"} 1.0' in lines
    assert 'harvest_gateway_portal_quarantined{portal="data-gov"} 1.0' in lines
    assert 'harvest_gateway_portal_quarantined{portal="data-gouv-fr"} 0.0' in lines


FORGET = """mutation($person: ID, $email: String) { forgetPerson(input: {person: $person, email: $email}) { minVersion
  blanked { portal { key title } persons documents quarantine payloads history events } } }"""


async def test_somebody_is_forgotten_and_that_can_be_read_at_once(ask: Asking) -> None:
    zoe = gid("Person", "zoe", FR)
    query = '{ person(portal: "data-gouv-fr", nativeId: "zoe") { id firstName lastName } }'
    assert (await ask(query))["data"]["person"]["firstName"] == "Zoé"
    told = (await ask(FORGET, person=zoe))["data"]["forgetPerson"]
    nothing = dict.fromkeys(("documents", "quarantine", "payloads", "history", "events"), 0)
    portal = {"key": "data-gouv-fr", "title": "data.gouv.fr"}
    assert told["blanked"] == [{"portal": portal, "persons": 1, **nothing}]
    after = await ask(query, least=told["minVersion"])
    assert after["data"]["person"] == {"id": zoe, "firstName": None, "lastName": None}
    again = (await ask(FORGET, person=zoe))["data"]["forgetPerson"]
    assert again["blanked"] == [{"portal": portal, "persons": 0, **nothing}]


async def test_an_address_is_forgotten_at_every_portal(ask: Asking) -> None:
    await ask.kept("s", b'{"mail": "Secret@example.org"}', retriable=True)
    told = (await ask(FORGET, email="secret@example.org"))["data"]["forgetPerson"]["blanked"]
    assert [(each["portal"]["key"], each["quarantine"]) for each in told] == [
        ("data-gouv-fr", 0),
        ("data-gov", 1),
    ]
    [entry] = (await ask(QUARANTINE, "reader"))["data"]["quarantine"]["nodes"]
    assert entry["text"] == '{"mail":null}'


@pytest.mark.parametrize(
    ("given", "expected", "words"),
    [
        ({}, "BAD_USER_INPUT", "and not both"),
        ({"person": gid("Person", "zoe", FR), "email": "a@example.org"}, "BAD_USER_INPUT", "and not both"),
        ({"email": "data-gouv-fr/zoe"}, "BAD_USER_INPUT", "no e-mail address"),
        ({"person": gid("HarvestSource", "air")}, "BAD_ID", "id of a HarvestSource"),
        ({"person": "zoe"}, "BAD_ID", "not an id"),
        ({"person": gid("Person", "nobody", FR)}, "BAD_USER_INPUT", "no person"),
        ({"person": global_id("Person", "elsewhere", "zoe")}, "BAD_USER_INPUT", "no portal"),
    ],
)
async def test_nobody_else_is_forgotten(ask: Asking, given: Any, expected: str, words: str) -> None:
    told = await ask(FORGET, **given)
    assert (code(told), words in told["errors"][0]["message"]) == (expected, True)
    assert await ask.world.connection.fetchval("SELECT count(*) FROM forgotten") == 0
    told = await ask(FORGET, "reader", person=gid("Person", "zoe", FR))
    assert code(told) == "FORBIDDEN"


ALL_OF = """mutation($portal: [String!], $all: Boolean) { retryQuarantine(input: {portal: $portal, all: $all}) {
  read refused unreadable entries { id } } }"""


async def test_all_of_a_portal_is_read_again(ask: Asking) -> None:
    source = {"id": "new", "name": "New source", "url": "https://new.example", "organization_id": "epa"}
    good = await ask.kept("new", msgspec.json.encode(source), retriable=True)
    bad = await ask.kept("worse", b"[1]", retriable=True)
    page = await ask.kept(None, b"<html>")
    counts = ("read", "refused", "unreadable")
    asked: list[tuple[dict[str, Any], list[int], list[str]]] = [
        ({"portal": ["data-gouv-fr"]}, [0, 0, 0], []),
        ({"portal": ["data-gov", "data-gouv-fr"], "all": False}, [1, 1, 1], [good, bad, page]),
        (
            {"all": True},
            [0, 2, 1],
            [bad, page],
        ),  # and a record of the seeded world, which was read again, too
    ]
    for given, expected, entries in asked:
        told = (await ask(ALL_OF, **given))["data"]["retryQuarantine"]
        assert [told[name] for name in counts] == expected, given
        assert [entry["id"] for entry in told["entries"]][: len(entries)] == entries


async def test_of_all_that_was_read_again_a_hundred_are_shown(ask: Asking) -> None:
    for number in range(120):
        await ask.kept(f"{number}", b"[%d]" % number, retriable=True)
    told = (await ask(ALL_OF, portal=["data-gov"]))["data"]["retryQuarantine"]
    assert (told["refused"], len(told["entries"])) == (120, 100)


@pytest.mark.parametrize(
    "given", [{}, {"all": False}, {"portal": ["data-gov"], "all": True}, {"portal": ["data-gov", "nope"]}]
)
async def test_what_is_read_again_is_said_plainly(ask: Asking, given: Any) -> None:
    id_ = await ask.kept("s", b"[1]", retriable=True)
    assert code(await ask(ALL_OF, **given)) == "BAD_USER_INPUT"
    both = "mutation($id: ID!) { retryQuarantine(input: {ids: [$id], all: true}) { read } }"
    assert code(await ask(both, id=id_)) == "BAD_USER_INPUT"
    [entry] = (await ask(QUARANTINE))["data"]["quarantine"]["nodes"]
    assert entry["reason"] == "a rule of yesterday"


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


async def test_who_had_elements_read_again_is_noted(ask: Asking) -> None:
    id_ = await ask.kept("worse", b"[1]", retriable=True)
    other = await ask.kept("other", b"[2]", retriable=True)
    await ask(RETRY, ids=[id_])
    told = await ask("{ quarantine { nodes { id retriedAt retriedBy } } }")
    found = {
        each["id"]: (each["retriedAt"] is not None, each["retriedBy"])
        for each in told["data"]["quarantine"]["nodes"]
    }
    assert (found[id_], found[other]) == ((True, "admin"), (False, None))


async def test_who_had_somebody_forgotten_is_noted(ask: Asking) -> None:
    document = FORGET.replace("events }", "events forgottenAt forgottenBy }")
    [first] = (await ask(document, person=gid("Person", "zoe", FR)))["data"]["forgetPerson"]["blanked"]
    assert first["forgottenBy"] == "admin"
    ask.keys = {**ask.keys, "other": (await Keys(ask.gateway.pool).create("other", ["admin"])).key}
    [again] = (await ask(document, "other", person=gid("Person", "zoe", FR)))["data"]["forgetPerson"][
        "blanked"
    ]
    assert (again["forgottenAt"], again["forgottenBy"]) == (first["forgottenAt"], "admin"), (
        "who said so first"
    )
