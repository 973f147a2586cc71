"""How much graphql-core has to compare to find fields that cannot share a key of the answer.

It compares each two fields that have one key at one place of the answer, with their arguments, then what is selected
below the one with what is selected below the other, and the fragments spread here with those spread there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    ListValueNode,
    ObjectValueNode,
    SelectionSetNode,
    ValueNode,
)
from graphql.language import FragmentSpreadNode, InlineFragmentNode

Fragments = Mapping[str, FragmentDefinitionNode]


def comparisons(begun: Sequence[SelectionSetNode], fragments: Fragments, most: int) -> int:
    """Return what there is to compare in selections that stand apart; counts on to a little more than *most*.

    No fragment may hold itself, and written out there must be few fields: each is looked at once.
    """
    total = 0
    stack = [[each] for each in begun]
    while stack and total <= most:
        fields: dict[str, list[FieldNode]] = {}
        for node in written_out(stack.pop(), fragments):
            fields.setdefault(_key(node), []).append(node)
        for alike in fields.values():
            if len(alike) > 1:
                total += _pairs(alike)
            if below := [node.selection_set for node in alike if node.selection_set]:
                stack.append(below)
    return total


def keys(selection: SelectionSetNode, fragments: Fragments) -> int:
    """Return how many keys *selection* gives an answer, but for those on the schema."""
    found = (node for node in written_out([selection], fragments) if not node.name.value.startswith("__"))
    return len({_key(node) for node in found})


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _pairs(alike: Sequence[FieldNode]) -> int:
    """Return what it takes to compare fields of one key, each with each."""
    arguments = sum(_size(argument.value) + 1 for node in alike for argument in node.arguments or ())
    spreads = sum(_spreads(node.selection_set) for node in alike if node.selection_set)
    return (len(alike) - 1) * (len(alike) + arguments) + spreads * spreads


def written_out(selections: Sequence[SelectionSetNode], fragments: Fragments) -> Iterator[FieldNode]:
    """Yield the fields of *selections* and of the fragments in them."""
    stack = list(selections)
    while stack:
        for node in stack.pop().selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                stack.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
                stack.append(fragments[node.name.value].selection_set)


def _spreads(selection: SelectionSetNode) -> int:
    """Return how many fragments are spread in *selection* itself."""
    count = 0
    stack = [selection]
    while stack:
        for node in stack.pop().selections:
            if isinstance(node, FragmentSpreadNode):
                count += 1
            elif isinstance(node, InlineFragmentNode):
                stack.append(node.selection_set)
    return count


def _size(value: ValueNode) -> int:
    """Return how many values *value* holds, itself among them."""
    count = 0
    stack = [value]
    while stack:
        each = stack.pop()
        count += 1
        if isinstance(each, ListValueNode):
            stack.extend(each.values)
        elif isinstance(each, ObjectValueNode):
            stack.extend(member.value for member in each.fields)
    return count
