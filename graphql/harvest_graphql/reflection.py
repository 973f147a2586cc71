"""What a document asks of the schema itself: how much that is, and whether it may be asked at all.

Only the names of single types (``__type(name:) { name kind }``) can be asked for where the schema is not told:
clients probe with them, and they tell no more than any other wrong name in a document does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode
from graphql.language import FragmentSpreadNode, InlineFragmentNode

from harvest_graphql.problems import Code, Problem

_USUAL = {
    "types": 150,
    "fields": 10,
    "args": 2,
    "enumValues": 5,
    "inputFields": 5,
    "possibleTypes": 3,
    "directives": 5,
}
"""About how long the lists in a description of all types are; what is not listed is one thing."""
_LARGEST = {**_USUAL, "fields": 50, "args": 8, "enumValues": 30, "inputFields": 30, "possibleTypes": 10}
"""The same where one type is described, which may be the largest."""
_ALONE = 5
"""A type that is asked for by itself costs about so much more for each thing that is told of it."""
_ROOTS = frozenset({"__schema", "__type"})
_FLAT = frozenset({"name", "kind", "__typename"})
Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass(slots=True)
class Reflection:
    """Weighs what is asked of the schema in one valid document; each fragment once for each kind of root."""

    fragments: Fragments
    known: dict[tuple[str, str], int] = field(default_factory=dict)

    def asked(self, selection: SelectionSetNode) -> int:
        """Return about how many values the answer holds on the schema, for a root's *selection*."""
        roots = [node for node in _fields(selection, self.fragments) if node.name.value in _ROOTS]
        return sum(self._root(node) for node in roots)

    def _root(self, node: FieldNode) -> int:
        if node.alias and node.name.value == "__schema":
            raise _aliased()
        below = self._selection(node.selection_set, node.name.value) if node.selection_set else 0
        return 1 + below * (_ALONE if node.name.value == "__type" else 1)

    def _field(self, node: FieldNode, root: str) -> int:
        if node.alias:
            raise _aliased()
        sizes = _USUAL if root == "__schema" else _LARGEST
        below = self._selection(node.selection_set, root) if node.selection_set else 0
        return 1 + sizes.get(node.name.value, 1) * below

    def _selection(self, selection: SelectionSetNode, root: str) -> int:
        total = 0
        for node in selection.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, root)
            elif isinstance(node, InlineFragmentNode):
                total += self._selection(node.selection_set, root)
            elif isinstance(node, FragmentSpreadNode):
                total += self._fragment(node.name.value, root)
        return total

    def _fragment(self, name: str, root: str) -> int:
        if (name, root) not in self.known:
            self.known[name, root] = self._selection(self.fragments[name].selection_set, root)
        return self.known[name, root]


def ensure_told(document: DocumentNode, most: int) -> None:
    """Raise Problem where a valid *document* asks for more than *most* values of the schema; 0: for any of them."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if not most:
        if any(_is_told(node.selection_set, fragments) for node in operations):
            words = "The schema is not told here: read its documentation."
            raise Problem(Code.INTROSPECTION_DISABLED, words)
        return
    reflection = Reflection(fragments)
    if sum(reflection.asked(node.selection_set) for node in operations) > most:
        raise Problem(Code.DOCUMENT_TOO_LARGE, "The document asks for too much of the schema at once.")


def _aliased() -> Problem:
    """Return what is said of aliases: with them, one list could be asked for many times, and nobody needs that."""
    return Problem(Code.DOCUMENT_TOO_LARGE, "What is asked of the schema takes no aliases.")


def _is_told(selection: SelectionSetNode, fragments: Fragments) -> bool:
    """Return whether *selection* asks for more of the schema than the names of types."""
    for node in _fields(selection, fragments):
        if node.name.value == "__schema":
            return True
        if node.name.value == "__type" and node.selection_set:
            below = {each.name.value for each in _fields(node.selection_set, fragments)}
            if not below <= _FLAT:
                return True
    return False


def _fields(selection: SelectionSetNode, fragments: Fragments) -> Iterator[FieldNode]:
    """Yield the fields of *selection* itself and of the fragments in it."""
    stack = [selection]
    while stack:
        for node in stack.pop().selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                stack.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                stack.append(fragments[node.name.value].selection_set)
