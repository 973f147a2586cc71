"""GraphQL as HTML: references to types, descriptions, documents with their parts marked."""

from __future__ import annotations

import re
from collections.abc import Collection

from graphql import GraphQLType, print_ast
from graphql.pyutils import Undefined
from graphql.utilities import ast_from_value
from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")
_NAME = re.compile(r"\w+")
_PART = re.compile(
    r"(?P<comment>#[^\n]*)|(?P<string>\"[^\"\n]*\")|(?P<variable>\$\w+)|(?P<directive>@\w+)"
    r"|(?P<keyword>\b(?:query|mutation|subscription|fragment|on|true|false|null)\b)"
    r"|(?P<number>-?\b\d+\b)|(?P<type>\b[A-Z]\w*[a-z]\w*)"
)


class Writer:
    """Writes GraphQL as HTML, with a link wherever one of *types* (their names) is named."""

    def __init__(self, types: Collection[str]) -> None:
        self._types = types

    def reference(self, type_: GraphQLType) -> Markup:
        """Return a type such as ``[HarvestJob!]!``."""
        return Markup(_NAME.sub(lambda match: self._linked(match[0]), str(type_)))  # noqa: S704 - names alone

    def prose(self, text: str | None) -> Markup:
        """Return a description: what stands between backticks is code."""
        parts = _CODE.split(text or "")
        written = (
            Markup("<code>{}</code>").format(Markup(self._linked(part))) if code else escape(part)  # noqa: S704
            for part, code in zip(parts, _alternating(len(parts)), strict=True)
        )
        return Markup("").join(written)

    def document(self, text: str) -> Markup:
        """Return a document with its parts marked."""
        found, end = Markup(""), 0
        for match in _PART.finditer(text):
            found += escape(text[end : match.start()]) + self._marked(str(match.lastgroup), match[0])
            end = match.end()
        return found + escape(text[end:])

    def _marked(self, kind: str, text: str) -> Markup:
        inner = Markup(self._linked(text)) if kind == "type" else escape(text)  # noqa: S704 - escaped there
        return Markup('<span class="{}">{}</span>').format(kind, inner)

    def _linked(self, name: str) -> str:
        written = escape(name)
        return f'<a href="#{written}">{written}</a>' if name in self._types else str(written)


def literal(value: object, type_: GraphQLType) -> str:
    """Return the GraphQL text of a default; "" where there is none."""
    if value is Undefined:
        return ""
    node = ast_from_value(value, type_)  # type: ignore[arg-type]
    return print_ast(node) if node else ""


def _alternating(count: int) -> list[bool]:
    return [bool(number % 2) for number in range(count)]
