"""Answers that are found by the bytes of a request: everything that holds for kept answers holds for them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as Client
from api.caching import Keeping, keeping
from api.ways import Server
from api.world import GOV, World, hours_ago

from gateway.store.bookkeeping import DATA
from gateway.store.spending import Taken
from harvest_graphql.serving.addresses import Addresses
from harvest_graphql.serving.callers import Admitted
from harvest_graphql.serving.persisted import Documents
from harvest_graphql.serving.purses import Purses
from harvest_graphql.serving.rates import PERSISTED_PART, Rates
from harvest_graphql.visibility import READ_PRIVATE

QUERY = '{ harvestSource(portal: "data-gov", slug: "air") { notificationEmails name } }'
LIST = "query Q($n: Int) { harvestSources(first: $n) { nodes { name } } }"
PRIVATE = ["secret@example.org"]
LIMIT = 10_000
Ask = Callable[..., Awaitable[Any]]


async def admit(key: str) -> Admitted | None:
    return Admitted(frozenset({READ_PRIVATE}), key) if key == "reader" else None


class Counting:
    """Notes what is observed, and how often the engine is asked by more than bytes."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.taken = 0

    def observe(self, outcome: str, seconds: float) -> None:
        assert seconds > 0
        self.outcomes.append(outcome)

    async def take(self, _: str, amount: int) -> Taken:
        self.taken += amount
        return Taken(None, self.taken - amount, 60)


class Asking:
    """Asks an endpoint with the short way."""

    def __init__(self, client: Client, kept: Keeping, counting: Counting) -> None:
        self.client = client
        self.kept = kept
        self.counting = counting

    async def post(self, body: Any, **headers: str) -> tuple[Any, Any]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.post("/graphql", json=body, headers=sent) as answer:
            return await answer.json(), answer.headers

    def recalls(self, body: Any) -> bool:
        return self.kept.engine.kept(json.dumps(body).encode()) is not None


async def asking(
    kept: Keeping, aiohttp_client: Any, documents: Documents | None = None, limit: int = LIMIT
) -> Asking:
    counting = Counting()
    purses = Purses(counting.take, limit=limit, seconds=60, clock=lambda: 0.0)
    rates = Rates(purses, Addresses(["127.0.0.0/8"]), cost=limit, seconds=60)
    options = {"admit": admit, "documents": documents, "observe": counting.observe, "callers": rates.caller}
    server = Server(kept.engine, web.Application(), is_short=True, **options)
    return Asking(await aiohttp_client(server), kept, counting)


@pytest.fixture
async def kept(seeded_url: str) -> AsyncIterator[Keeping]:
    async with keeping(seeded_url) as kept:
        yield kept


@pytest.fixture
async def ask(kept: Keeping, aiohttp_client: Any) -> Asking:
    return await asking(kept, aiohttp_client)


def left(headers: Any) -> int:
    return int(headers["RateLimit"].split(";")[1].removeprefix("r="))


async def test_the_same_bytes_get_the_same_answer_without_a_statement(ask: Asking) -> None:
    body = {"query": QUERY}
    first, heads = await ask.post(body)
    assert ask.recalls(body)
    sent = ask.kept.engine.sent
    second, again = await ask.post(body)
    assert second == first
    assert {**again, "Date": "", "RateLimit": ""} == {**heads, "Date": "", "RateLimit": ""}
    assert ask.kept.engine.sent == sent
    assert (ask.kept.engine.answers.hits, ask.kept.engine.answers.misses) == (1, 1)
    assert ask.counting.outcomes == ["OK", "OK"]


async def test_a_privileged_answer_reaches_nobody_else(ask: Asking) -> None:
    body = {"query": QUERY}
    for _ in range(2):
        told, heads = await ask.post(body, X_Api_Key="reader")
        assert told["data"]["harvestSource"]["notificationEmails"] == PRIVATE
        assert "private" in heads["Cache-Control"]
        assert not ask.recalls(body)
    for _ in range(2):
        told, heads = await ask.post(body)
        assert told["data"]["harvestSource"]["notificationEmails"] is None
        assert "private" not in heads["Cache-Control"]
    assert ask.recalls(body)
    told, _ = await ask.post(body, Authorization="Bearer reader")
    assert told["data"]["harvestSource"]["notificationEmails"] == PRIVATE
    assert (await ask.post(body, X_Api_Key="unknown"))[0]["errors"][0]["extensions"][
        "code"
    ] == "UNAUTHENTICATED"


async def test_each_address_pays_for_what_it_is_told(ask: Asking) -> None:
    body = {"query": LIST, "variables": {"n": 20}}
    cost = (await ask.post(body, X_Forwarded_For="192.0.2.1"))[0]["extensions"]["cost"]["nodes"]
    assert cost == 20
    addresses = ("192.0.2.1", "192.0.2.2")
    before, after = [
        [left((await ask.post(body, X_Forwarded_For=each))[1]) for each in addresses] for _ in range(2)
    ]
    assert [was - now for was, now in zip(before, after, strict=True)] == [cost, cost]
    assert ask.kept.engine.answers.hits == 4


async def test_who_has_spent_all_is_told_nothing(kept: Keeping, aiohttp_client: Any) -> None:
    ask = await asking(kept, aiohttp_client, limit=100)
    body = {"query": LIST, "variables": {"n": 20}}
    told = [await ask.post(body, X_Forwarded_For="192.0.2.1") for _ in range(10)]
    outcomes = ["OK" if "data" in each else each["errors"][0]["extensions"]["code"] for each, _ in told]
    cost = told[0][0]["extensions"]["cost"]["nodes"]
    assert outcomes == ["OK"] * (100 // cost) + ["RATE_LIMITED"] * (10 - 100 // cost)
    assert ask.counting.outcomes == outcomes
    assert "Retry-After" in told[-1][1]


async def test_a_persisted_document_weighs_less(kept: Keeping, aiohttp_client: Any) -> None:
    ask = await asking(kept, aiohttp_client, Documents({"named": LIST}))
    for body in ({"documentId": "named", "variables": {"n": 50}}, {"query": LIST, "variables": {"n": 50}}):
        cost = (await ask.post(body))[0]["extensions"]["cost"]["nodes"]
        spent = [left((await ask.post(body))[1]) for _ in range(3)]
        assert spent[0] - spent[1] == spent[1] - spent[2] == cost // PERSISTED_PART


async def test_what_an_answer_must_not_be_older_than_is_kept_to(
    own_world: World, database_url: str, aiohttp_client: Any
) -> None:
    async with keeping(database_url) as kept:
        ask = await asking(kept, aiohttp_client)
        version = kept.listener.version
        assert version is not None
        body = {"query": QUERY, "extensions": {"minVersion": version}}
        newer = {"query": QUERY, "extensions": {"minVersion": version + 1}}
        assert await said(ask, body) == await said(ask, newer)
        assert [ask.recalls(body), ask.recalls(newer)] == [True, False]
        await own_world.connection.execute(
            "UPDATE harvest_source SET name = 'Other' WHERE slug = 'air' AND portal = $1", GOV
        )
        await own_world.connection.execute("UPDATE data_version SET version = version + 1")
        await own_world.connection.execute(f"NOTIFY {DATA}, '{version + 1}'")
        await kept.heard(version + 1)
        assert not ask.recalls(body)
        assert await said(ask, body) == await said(ask, newer) == "Other"
        assert ask.recalls(newer) != ask.recalls(body)


async def said(ask: Asking, body: Any) -> Any:
    return (await ask.post(body))[0]["data"]["harvestSource"]["name"]


async def test_freshness_is_that_of_now(own_world: World, database_url: str, aiohttp_client: Any) -> None:
    async with keeping(database_url, status_seconds=0) as kept:
        ask = await asking(kept, aiohttp_client)
        body = {"query": QUERY}
        before, _ = await ask.post(body)
        assert not ask.recalls(body)  # how fresh it is has to be read
        await own_world.connection.execute(
            "UPDATE sync_stream SET reconciled_at = $1 WHERE portal = $2", hours_ago(1), GOV
        )
        after, _ = await ask.post(body)
    assert kept.engine.answers.hits == 1
    assert after["data"] == before["data"]
    assert after["extensions"]["freshness"] != before["extensions"]["freshness"]
    assert after["extensions"]["cost"] == before["extensions"]["cost"]


@pytest.mark.parametrize(
    "query",
    [
        "{ portals { sync { state } } }",
        '{ harvestJobs(filter: {runningLongerThan: "PT1H"}) { totalCount } }',
        "{ nope }",
        "{",
        "mutation { x }",
    ],
)
async def test_what_is_not_kept_is_not_recalled(ask: Asking, query: str) -> None:
    for _ in range(2):
        await ask.post({"query": query})
    assert not ask.recalls({"query": query})
    assert ask.kept.engine.answers.hits == 0


async def test_each_takes_it_in_a_coding_and_a_type_of_its_own(ask: Asking) -> None:
    body = {"query": "{ __schema { types { name description } } }"}
    plain, _ = await ask.post(body, Accept_Encoding="identity")
    for coding in ("gzip", "br", "gzip"):
        told, heads = await ask.post(body, Accept_Encoding=coding)
        assert (told, heads["Content-Encoding"]) == (plain, coding)
    for type_ in ("application/json", "application/graphql-response+json"):
        told, heads = await ask.post(body, Accept=type_, Accept_Encoding="identity")
        assert (told, heads["Content-Type"]) == (plain, f"{type_}; charset=utf-8")
        assert "Content-Encoding" not in heads
    assert ask.kept.engine.answers.misses == 1
