"""What a table of rules means, rule by rule: what ``gateway.model.unrolled`` compiles is held against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.model.entities import Entity
from gateway.model.mapping import Table


def interpreted(table: Table[Any], element: Mapping[str, Any], **given: Any) -> Entity:
    """Return the entity that *element* describes by the rules of *table*, as ``table.read`` should."""
    values = {rule.field: rule.read(_at(element, rule.path)) for rule in table.rules}
    unread = {key: value for key, value in element.items() if key not in table.consumed}
    rest = values.pop("native", given.pop("native", unread)) or None
    shown = _without(rest, table.private)
    private = rest if shown != rest else None
    made: Entity = table.entity(**given, **values, native=shown or None, native_private=private)
    return made


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _without(value: Any, private: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(below, private) for key, below in value.items() if key not in private}
    return [_without(below, private) for below in value] if isinstance(value, list) else value
