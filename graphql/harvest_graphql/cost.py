"""What an operation costs: how many things its answer may hold, known before anything of it is run.

A row of a list is one, and so is every object below it; what is slow to read or large weighs more. A list multiplies
what each of its rows holds by its page size, so the cost is a product of the sizes along each path. An operation is
weighed once; each call then only puts in the sizes that its variables say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from graphql.language import FragmentSpreadNode, InlineFragmentNode

from harvest_graphql.consistency import ARGUMENT as CONSISTENCY
from harvest_graphql.consistency import Consistency
from harvest_graphql.plan.instants import ARGUMENT
from harvest_graphql.plan.operands import Values

PAGE = 20
"""Rows of a page whose size is not said."""
FEW = 5
"""Members that a list without pages is taken to have: logs, filters, rules."""
HEAVY = {
    ("Payload", "text"): 20,
    ("Payload", "json"): 20,
    ("Document", "text"): 20,
    ("Document", "json"): 20,
    ("QuarantineEntry", "text"): 20,
    ("QuarantineEntry", "base64"): 20,
}
"""Leaves that hold a whole payload or document."""
COUNT = 10
"""What `totalCount` weighs, and `groups` beside its groups: they look at the whole list."""
LARGEST = 1000
"""No page is larger, whatever a call says: what says so is refused later, in words of its own."""
SEARCH = 20
"""What `search` weighs beside its results: it looks at every list."""
ANEW = 4000
"""What a look-up weighs whose portal may be asked before: few of them fit an operation, and few a minute."""
PAST = 20
"""What `asOf` weighs beside the rows of its field: a list passes over all that came since."""
_ROWS = ("nodes", "edges")
"""Fields of a connection that hold its page."""
_PAGES = ("Connection", "EventPage")
"""How types end whose rows are as many as was asked for."""
_FREE = ("node", "pageInfo")
"""Objects that are no more than another view of one that is counted."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows a list has: *most*, unless the variable *name* says so."""

    most: int
    name: str | None = None

    def read(self, values: Values) -> int:
        """Return the size in a call."""
        given = values.get(self.name) if self.name is not None else None
        if isinstance(given, list):
            return len(given)
        size = given if isinstance(given, int) and not isinstance(given, bool) else self.most
        return min(max(0, size), LARGEST)


ONE = Size(1)


@dataclass(frozen=True, slots=True)
class Once(Size):
    """One where the variable *name* asks for something newer than what is stored, else none."""

    def read(self, values: Values) -> int:
        """Return whether it does in a call."""
        assert self.name is not None, "it is said by a variable"
        return 0 if values.get(self.name) in {None, Consistency.CACHED} else 1


@dataclass(slots=True, eq=False)
class Weight:
    """A part of an operation: *own* once, and *size* times what lies *below*."""

    own: int
    size: Size
    below: tuple[Weight, ...]
    fixed: int | None = field(init=False)
    """The weight in every call, None where a variable says sizes."""

    def __post_init__(self) -> None:
        varies = self.size.name is not None or any(each.fixed is None for each in self.below)
        self.fixed = None if varies else self._in({}, {})

    def of(self, values: Values, known: dict[int, int] | None = None) -> int:
        """Return the weight in a call; *known* are the parts that have been put in, by identity."""
        if self.fixed is not None:
            return self.fixed
        known = {} if known is None else known
        if id(self) not in known:
            known[id(self)] = self._in(values, known)
        return known[id(self)]

    def _in(self, values: Values, known: dict[int, int]) -> int:
        return self.own + self.size.read(values) * sum(each.of(values, known) for each in self.below)


@dataclass(slots=True)
class Scale:
    """Weighs the parts of one document; a fragment is weighed once, however often it is spread."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[tuple[str, Size], Weight] = field(default_factory=dict)

    def operation(self, node: OperationDefinitionNode) -> Weight:
        """Return the weight of a valid operation."""
        root = self.schema.get_root_type(node.operation)
        assert root is not None
        return Weight(0, ONE, tuple(self._selection(root.name, node.selection_set, ONE)))

    def _selection(self, type_: str, selection: SelectionSetNode | None, page: Size) -> Iterable[Weight]:
        """Yield the weights of what is selected of *type_*; *page* is the size of the connection that this is of."""
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                yield from self._field(type_, node, page)
            elif isinstance(node, InlineFragmentNode):
                narrowed = node.type_condition.name.value if node.type_condition else type_
                yield from self._selection(narrowed, node.selection_set, page)
            elif isinstance(node, FragmentSpreadNode):
                yield self._fragment(node.name.value, page)

    def _fragment(self, name: str, page: Size) -> Weight:
        if (name, page) not in self.known:
            node = self.fragments[name]
            below = tuple(self._selection(node.type_condition.name.value, node.selection_set, page))
            self.known[name, page] = Weight(0, ONE, below)
        return self.known[name, page]

    def _field(self, type_: str, node: FieldNode, page: Size) -> Iterable[Weight]:
        name = node.name.value
        if name.startswith("__"):
            return  # the schema is known: what it costs is bounded by the other limits
        field_ = self.schema.type_map[type_].fields[name]  # type: ignore[attr-defined]
        if is_leaf_type(get_named_type(field_.type)):
            weight = COUNT if name == "totalCount" else HEAVY.get((type_, name), 0)
            if weight:
                yield Weight(weight, ONE, ())
            return
        named = get_named_type(field_.type).name
        if any(argument.name.value == ARGUMENT for argument in node.arguments or ()):
            yield Weight(PAST, ONE, ())
        yield from _anew(node)
        if "first" in field_.args and "by" not in field_.args:
            own = SEARCH if "text" in field_.args else 0
            yield Weight(own, ONE, tuple(self._selection(named, node.selection_set, _size(field_, node))))
            return
        size = page if name in _ROWS and type_.endswith(_PAGES) else _size(field_, node)
        row = () if name in _FREE else (Weight(1, ONE, ()),)
        own = COUNT if "by" in field_.args else 0
        yield Weight(own, size, (*row, *self._selection(named, node.selection_set, ONE)))


def _anew(node: FieldNode) -> Iterable[Weight]:
    """Yield what it weighs that the portal may be asked."""
    for argument in node.arguments or ():
        if argument.name.value == CONSISTENCY:
            if isinstance(argument.value, VariableNode):
                yield Weight(0, Once(0, argument.value.name.value), (Weight(ANEW, ONE, ()),))
            elif getattr(argument.value, "value", None) not in {None, Consistency.CACHED.value}:
                yield Weight(ANEW, ONE, ())


def _size(field_: GraphQLField, node: FieldNode) -> Size:
    """Return how many rows the field has."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    if "first" in field_.args:
        usual = field_.args["first"].default_value
        most = usual if isinstance(usual, int) else PAGE
        said = [_number(given[name], most) for name in ("first", "last") if name in given]
        return said[0] if said else Size(most)
    if "ids" in given:
        return _number(given["ids"], PAGE)
    return Size(FEW) if is_list_type(get_nullable_type(field_.type)) else ONE


def _number(node: ValueNode, otherwise: int) -> Size:
    if isinstance(node, VariableNode):
        return Size(otherwise, node.name.value)
    if isinstance(node, ListValueNode):
        return Size(len(node.values))
    return Size(max(0, int(node.value))) if isinstance(node, IntValueNode) else Size(otherwise)
