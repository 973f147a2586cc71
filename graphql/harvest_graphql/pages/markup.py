"""GraphQL as HTML: references to types, descriptions, documents with their parts marked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from graphql import GraphQLType, print_ast
from graphql.pyutils import Undefined
from graphql.utilities import ast_from_value
from markupsafe import Markup, escape

_SPECIAL = re.compile(r"`(?P<code>[^`]+)`|\[(?P<text>[^\]]+)\]\((?P<url>https?://[^)\s]+)\)")
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
        return _woven(_NAME, str(type_), lambda match: self._linked(match[0]))

    def prose(self, text: str | None) -> Markup:
        """Return a description: what stands between backticks is code, and links are links."""
        return _woven(_SPECIAL, text or "", self._special)

    def document(self, text: str) -> Markup:
        """Return a document with its parts marked."""
        return _woven(_PART, text, self._marked)

    def _special(self, match: re.Match[str]) -> Markup:
        if match["code"]:
            return Markup("<code>{}</code>").format(self._linked(match["code"]))
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(match["url"], match["text"])

    def _marked(self, match: re.Match[str]) -> Markup:
        inner = self._linked(match[0]) if match.lastgroup == "type" else escape(match[0])
        return Markup('<span class="{}">{}</span>').format(match.lastgroup, inner)

    def _linked(self, name: str) -> Markup:
        return Markup('<a href="#{0}">{0}</a>').format(name) if name in self._types else escape(name)


def literal(value: object, type_: GraphQLType) -> str:
    """Return the GraphQL text of a default; "" where there is none."""
    if value is Undefined:
        return ""
    node = ast_from_value(value, type_)  # type: ignore[arg-type]
    return print_ast(node) if node else ""


def _woven(pattern: re.Pattern[str], text: str, write: Callable[[re.Match[str]], Markup]) -> Markup:
    """Return *text* escaped, but for what *pattern* finds: that is what *write* makes of it."""
    found, end = Markup(""), 0
    for match in pattern.finditer(text):
        found += escape(text[end : match.start()]) + write(match)
        end = match.end()
    return found + escape(text[end:])
