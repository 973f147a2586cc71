"""What wanting something new weighs, what it came to in words, and what portals' failures mean to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import parse

from gateway.errors import PortalError, PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch.client import BreakerOpen, BudgetSpent, Throttled
from gateway.model.enums import EntityType
from gateway.sync.refreshing import Reason, told
from harvest_graphql.consistency import Consistency, Told, Wish, granted
from harvest_graphql.cost import ANEW, Scale
from harvest_graphql.schema import core, schema
from harvest_graphql.visibility import NOBODY, Scopes

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def weight(arguments: str, **values: Any) -> int:
    text = f'query($c: Consistency) {{ harvestJob(portal: "p", nativeId: "j"{arguments}) {{ status }} }}'
    (operation,) = parse(text).definitions
    return Scale(core(schema), {}).operation(operation).of(values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "values", "anew"),
    [
        ("", {}, False),
        (", consistency: CACHED", {}, False),
        (", consistency: null", {}, False),
        (", consistency: LIVE", {}, True),
        (", consistency: MAX_AGE, maxAgeSeconds: 3", {}, True),
        (", consistency: $c", {}, False),
        (", consistency: $c", {"c": None}, False),
        (", consistency: $c", {"c": Consistency.CACHED}, False),
        (", consistency: $c", {"c": Consistency.MAX_AGE}, True),
        (", consistency: $c", {"c": Consistency.LIVE}, True),
    ],
)
def test_what_may_ask_a_portal_weighs_much(arguments: str, values: dict[str, Any], anew: bool) -> None:
    assert weight(arguments, **values) - weight("") == (ANEW if anew else 0)


@pytest.mark.parametrize(
    ("error", "reason", "retry_at"),
    [
        (BreakerOpen("left alone", retry_after=60.0), Reason.BREAKER_OPEN, "12:01:00"),
        (BudgetSpent("used up", retry_after=5.0), Reason.BUDGET_SPENT, "12:00:05"),
        (Throttled("leave me", retry_after=None), Reason.BUDGET_SPENT, None),
        (PortalUnavailable("away"), Reason.PORTAL_UNAVAILABLE, None),
        (PortalRefused("no", hint="Look at the key."), Reason.PORTAL_REFUSED, None),
        (PortalUnreadable("html"), Reason.PORTAL_UNREADABLE, None),
    ],
)
def test_what_a_portals_failure_means(error: PortalError, reason: Reason, retry_at: str | None) -> None:
    outcome = told(error, NOW)
    assert (outcome.reason, outcome.message, outcome.at) == (reason, error.message, None)
    assert (outcome.retry_at and f"{outcome.retry_at:%H:%M:%S}") == retry_at


async def test_each_wish_is_told_for_itself() -> None:
    wishes = {
        "now": Wish(EntityType.HARVEST_JOB, "p", "j", None, None),
        "soon": Wish(EntityType.HARVEST_SOURCE, "p", None, "s", 60.0),
    }

    async def refreshes(wish: Wish, _scopes: Scopes) -> Told:
        if wish.seconds is None:
            return Told(live=True, at=NOW)
        return Told(reason="BUDGET_SPENT", message="No.", retry_at=NOW)

    assert await granted(wishes, refreshes, NOBODY) == [
        {"path": ["now"], "wanted": "LIVE", "served": "LIVE", "asOf": "2026-11-21T12:00:00Z"},
        {
            "path": ["soon"],
            "wanted": "MAX_AGE",
            "served": "CACHED",
            "asOf": None,
            "reason": "BUDGET_SPENT",
            "message": "No.",
            "retryAt": "2026-11-21T12:00:00Z",
        },
    ]
