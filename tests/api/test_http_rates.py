"""Callers without a key are limited by what they ask for, are told so, and nobody else pays for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp.test_utils import TestClient as Client

from gateway.errors import DatabaseUnavailable
from gateway.store.spending import Taken
from harvest_graphql.serving.addresses import Addresses
from harvest_graphql.serving.callers import Admitted
from harvest_graphql.serving.persisted import Documents
from harvest_graphql.serving.purses import Purses
from harvest_graphql.serving.rates import PERSISTED_PART, REFUSED, Rates

LIMIT, SECONDS = 1000, 60
QUERY = "{ portals { key } }"
NAMED = "query Named { harvestSources(first: 20) { nodes { name } } }"
SAME = "query Other { harvestSources(first: 20) { nodes { name } } }"


@dataclass
class Window:
    """One window of all callers; *clock* moves within it."""

    clock: float = 0.0
    taken: Counter[str] = field(default_factory=Counter)

    async def take(self, address: str, amount: int) -> Taken:
        self.taken[address] += amount
        return Taken(None, self.taken[address] - amount, SECONDS - self.clock)

    def rates(self, limit: int = LIMIT) -> Rates:
        purses = Purses(self.take, limit=limit, seconds=SECONDS, clock=lambda: self.clock)
        return Rates(purses, Addresses(["127.0.0.0/8"]), cost=limit, seconds=SECONDS)


async def admit(key: str) -> Admitted | None:
    return Admitted(frozenset({"sync"}), "somebody") if key == "known" else None


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
async def client(serve: Callable[..., Awaitable[Client]], window: Window) -> Client:
    documents = Documents({"named": NAMED})
    return await serve(callers=window.rates().caller, admit=admit, documents=documents)


async def ask(client: Client, query: str = QUERY, caller: str = "192.0.2.1", **headers: str) -> Any:
    sent = {"X-Forwarded-For": caller, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await client.post("/graphql", json={"query": query}, headers=sent)


def left(answer: Any) -> int:
    """Return what an answer says is left."""
    name, remaining, _ = answer.headers["RateLimit"].split(";")
    assert name == '"cost"'
    return int(remaining.removeprefix("r="))


async def exhaust(client: Client) -> int:
    """Ask until it is too much; return how many answers there were."""
    for count in range(2 * LIMIT):
        if (await ask(client, "{ nope }")).status == 429:
            return count
    raise AssertionError("there is no limit")


async def test_every_answer_says_what_is_left(client: Client, window: Window) -> None:
    answer = await ask(client)
    cost = (await answer.json())["extensions"]["cost"]["nodes"]
    assert answer.headers["RateLimit-Policy"] == '"cost";q=1000;w=60'
    assert answer.headers["RateLimit"] == f'"cost";r={LIMIT - max(cost, 1)};t=60'
    window.clock = 17.5
    assert (await ask(client)).headers["RateLimit"].endswith(";t=43")


async def test_cost_is_what_counts(client: Client) -> None:
    answer = await ask(client, SAME)
    cost = (await answer.json())["extensions"]["cost"]["nodes"]
    assert cost >= 20
    assert left(answer) == LIMIT - cost


@pytest.mark.parametrize("asked", [{"query": NAMED}, {"documentId": "named"}])
async def test_public_documents_weigh_less(client: Client, asked: dict[str, str]) -> None:
    answer = await client.post("/graphql", json=asked)
    cost = (await answer.json())["extensions"]["cost"]["nodes"]
    assert left(answer) == LIMIT - cost // PERSISTED_PART


async def test_whoever_has_had_his_part_is_told_when_there_is_more(client: Client, window: Window) -> None:
    window.clock = 18.2
    await exhaust(client)
    answer = await ask(client)
    assert answer.status == 429
    assert answer.content_type == "application/json"
    assert answer.headers["Retry-After"] == "42"
    assert answer.headers["RateLimit"].endswith(";t=42")
    assert answer.headers["Cache-Control"] == "no-store"
    [error] = (await answer.json())["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED"}
    assert "in 42 s" in error["message"]


@pytest.mark.parametrize("method", ["get", "post"])
async def test_it_holds_however_it_is_asked(client: Client, method: str) -> None:
    await exhaust(client)
    send = getattr(client, method)
    for path in ("/graphql", "/graphql?query={__typename}", "/graphql?documentId=named"):
        assert (await send(path, headers={"X-Forwarded-For": "192.0.2.1"})).status == 429


async def test_others_go_on(client: Client) -> None:
    await exhaust(client)
    assert (await ask(client)).status == 429
    assert (await ask(client, caller="192.0.2.2")).status == 200
    assert (await ask(client, caller="192.0.2.2, 192.0.2.1")).status == 429, "a claim of the caller's own"


async def test_a_key_is_limited_by_no_address(client: Client, window: Window) -> None:
    await exhaust(client)
    taken = window.taken.copy()
    for query in (QUERY, SAME, "{ nope }"):
        answer = await ask(client, query, X_Api_Key="known")
        assert answer.status == 200
        assert "RateLimit" not in answer.headers
    assert window.taken == taken


async def test_refusals_weigh_more_than_nothing(client: Client) -> None:
    assert await exhaust(client) == LIMIT // REFUSED


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"data": b"{"}, 400),
        ({"json": []}, 400),
        ({"json": {"query": "{"}}, 200),
        ({"json": {"documentId": "none"}}, 400),
        ({"data": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"json": {"query": QUERY}, "headers": {"X-Api-Key": "unknown"}}, 401),
        ({"json": {"query": QUERY}, "headers": {"Accept": "image/png"}}, 406),
    ],
)
async def test_whatever_is_refused_is_counted(client: Client, request_: dict[str, Any], status: int) -> None:
    sent = {**request_, "headers": {"Content-Type": "application/json", **request_.get("headers", {})}}
    assert (await client.post("/graphql", **sent)).status == status
    assert REFUSED <= LIMIT + 1 - left(await client.post("/graphql", json={"query": QUERY})) <= REFUSED + 20


async def test_what_is_too_dear_now_can_be_had_cheaper(client: Client) -> None:
    while left(await ask(client, SAME)) >= 30:
        pass
    refused = await ask(client, "{ harvestSources(first: 60) { nodes { name } } }")
    assert refused.status == 429
    assert left(refused) > 0
    assert (await ask(client)).status == 200


async def test_nobody_is_turned_away_because_postgres_cannot_count(
    serve: Callable[..., Awaitable[Client]], window: Window
) -> None:
    async def away(_: str, __: int) -> Taken:
        raise DatabaseUnavailable("away")

    purses = Purses(away, limit=LIMIT, seconds=SECONDS, clock=lambda: window.clock)
    client = await serve(callers=Rates(purses, Addresses(), cost=LIMIT, seconds=SECONDS).caller)
    assert left(await ask(client)) > 0
    assert await exhaust(client) == LIMIT // REFUSED, "each process counts for itself"
    window.clock += SECONDS
    assert (await ask(client)).status == 200


async def test_pages_of_other_origins_may_read_how_much_is_left() -> None:
    from harvest_graphql.serving.cors import _EXPOSED_HEADERS

    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(_EXPOSED_HEADERS.split(", "))
