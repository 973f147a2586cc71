"""How much a document may ask for: checked on the parsed document before graphql-core validates it.

One pass, in which each fragment is measured once: a document of nested fragments costs what its text is long.
What lies below ``__schema`` and ``__type`` counts towards no depth; graphql-core limits it on its own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode
from graphql.language import FragmentSpreadNode, InlineFragmentNode

from harvest_graphql.problems import Code, Problem


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a document may hold."""

    characters: int = 100_000
    comments: int = 1000
    tokens: int = 3000
    definitions: int = 50
    """Operations and fragments."""
    depth: int = 15
    aliases: int = 60
    siblings: int = 20
    """Fields of one key of the answer side by side: graphql-core compares each with each."""
    fields: int = 1000
    """Fields once every fragment is written out."""
    nodes: int = 20_000
    """Things that an answer may hold at most, by ``harvest_graphql.cost``."""
    answer_bytes: int = 10_000_000
    """Length of an answer's data."""
    groups: int = 10
    """Grouped counts, each of which reads a whole list, once every fragment is written out."""


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int = 0
    fields: int = 0
    groups: int = 0


@dataclass(slots=True)
class Measure:
    """One pass over one document."""

    limits: Limits
    fragments: dict[str, FragmentDefinitionNode]
    known: dict[str, _Size | None] = field(default_factory=dict)
    """Sizes of the fragments measured; None while one is being measured."""
    aliases: int = 0

    def selection(self, selection: SelectionSetNode | None) -> _Size:
        """Return how deep and how wide *selection* is; Problem where that is too much."""
        depth = fields = groups = 0
        names: Counter[str] = Counter()
        for node in selection.selections if selection else ():
            size = self._node(node, names)
            depth, fields = max(depth, size.depth), fields + size.fields
            groups += size.groups
        if depth > self.limits.depth:
            raise _too("nested deeper", self.limits.depth, "levels")
        if fields > self.limits.fields:
            raise _too("asking for more", self.limits.fields, "fields, fragments written out")
        if groups > self.limits.groups:
            raise _too("asking for more", self.limits.groups, "grouped counts, fragments written out")
        if names and max(names.values()) > self.limits.siblings:
            raise _too("repeating itself more", self.limits.siblings, "times the same key side by side")
        return _Size(depth, fields, groups)

    def _node(self, node: object, names: Counter[str]) -> _Size:
        if isinstance(node, FieldNode):
            return self._field(node, names)
        if isinstance(node, InlineFragmentNode):
            return self.selection(node.selection_set)
        assert isinstance(node, FragmentSpreadNode)
        names[f"...{node.name.value}"] += 1
        return self.fragment(node.name.value)

    def _field(self, node: FieldNode, names: Counter[str]) -> _Size:
        names[node.alias.value if node.alias else node.name.value] += 1
        if node.alias:
            self.aliases += 1
            if self.aliases > self.limits.aliases:
                raise _too("using more", self.limits.aliases, "aliases")
        below = self.selection(node.selection_set)
        depth = 0 if node.name.value in {"__schema", "__type"} else below.depth + 1
        return _Size(depth, below.fields + 1, below.groups + (node.name.value == "groups"))

    def fragment(self, name: str) -> _Size:
        """Return the size of the fragment *name*, measured once."""
        if name not in self.known:
            self.known[name] = None
            found = self.fragments.get(name)
            self.known[name] = self.selection(found.selection_set) if found else _Size()
        return self.known[name] or _Size()  # a circle is refused by the validation


def check(document: DocumentNode, limits: Limits) -> None:
    """Raise Problem where *document* asks for more than *limits* allow."""
    if len(document.definitions) > limits.definitions:
        raise _too("made of more", limits.definitions, "operations and fragments")
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    measure = Measure(limits, fragments)
    for name in fragments:
        measure.fragment(name)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            measure.selection(node.selection_set)


def _too(what: str, most: int, of: str) -> Problem:
    return Problem(Code.DOCUMENT_TOO_LARGE, f"The document is {what} than allowed: at most {most} {of}.")
