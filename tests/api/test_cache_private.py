"""An answer to a caller who may read more reaches nobody else: with a warm cache, and by tags."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as Client
from api.caching import Keeping, keeping

from harvest_graphql.serving.callers import Admitted
from harvest_graphql.view import routes
from harvest_graphql.visibility import READ_PRIVATE

QUERY = '{ harvestSource(portal: "data-gov", slug: "air") { notificationEmails } }'
HIDDEN = '{ harvestSource(portal: "data-gov", slug: "air") { name } }'
KEYS = {"reader": frozenset({READ_PRIVATE}), "syncer": frozenset({"sync"})}
PRIVATE = ["secret@example.org"]


async def admit(key: str) -> Admitted | None:
    return Admitted(KEYS[key], key) if key in KEYS else None


@pytest.fixture
async def kept(seeded_url: str) -> AsyncIterator[Keeping]:
    async with keeping(seeded_url) as kept:
        yield kept


@pytest.fixture
async def client(kept: Keeping, aiohttp_client: Any) -> Client:
    app = web.Application()
    app.add_routes(routes(kept.engine, admit=admit))
    client: Client = await aiohttp_client(app)
    return client


async def get(client: Client, key: str | None = None, query: str = QUERY, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.get(
        "/graphql", params={"query": query}, headers={**sent, **({"X-Api-Key": key} if key else {})}
    )


async def emails(answer: Any) -> Any:
    return (await answer.json())["data"]["harvestSource"]["notificationEmails"]


async def test_a_privileged_answer_is_kept_for_the_privileged_alone(client: Client, kept: Keeping) -> None:
    for _ in range(2):
        assert await emails(await get(client, "reader")) == PRIVATE
    assert kept.engine.answers.hits == 1
    for key in (None, None, "syncer"):
        answer = await get(client, key)
        assert await emails(answer) is None
        codes = {notice["code"] for notice in (await answer.json())["extensions"]["notices"]}
        assert "PRIVATE" in codes
    assert kept.engine.answers.hits == 3
    assert await emails(await get(client, "reader")) == PRIVATE


async def test_the_tag_of_a_privileged_answer_opens_nothing(client: Client) -> None:
    shown = await get(client, "reader")
    again = await get(client, "reader", If_None_Match=shown.headers["ETag"])
    assert again.status == 304
    assert "private" in again.headers["Cache-Control"]
    for key in (None, "syncer"):
        other = await get(client, key, If_None_Match=shown.headers["ETag"])
        assert other.status == 200
        assert await emails(other) is None
        assert other.headers["ETag"] != shown.headers["ETag"]


async def test_a_hit_is_as_private_as_who_asked(client: Client, kept: Keeping) -> None:
    first = await get(client, "syncer", HIDDEN)
    second = await get(client, None, HIDDEN)
    assert kept.engine.answers.hits == 1
    assert "private" in first.headers["Cache-Control"]
    assert "private" not in second.headers["Cache-Control"]
    assert first.headers["ETag"] == second.headers["ETag"]
    assert "Authorization" in second.headers["Vary"]


async def test_what_is_withheld_is_said_at_a_hit_too(kept: Keeping) -> None:
    answers = [await kept.ask(QUERY) for _ in range(2)]
    assert kept.engine.answers.hits == 1
    assert answers[0] == answers[1]
    assert answers[1]["extensions"]["notices"][-1]["field"] == "HarvestSource.notificationEmails"
