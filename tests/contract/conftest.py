from __future__ import annotations

from functools import partial
from typing import Any

import pytest

pytest.register_assert_rewrite("gateway.testing")

from contract.test_fetch_budget import NOON  # noqa: E402 - they import it
from contract.turnstiles import TERM, Opening, registered  # noqa: E402

from gateway import postgres  # noqa: E402
from gateway.store.turnstile import SharedTurnstile  # noqa: E402


@pytest.fixture
async def number(database_url: str) -> int:
    """The number of the one portal of the database."""
    return await registered(database_url)


@pytest.fixture
def opening(database_url: str, number: int) -> Opening:
    """Makes turnstiles of the portal, each over a connection of its own."""

    def make(**options: Any) -> SharedTurnstile:
        given: dict[str, Any] = {
            "requests_per_second": 1e6,
            "connections": 1,
            "now": lambda: NOON,
            "term": TERM,
            "connect": partial(postgres.connect, database_url),
            **options,
        }
        return SharedTurnstile(given.pop("connect"), number, "", **given)

    return make
