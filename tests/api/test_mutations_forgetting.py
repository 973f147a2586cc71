"""Whom operators have forgotten: what is blanked, and who said so."""

from __future__ import annotations

from typing import Any

import pytest
from api.operating import QUARANTINE, Asking, code
from api.world import FR, gid
from graphql import GraphQLObjectType

from gateway.access.keys import Keys
from gateway.cli.forgetting import KINDS
from gateway.model.identity import global_id
from harvest_graphql.schema import core

FORGET = """mutation($person: ID, $email: String) { forgetPerson(input: {person: $person, email: $email}) { minVersion
  blanked { portal { key title } persons documents quarantine payloads history events } } }"""


def test_the_command_line_tells_the_same_of_what_was_blanked() -> None:
    told = core().type_map["BlankedRows"]
    assert isinstance(told, GraphQLObjectType)
    assert list(told.fields) == ["portal", *KINDS, "forgottenAt", "forgottenBy"]


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
