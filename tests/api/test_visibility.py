"""What a scope shows, and what everybody sees without it."""

from __future__ import annotations

import json
from typing import Any

from api.world import FR, Ask, gid

from harvest_graphql.engine import Engine
from harvest_graphql.visibility import READ_PRIVATE

DOCUMENT = """{ air: harvestSource(portal: "data-gov", slug: "air") { notificationEmails native }
  geo: harvestSource(portal: "data-gouv-fr", slug: "geo") { native } }"""
TEXT = "query ($id: ID!) { node(id: $id) { ... on Entity { document { bytes text json } } } }"


def withheld(answer: Any) -> list[str]:
    return [each["field"] for each in answer["extensions"]["notices"] if each["code"] == "PRIVATE"]


async def test_personal_data_need_the_scope(answer: Ask, private: Ask) -> None:
    hidden = await answer(DOCUMENT)
    assert hidden["data"] == {
        "air": {"notificationEmails": None, "native": {"extra": "word"}},
        "geo": {"native": None},
    }
    assert withheld(hidden) == ["HarvestSource.notificationEmails"]
    shown = await private(DOCUMENT)
    assert shown["data"] == {
        "air": {
            "notificationEmails": ["secret@example.org"],
            "native": {"extra": "word", "email": "secret@example.org"},
        },
        "geo": {"native": None},
    }
    assert withheld(shown) == []


async def test_the_bytes_of_a_document_need_the_scope(answer: Ask, private: Ask) -> None:
    id_ = gid("HarvestRecord", "geo-1/0", FR)
    hidden = await answer(TEXT, id=id_)
    assert hidden["data"]["node"]["document"] == {"bytes": 80, "text": None, "json": None}
    assert withheld(hidden) == ["Document.json", "Document.text"]
    shown = (await private(TEXT, id=id_))["data"]["node"]["document"]
    assert shown["json"] == json.loads(shown["text"])
    assert len(shown["text"].encode()) == shown["bytes"]


async def test_plans_of_callers_with_and_without_the_scope_are_two(engine: Engine) -> None:
    for scopes, plans in (
        (frozenset(), 1),
        (frozenset({READ_PRIVATE}), 2),
        (frozenset({"other"}), 2),
        (frozenset({READ_PRIVATE, "other"}), 2),
    ):
        answer = await engine.execute(DOCUMENT, scopes=scopes)
        assert (b"secret@example.org" in answer) is (READ_PRIVATE in scopes)
        assert engine.plans == plans


async def test_what_is_explained_is_what_that_caller_is_answered(engine: Engine) -> None:
    everybody = engine.explain(DOCUMENT)
    somebody = engine.explain(DOCUMENT, scopes=frozenset({READ_PRIVATE}))
    assert "notification_emails" not in everybody[0].sql
    assert "notification_emails" in somebody[0].sql
