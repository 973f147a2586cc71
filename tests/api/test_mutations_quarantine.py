"""What operators have read again out of quarantine: who sees its bytes, and what comes of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from api.operating import QUARANTINE, Asking, code

RETRY = """mutation($ids: [ID!]) { retryQuarantine(input: {ids: $ids}) {
  read refused unreadable minVersion entries { id reason releasedAt text } } }"""
ALL_OF = """mutation($portal: [String!], $all: Boolean) { retryQuarantine(input: {portal: $portal, all: $all}) {
  read refused unreadable entries { id } } }"""


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
