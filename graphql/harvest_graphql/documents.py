"""Documents: from text to validated operations, remembered."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from harvest_graphql.cost import Scale, Weight
from harvest_graphql.followed import Followed, followed
from harvest_graphql.limits import Limits, check
from harvest_graphql.problems import Code, Problem, shortened
from harvest_graphql.reflection import ensure_told
from harvest_graphql.variables import Variables

T = TypeVar("T")
MOST_ERRORS = 10
"""What a sender is told at once: each error may hold a value of the document in full."""
_SUGGESTION = re.compile(r",? did you mean .*\?$", re.DOTALL | re.IGNORECASE)
_NO_QUERY = re.compile(r"\b(?:mutation|subscription)\b")
"""What stands in each document that holds anything but queries."""


class Remembered(Generic[T]):
    """The values that were asked for last, by key: as many as weigh no more than *most* together."""

    def __init__(self, most: int, weigh: Callable[[T], int]) -> None:
        self._most = most
        self._weigh = weigh
        self._weight = 0
        self._held: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of *key*, made where it is not held; what *make* raises is not held."""
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
            return found
        value = self._held[key] = make()
        self._weight += self._weigh(value)
        while self._weight > self._most:
            _, oldest = self._held.popitem(last=False)
            self._weight -= self._weigh(oldest)
        return value

    def held(self, key: Hashable) -> T | None:
        """Return the value of *key*, None where it is not held; it is no younger for that."""
        return self._held.get(key)

    def __len__(self) -> int:
        return len(self._held)


class Refused(Exception):
    """A document or its variables cannot be used: graphql-core's errors, with the code of the stage.

    None of them suggests a name: whoever guesses is told nothing of the schema.
    """

    def __init__(self, code: Code, errors: list[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors
        for error in errors:  # its parser and one of its rules suggest whatever they are asked
            error.message = _SUGGESTION.sub("", error.message)

    def as_errors(self) -> list[dict[str, Any]]:
        """Return the entries of the answer's ``errors``, each with its code: one that a scalar gave it comes first."""
        return [_coded(error, self.code) for error in self.errors]


def _coded(error: GraphQLError, code: Code) -> dict[str, Any]:
    formatted: dict[str, Any] = dict(error.formatted)
    formatted["message"] = shortened(error.message)
    if "locations" in formatted:
        formatted["locations"] = formatted["locations"][:MOST_ERRORS]
    formatted["extensions"] = {"code": str((error.extensions or {}).get("code", code))}
    return formatted


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document."""

    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    ids: frozenset[str]
    """Variables that hold one global id: its type chooses SQL."""
    weight: Weight
    """What it costs in a call."""
    variables: Variables
    followed: Followed | None
    """How it follows events, None where it does not."""


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document."""

    operations: dict[str, Operation]
    characters: int
    alone: Operation | None = field(init=False)
    """The only one, None where there are several."""

    def __post_init__(self) -> None:
        alone = next(iter(self.operations.values())) if len(self.operations) == 1 else None
        object.__setattr__(self, "alone", alone)

    def operation(self, name: str | None) -> Operation:
        """Return the operation *name*, or the only one; Problem where there is none such."""
        if name is None:
            if self.alone is not None:
                return self.alone
            raise Problem(
                Code.BAD_USER_INPUT, "The document holds several operations: say which (operationName)."
            )
        if name not in self.operations:
            raise Problem(Code.BAD_USER_INPUT, f"The document holds no operation named {name[:100]!r}.")
        return self.operations[name]

    def does(self, name: str | None) -> OperationType:
        """Return what the operation *name* is, or the only one; QUERY where there is none such."""
        found = self.operations.get(name) if name else self.alone
        return found.node.operation if found else OperationType.QUERY


class Documents:
    """Reads documents of one schema and remembers them: as many as are *most* characters long together."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, most: int = 500_000) -> None:
        self._schema = schema
        self._limits = limits
        self._read: Remembered[Document] = Remembered(most, lambda document: document.characters)

    def read(self, text: str) -> Document:
        """Return the valid document of *text*; Refused or Problem where it is none."""
        return self._read.get(text, lambda: self._make(text))

    def does(self, text: str, name: str | None) -> OperationType:
        """Return what the operation *name* of a document is, valid or not; QUERY where that cannot be told."""
        if (read := self._read.held(text)) is not None:
            return read.does(name)
        if not _NO_QUERY.search(text):
            return OperationType.QUERY
        try:
            node = self._parsed(text)
        except Refused:
            return OperationType.QUERY
        found = {
            each.name.value if each.name else None: each.operation
            for each in node.definitions
            if isinstance(each, OperationDefinitionNode)
        }
        alone = next(iter(found.values())) if len(found) == 1 and name is None else OperationType.QUERY
        return found.get(name, alone)

    def follows(self, text: str, name: str | None) -> bool:
        """Return whether the operation *name* of a document follows events; False where that cannot be told."""
        try:
            return self.read(text).operation(name).followed is not None
        except (Refused, Problem):
            return False

    def _parsed(self, text: str) -> DocumentNode:
        try:
            node = parse(
                text,
                max_lexical_tokens=self._limits.tokens,
                max_comments=self._limits.comments,
                max_source_length=self._limits.characters,
            )
        except GraphQLError as error:
            raise Refused(Code.GRAPHQL_PARSE_FAILED, [error]) from None
        _unchain(node)
        return node

    def _make(self, text: str) -> Document:
        node = self._parsed(text)
        check(node, self._limits)
        if errors := validate(self._schema, node, max_errors=MOST_ERRORS, hide_suggestions=True):
            raise Refused(Code.GRAPHQL_VALIDATION_FAILED, errors)
        ensure_told(node, self._limits.schema)
        return self._document(node, len(text))

    def _document(self, node: DocumentNode, characters: int) -> Document:
        fragments = {
            each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)
        }
        scale = Scale(self._schema, fragments)
        return Document(
            {
                each.name.value if each.name else "": Operation(
                    each,
                    fragments,
                    _ids(each),
                    scale.operation(each),
                    Variables(self._schema, each),
                    followed(self._schema, each, fragments),
                )
                for each in node.definitions
                if isinstance(each, OperationDefinitionNode)
            },
            characters,
        )


def _unchain(node: DocumentNode) -> None:
    """Take the document's tokens off each other: nobody walks along them, and a chain both ways is slow rubbish."""
    token = node.loc and node.loc.start_token
    while token:
        following, token.prev, token.next = token.next, None, None
        token = following


def _ids(node: OperationDefinitionNode) -> frozenset[str]:
    found = []
    for definition in node.variable_definitions or ():
        type_ = definition.type.type if isinstance(definition.type, NonNullTypeNode) else definition.type
        if isinstance(type_, NamedTypeNode) and type_.name.value == "ID":
            found.append(definition.variable.name.value)
    return frozenset(found)
