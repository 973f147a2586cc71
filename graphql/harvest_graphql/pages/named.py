"""The named operations as pages show them: what each is for, and variables to begin with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta

from graphql import NamedTypeNode, NonNullTypeNode, OperationDefinitionNode, VariableDefinitionNode, parse
from graphql import value_from_ast_untyped as value

_DAYS = 30
_EXAMPLES: Mapping[str, object] = {"Int": 0, "Float": 0, "Boolean": False}


@dataclass(frozen=True, slots=True)
class Named:
    """A named operation."""

    name: str
    about: str
    """What it tells, as its first lines say."""
    query: str
    variables: str
    """JSON of the variables that it needs, and of those that have a value unless it is given."""


def named(documents: Mapping[str, str], today: date) -> list[Named]:
    """Return the operations of *documents* (text by name); instants begin a month before *today*."""
    return [
        Named(name, about(text), text, _variables(text, today - timedelta(days=_DAYS)))
        for name, text in documents.items()
    ]


def about(text: str) -> str:
    """Return the comment that a document begins with, on one line."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def as_script(operations: Iterable[Named]) -> str:
    """Return *operations* as JSON that may stand in a page's script element."""
    told = json.dumps({"operations": [asdict(each) for each in operations]}, ensure_ascii=False)
    return told.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _variables(text: str, since: date) -> str:
    operations = (node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode))
    given = {
        node.variable.name.value: _value(node, since)
        for operation in operations
        for node in operation.variable_definitions or ()
        if node.default_value is not None or isinstance(node.type, NonNullTypeNode)
    }
    return json.dumps(given, indent=2, ensure_ascii=False)


def _value(node: VariableDefinitionNode, since: date) -> object:
    if node.default_value is not None:
        return value(node.default_value)
    inner = node.type.type if isinstance(node.type, NonNullTypeNode) else node.type
    if not isinstance(inner, NamedTypeNode):
        return []
    if inner.name.value == "DateTime":
        return f"{datetime.combine(since, time(), UTC):%Y-%m-%dT%H:%M:%SZ}"
    return _EXAMPLES.get(inner.name.value, "")
