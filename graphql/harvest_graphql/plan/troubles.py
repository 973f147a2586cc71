"""Conditions on what went wrong or goes on for too long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from gateway.model.enums import EntityType
from harvest_graphql.plan.computed import ASKS, LISTED
from harvest_graphql.plan.draft import Draft
from harvest_graphql.plan.operands import Operand

Condition = Callable[[Draft, str, Operand], str]
"""Given the alias of a row and what is asked of it, the SQL of the condition."""

_LONGEST = timedelta(days=36_525)
"""No run is older, and Postgres counts back no further than it knows."""


def has_errors(column: str) -> Condition:
    """Return whether errors name the row in their *column*."""

    def condition(draft: Draft, alias: str, value: Operand) -> str:
        errors = draft.rows(EntityType.HARVEST_ERROR)
        error = f"SELECT FROM {errors} w WHERE w.{column} = {alias}.id AND w.presence IN {LISTED}"
        return f"{'' if value.now else 'NOT '}EXISTS ({error})"

    return condition


def running_longer_than(draft: Draft, alias: str, value: Operand) -> str:
    """Return that the run at *alias* was running for longer when its portal was last asked, by the portal's clock.

    Not when the question is put: while no pass reaches the portal, nobody knows whether the run goes on.
    """
    span = draft.bind(lambda call: min(value.read(call.values), _LONGEST), "interval")
    began = f"coalesce({alias}.started_at, {alias}.created_at)"
    if draft.past is not None:
        passes = f"r.portal = {alias}.portal AND {ASKS} AND r.started_at <= {draft.past.at}"
        last = f"(SELECT max(r.started_at) FROM sync_run r WHERE {passes})"
        return f"{alias}.status = 'RUNNING' AND {began} < {last} - {span}"
    asked = (
        f"(SELECT w.polled_at FROM sync_stream w WHERE w.portal = {alias}.portal AND w.stream = 'jobs')",
        f"(SELECT max(r.started_at) FROM sync_run r WHERE r.portal = {alias}.portal AND {ASKS})",
    )
    return f"{alias}.status = 'RUNNING' AND {began} < coalesce({', '.join(asked)}) - {span}"
