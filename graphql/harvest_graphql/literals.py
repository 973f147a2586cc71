"""How much is written in values: in a document's arguments, and in a call's variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableDefinitionNode,
)

from harvest_graphql.problems import Code, Problem

_DIGITS = 100


@dataclass(slots=True)
class Literals:
    """Counts the values of one document: at most *values*, of at most *text* characters, in *variables* variables."""

    values: int
    text: int
    variables: int
    counted: int = 0
    declared: int = 0

    def variable(self, node: VariableDefinitionNode) -> None:
        """Count the variable that *node* declares."""
        self.declared += 1
        if self.declared > self.variables:
            raise _too(f"The document declares more than {self.variables} variables")
        if node.default_value:
            self.value(node.default_value)

    def value(self, node: ValueNode) -> None:
        """Count *node* and what it holds; Problem (DOCUMENT_TOO_LARGE) where that is too much."""
        stack = [node]
        while stack:
            each = stack.pop()
            self.counted += 1
            if self.counted > self.values:
                raise _too(f"The document's arguments hold more than {self.values} values: use variables")
            if isinstance(each, StringValueNode) and len(each.value) > self.text:
                raise _too(f"The document holds a text of more than {self.text} characters")
            if isinstance(each, IntValueNode | FloatValueNode) and len(each.value) > _DIGITS:
                raise _too(f"The document holds a number of more than {_DIGITS} digits")
            if isinstance(each, ListValueNode):
                stack.extend(each.values)
            elif isinstance(each, ObjectValueNode):
                stack.extend(member.value for member in each.fields)


def ensure_small(variables: Mapping[str, Any], *, values: int, text: int) -> None:
    """Raise Problem (BAD_USER_INPUT) where *variables* hold more than *values* or a longer text than *text*."""
    stack: list[Any] = list(variables.values())
    if len(stack) <= values and not _unusual(stack, text):
        return
    counted = 0
    while stack:
        each = stack.pop()
        counted += 1
        if isinstance(each, str):
            if len(each) > text:
                raise Problem(Code.BAD_USER_INPUT, f"A variable holds a text of more than {text} characters.")
        elif isinstance(each, dict):
            stack.extend(each.values())
        elif isinstance(each, list):
            stack.extend(each)
        if counted + len(stack) > values:
            raise Problem(Code.BAD_USER_INPUT, f"The variables hold more than {values} values.")


def _unusual(variables: list[Any], text: int) -> bool:
    """Return whether any of *variables* is no text of at most *text* characters, as nearly all are."""
    for each in variables:  # noqa: SIM110 - a generator takes five times as long
        if type(each) is not str or len(each) > text:
            return True
    return False


def _too(words: str) -> Problem:
    return Problem(Code.DOCUMENT_TOO_LARGE, f"{words}.")
