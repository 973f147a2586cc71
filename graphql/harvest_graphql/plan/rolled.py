"""Counts of records that look at no record: read from the rollup of their run or portal, where these tell enough."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.store.rollups import STATUS_COLUMNS
from harvest_graphql.plan.computed import LISTED
from harvest_graphql.plan.draft import Row

_KNOWN = frozenset({"portal", "job_id", "status"})
"""What a rollup tells of its run's records; of their statuses it has a column for each word.

Not their source: when a portal purges one, its runs forget it and their records do not.
"""
_WORDS = ", ".join(f"('{word}', g.{column})" for column, word in STATUS_COLUMNS.items())
_SUMS = ", ".join(f"sum({{alias}}.{column}) AS {column}" for column in STATUS_COLUMNS)


def total(alias: str, conditions: Sequence[str]) -> str | None:
    """Return the SQL of how many records at *alias* meet *conditions*; None where the records have to be asked."""
    found = groups(alias, conditions, ())
    return found and f"(SELECT coalesce(sum(c.count), 0) FROM ({found}) c)"


def of_portal(row: Row) -> str:
    """Return the SQL of how many records a portal lists."""
    counted = f"SELECT w.records FROM portal_rollup w WHERE w.portal = {row.column('number')}"
    return f"coalesce(({counted}), 0)::text"


def groups(alias: str, conditions: Sequence[str], keys: Sequence[str]) -> str | None:
    """Return the SELECT of ``k0``, ``k1``, … and ``count`` of the records at *alias*, grouped by *keys*.

    None where *conditions* or *keys* ask for more than rollups know. They count the presences that lists
    have usually, so the condition on these has to be there.
    """
    usual = f"{alias}.presence IN {LISTED}"
    others = [each for each in conditions if each != usual]
    read = set(re.findall(rf"\b{alias}\.(\w+)", " ".join([*others, *keys])))
    if len(others) == len(conditions) or not read <= _KNOWN:
        return None
    rows = f"{'job_rollup' if 'job_id' in read else 'portal_rollup'} {alias}"
    if "status" not in read:
        return _sum(f"{alias}.records", rows, others, keys)
    return _by_word(alias, rows, others, keys)


def _sum(column: str, rows: str, conditions: Sequence[str], keys: Sequence[str]) -> str:
    listed = "".join(f"{key} AS k{place}, " for place, key in enumerate(keys))
    rest = f"{_where(conditions)}{_grouped(len(keys))} HAVING sum({column}) > 0"
    return f"SELECT {listed}sum({column}) AS count FROM {rows}{rest}"


def _by_word(alias: str, rows: str, conditions: Sequence[str], keys: Sequence[str]) -> str:
    """Return the SELECT that sums each word's column first, and then makes rows of the few sums."""
    status = f"{alias}.status"
    early = [each for each in conditions if not re.search(rf"\b{re.escape(status)}\b", each)]
    late = [each for each in conditions if each not in early]
    others = [key for key in keys if key != status]
    sums = ", ".join([*(f"{key} AS e{place}" for place, key in enumerate(others)), _SUMS.format(alias=alias)])
    inner = f"SELECT {sums} FROM {rows}{_where(early)}{_grouped(len(others))}"
    words = f"({inner}) g CROSS JOIN LATERAL (VALUES {_WORDS}) {alias}(status, count)"
    outer = [status if key == status else f"g.e{others.index(key)}" for key in keys]
    return _sum(f"{alias}.count", words, late, outer)


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _grouped(count: int) -> str:
    return f" GROUP BY {', '.join(str(place + 1) for place in range(count))}" if count else ""
