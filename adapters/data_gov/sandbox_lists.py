"""The generic lists of the sandbox portal: page, per_page, paginate, count, order_by, facets, severity."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from adapters.data_gov import sandbox_answers as answers
from adapters.data_gov.sandbox_columns import SEVERITIES
from adapters.data_gov.sandbox_facets import Condition, Unasked, condition, parse
from adapters.data_gov.sandbox_tables import TABLES, Table
from adapters.data_gov.sandbox_wire import element, text
from gateway.sandbox.changes_view import View

KEPT = 64
"""Selections that are kept, and answers."""
LARGEST_KEPT = 2**21
"""Bytes of an answer that may be kept."""
LARGEST_OFFSET = 2**63 - 1
_EQUAL = ("harvest_job_id", "harvest_source_id")


class Lists:
    """Answers the generic lists; what was selected and written for a view is kept for the next page."""

    def __init__(self) -> None:
        self._selected: OrderedDict[tuple[Any, ...], Sequence[Any]] = OrderedDict()
        self._written: OrderedDict[tuple[int, str, str], bytes] = OrderedDict()

    def answer(self, request: web.Request, view: View, name: str) -> web.Response:
        """Return the answer of the list *name*."""
        key = (view.at, name, request.query_string)
        body = self._written.get(key)
        if body is not None:
            return answers.answer(request, body, answers.JSON)
        table = TABLES[name]
        severity = request.query.get("severity") if name == "harvest_record_errors" else None
        if severity and severity not in SEVERITIES:
            return bad_severity(request)
        try:
            keys = self._select(view, table, _conditions(request, table, severity))
            value = _value(request, view, table, keys)
        except Unasked:
            return answers.words(request, "Error with query", 400)
        if not value:
            return answers.words(request, f"No {name} found for this query", 404)
        body = text(value)
        if len(body) <= LARGEST_KEPT:
            _keep(self._written, key, body)
        return answers.answer(request, body, answers.JSON)

    def _select(self, view: View, table: Table, conditions: Sequence[Condition]) -> Sequence[Any]:
        key = (view.at, table.name, *((c.column, c.op, c.value) for c in conditions))
        found = self._selected.get(key)
        return found if found is not None else _keep(self._selected, key, table.select(view, conditions))


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any) -> Any:
    kept[key] = value
    if len(kept) > KEPT:
        kept.popitem(last=False)
    return value


def bad_severity(request: web.Request) -> web.Response:
    """Return the answer to a severity that there is not."""
    message = f"Invalid severity. Must be one of: {', '.join(SEVERITIES)}."
    return answers.data(request, {"error": message}, 400)


def _conditions(request: web.Request, table: Table, severity: str | None) -> list[Condition]:
    query = request.query
    found = [condition(name, "eq", query[name], table.columns) for name in _EQUAL if query.get(name)]
    if severity:
        found.append(condition("severity", "eq", severity, table.columns))
    return found + list(parse(query.get("facets", ""), table.columns))


def _value(request: web.Request, view: View, table: Table, keys: Sequence[Any]) -> Any:
    """Return what is answered; nothing where there is nothing."""
    query = request.query
    if query.get("count", "").lower() == "true":
        return {"count": len(keys), "type": table.name} if len(keys) else None
    down = table.dated and query.get("order_by") != "asc"
    if query.get("paginate", "true").lower() == "true":
        page, size = max(0, _whole(query.get("page"), 0)), min(100, max(1, _whole(query.get("per_page"), 10)))
        if page * size > LARGEST_OFFSET:
            raise Unasked(str(page))
        keys = _page(keys, page * size, size, down)
    elif down:
        keys = keys[::-1]
    return [element(table.row(view, key)) for key in keys]


def _page(keys: Sequence[Any], offset: int, size: int, down: bool) -> Sequence[Any]:
    if not down:
        return keys[offset : offset + size]
    end = len(keys) - offset
    return keys[max(0, end - size) : max(0, end)][::-1]


def _whole(value: str | None, default: int) -> int:
    try:
        return int(value) if value is not None else default
    except ValueError:
        return default
