"""How much a document may ask for: checked on the parsed document before graphql-core validates it.

One pass, in which each fragment is measured once: a document of nested fragments costs what its text is long.
What lies below ``__schema`` and ``__type`` counts towards no depth; graphql-core limits it on its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.language import FragmentSpreadNode, InlineFragmentNode, SelectionNode

from gateway.errors import ConfigurationError
from harvest_graphql.literals import Literals
from harvest_graphql.overlaps import comparisons, keys
from harvest_graphql.problems import Code, Problem


def _most(number: int, says: str) -> Any:
    return field(default=number, metadata={"says": says})


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a document and its variables may hold; *says* in a field's metadata is what users are told."""

    characters: int = _most(50_000, "Characters of a document.")
    comments: int = _most(1000, "Comments in it.")
    tokens: int = _most(3000, "Words and signs in it.")
    definitions: int = _most(50, "Operations and fragments in it.")
    roots: int = _most(20, "Fields of the query itself in an operation: each is a statement of its own.")
    depth: int = _most(15, "Fields within fields.")
    aliases: int = _most(60, "Fields with an alias.")
    siblings: int = _most(20, "Fields of one key of the answer side by side.")
    fields: int = _most(
        1000, "Fields and fragments of all operations together, once every fragment is written out."
    )
    spreads: int = _most(200, "Places at which fragments are spread.")
    comparisons: int = _most(
        10_000, "Pairs of fields, values and fragments that have to be compared since they share a key."
    )
    directives: int = _most(100, "Directives in a document.")
    repeated: int = _most(4, "Directives at one place.")
    variables: int = _most(100, "Variables that all operations declare.")
    values: int = _most(500, "Values in the arguments of a document, and as many in a call's variables.")
    text: int = _most(10_000, "Characters of one such value.")
    schema: int = _most(300_000, "Values of the schema itself in an answer, as far as they can be reckoned.")
    statement: int = _most(250_000, "Length of the SQL that an operation becomes.")
    nodes: int = _most(20_000, "Cost of an operation: the things that its answer may hold.")
    answer_bytes: int = _most(10_000_000, "Length of an answer's data.")
    groups: int = _most(10, "Grouped counts, each of which reads a whole list.")


def limits(given: Mapping[str, int], *, locked: bool = False) -> Limits:
    """Return the limits with the *given* ones, by name; *locked*: the schema is not told.

    ConfigurationError for a name that is no limit's.
    """
    names = [each.name for each in fields(Limits)]
    if unknown := sorted(set(given) - set(names)):
        raise ConfigurationError(f"There is no limit {unknown[0]!r}.", hint=f"There are: {', '.join(names)}.")
    return replace(Limits(), **{**given, **({"schema": 0} if locked else {})})


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
    literals: Literals
    known: dict[str, _Size | None] = field(default_factory=dict)
    """Sizes of the fragments measured; None while one is being measured."""
    aliases: int = 0
    spreads: int = 0
    directives: int = 0

    def definition(self, node: OperationDefinitionNode) -> _Size:
        """Return how deep and how wide an operation is; Problem where that is too much."""
        for variable in node.variable_definitions or ():
            self.literals.variable(variable)
            self._directives(variable)
        self._directives(node)
        size = self.selection(node.selection_set)
        if keys(node.selection_set, self.fragments) > self.limits.roots:
            raise _too("asking for more", self.limits.roots, "fields of the query itself")
        return size

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
        self.ensure_few(fields)
        if groups > self.limits.groups:
            raise _too("asking for more", self.limits.groups, "grouped counts, fragments written out")
        if names and max(names.values()) > self.limits.siblings:
            raise _too("repeating itself more", self.limits.siblings, "times the same key side by side")
        return _Size(depth, fields, groups)

    def ensure_few(self, fields: int) -> None:
        """Raise Problem where *fields* is too many."""
        if fields > self.limits.fields:
            raise _too("asking for more", self.limits.fields, "fields, fragments written out")

    def _node(self, node: SelectionNode, names: Counter[str]) -> _Size:
        self._directives(node)
        if isinstance(node, FieldNode):
            return self._field(node, names)
        if isinstance(node, InlineFragmentNode):
            size = self.selection(node.selection_set)
        else:
            assert isinstance(node, FragmentSpreadNode)
            names[f"...{node.name.value}"] += 1
            self.spreads += 1
            if self.spreads > self.limits.spreads:
                raise _too("spreading fragments more", self.limits.spreads, "times")
            size = self.fragment(node.name.value)
        return _Size(size.depth, size.fields + 1, size.groups)

    def _field(self, node: FieldNode, names: Counter[str]) -> _Size:
        names[node.alias.value if node.alias else node.name.value] += 1
        if node.alias:
            self.aliases += 1
            if self.aliases > self.limits.aliases:
                raise _too("using more", self.limits.aliases, "aliases")
        for argument in node.arguments or ():
            self.literals.value(argument.value)
        below = self.selection(node.selection_set)
        depth = 0 if node.name.value in {"__schema", "__type"} else below.depth + 1
        return _Size(depth, below.fields + 1, below.groups + (node.name.value == "groups"))

    def fragment(self, name: str) -> _Size:
        """Return the size of the fragment *name*, measured once; Problem where it holds itself."""
        if name not in self.known:
            self.known[name] = None
            found = self.fragments.get(name)
            if found:
                self._directives(found)
            self.known[name] = self.selection(found.selection_set) if found else _Size()
        size = self.known[name]
        if size is None:
            words = f"The fragment {name[:100]!r} spreads itself, directly or through others."
            raise Problem(Code.GRAPHQL_VALIDATION_FAILED, words)
        return size

    def _directives(self, node: Node) -> None:
        """Count the directives at one place."""
        found = getattr(node, "directives", None) or ()
        self.directives += len(found)
        if len(found) > self.limits.repeated:
            raise _too("using more", self.limits.repeated, "directives at one place")
        if self.directives > self.limits.directives:
            raise _too("using more", self.limits.directives, "directives")
        for directive in found:
            for argument in directive.arguments or ():
                self.literals.value(argument.value)


def check(document: DocumentNode, limits: Limits) -> None:
    """Raise Problem where *document* asks for more than *limits* allow."""
    if len(document.definitions) > limits.definitions:
        raise _too("made of more", limits.definitions, "operations and fragments")
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    literals = Literals(limits.values, limits.text, limits.variables)
    measure = Measure(limits, fragments, literals)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    count = sum(measure.definition(node).fields for node in operations)
    unused = [name for name in fragments if name not in measure.known]
    count += sum(measure.fragment(name).fields for name in unused if name not in measure.known)
    measure.ensure_few(count)
    begun = [node.selection_set for node in operations] + [fragments[name].selection_set for name in unused]
    if comparisons(begun, fragments, limits.comparisons) > limits.comparisons:
        raise Problem(
            Code.DOCUMENT_TOO_LARGE,
            "The document asks for the same keys too often: merge fields that repeat.",
        )


def _too(what: str, most: int, of: str) -> Problem:
    return Problem(Code.DOCUMENT_TOO_LARGE, f"The document is {what} than allowed: at most {most} {of}.")
