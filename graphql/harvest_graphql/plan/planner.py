"""Root fields as statements: one SQL statement each, whose only column is the field's JSON in UTF-8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from gateway.model.enums import EntityType
from harvest_graphql.consistency import ARGUMENT as CONSISTENCY
from harvest_graphql.plan.changing import Doing, doing_of
from harvest_graphql.plan.conditions import ids_of, parsed, plain_text, portal_number
from harvest_graphql.plan.draft import Call, Draft, Read, Row
from harvest_graphql.plan.instants import Asked, asked_of, past_of
from harvest_graphql.plan.leaves import NULL, list_text
from harvest_graphql.plan.listing import is_connection
from harvest_graphql.plan.objects import Objects
from harvest_graphql.plan.operands import Operand, Values
from harvest_graphql.plan.past import ensure_kept
from harvest_graphql.plan.relations import BACKREF, PORTAL, entity_type, table_of
from harvest_graphql.plan.selection import Selections
from harvest_graphql.plan.wishes import Wished, wished
from harvest_graphql.problems import Code, Problem
from harvest_graphql.visibility import NOBODY, Scopes

MOST_IDS = 100
"""How many ids ``nodes`` takes."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The SQL of one root field, and where its parameters come from."""

    key: str
    sql: str
    reads: tuple[Read, ...]
    asked: Asked | None = None
    """What it asks of the past; None: of now."""
    doing: Doing | None = None
    """What is done before it is sent; None: nothing."""
    marked: bool = False
    """Whether it tells, before the JSON and up to a line end, what whoever follows events has to know."""
    wished: Wished | None = None
    """How new what it tells has to be; None: as it is stored."""

    def arguments(self, call: Call) -> list[Any]:
        """Return the parameters for *call*; Problem where one of them cannot be used."""
        return [read(call) for read in self.reads]


@dataclass(frozen=True, slots=True)
class Known:
    """A root field whose JSON is known without asking."""

    key: str
    json: bytes


@dataclass(frozen=True, slots=True)
class Introspection:
    """A root field about the schema, which graphql-core answers."""

    key: str
    nodes: tuple[FieldNode, ...]


class Plan:
    """How one operation is answered in every call of one shape: what a call needs to know of it is worked out once.

    *private* are selected fields that this caller may not read. *volatile*: the answer can change without a move of the
    data version, so that it is never kept.
    """

    __slots__ = ("asked", "fields", "needs", "private", "single", "volatile", "wished")

    def __init__(
        self,
        fields: tuple[Statement | Known | Introspection, ...],
        private: tuple[str, ...],
        volatile: bool = False,
    ) -> None:
        statements = [each for each in fields if isinstance(each, Statement)]
        self.fields = fields
        self.private = private
        self.volatile = volatile
        self.asked = tuple(each.asked for each in statements if each.asked)
        """What its fields ask of the past."""
        self.wished = tuple((each.key, each.wished) for each in statements if each.wished)
        """How new its fields have to be, by their keys."""
        self.needs = frozenset(each.doing.needs for each in statements if each.doing)
        """The scopes without which nobody may do what it does."""
        alone = statements[0] if len(fields) == len(statements) == 1 else None
        self.single = None if alone is None or alone.doing is not None or alone.marked else alone
        """The statement that is all of it, as it nearly always is."""

    def size(self) -> int:
        """Return about how many bytes it takes to remember this."""
        return 1000 + sum(
            len(each.sql)
            if isinstance(each, Statement)
            else len(each.json)
            if isinstance(each, Known)
            else 100
            for each in self.fields
        )


def plan(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: dict[str, FragmentDefinitionNode],
    values: Values,
    scopes: Scopes = NOBODY,
    most: int | None = None,
) -> Plan:
    """Return how *operation* is answered to a caller with *scopes*; *values* are the call's coerced variables.

    A page of events holds *most* at most, where that is said.
    """
    root = schema.get_root_type(operation.operation)
    assert root is not None
    selections = Selections(schema, fragments, values)
    selected = selections.at_root(root, operation.selection_set)
    if operation.operation is OperationType.SUBSCRIPTION and len(selected) != 1:
        raise Problem(Code.GRAPHQL_VALIDATION_FAILED, "A subscription selects one field.")
    drafts = [Draft(scopes, schema) for _ in selected]
    for draft in drafts:
        draft.most = most
    fields = [
        _field(root, key, nodes, Objects(selections, draft))
        for (key, nodes), draft in zip(selected.items(), drafts, strict=True)
    ]
    private = sorted({field for draft in drafts for field in draft.private})
    volatile = operation.operation is OperationType.MUTATION or any(draft.volatile for draft in drafts)
    return Plan(tuple(fields), tuple(private), volatile)


def _field(
    root: GraphQLObjectType, key: str, nodes: list[FieldNode], objects: Objects
) -> Statement | Known | Introspection:
    name = nodes[0].name.value
    if name == "__typename":
        return Known(key, f'"{root.name}"'.encode())
    if name.startswith("__"):
        return Introspection(key, tuple(nodes))
    field = root.fields[name]
    arguments = objects.selections.arguments(field, nodes[0])
    objects.draft.past = past_of(objects.draft, arguments)
    sql = _Root(objects, field, nodes).sql()
    finished, reads = objects.draft.finished(f"SELECT convert_to({sql}, 'UTF8') AS answer")
    return Statement(
        key,
        finished,
        reads,
        asked_of(objects.draft, arguments),
        doing_of(field, name, arguments),
        bool(field.extensions[BACKREF].metadata.get("marked")),
        wished(objects.draft, field, arguments) if CONSISTENCY in field.args else None,
    )


@dataclass(frozen=True, slots=True)
class _Root:
    """Writes one root field, by what it returns and which arguments it takes."""

    objects: Objects
    field: GraphQLField
    nodes: list[FieldNode]

    def sql(self) -> str:
        """Return the SQL of the field's JSON text."""
        arguments = self.objects.selections.arguments(self.field, self.nodes[0])
        named = get_named_type(self.field.type).name
        marks = self.field.extensions[BACKREF].metadata
        self.objects.draft.volatile |= bool(marks.get("volatile"))
        if answer := marks.get("answer"):
            self.objects.draft.mixed = True
            return str(answer(self.objects, self.field, self.nodes, arguments))
        if is_connection(self.field):
            return self.objects.connection(self.field, self.nodes)
        if is_list_type(get_nullable_type(self.field.type)):
            return self._portals() if named == "Portal" else self._nodes(arguments["ids"])
        if "id" in arguments:
            return self._node(arguments["id"])
        if named == "Portal":
            return self._one("Portal", lambda row: f"{row.alias}.key = {self._text(arguments['key'])}")
        type_ = entity_type(named)
        assert type_ is not None
        return self._look_up(type_, arguments)

    def _text(self, value: Operand) -> str:
        return self.objects.draft.bind(lambda call: plain_text(value.read(call.values)), "text")

    def _portals(self) -> str:
        row = self._row("Portal")
        items = f"string_agg({self._object(row)}, ',' ORDER BY {row.alias}.key)"
        return f"(SELECT {list_text(items)} FROM portal {row.alias})"

    def _node(self, id_: Operand) -> str:
        return self._by_id(parsed(id_.now)[0], lambda call: id_.read(call.values))

    def _by_id(self, name: str, read: Read) -> str:
        draft, type_ = self.objects.draft, entity_type(name)
        if type_ is None:
            native = draft.bind(lambda call: parsed(read(call))[2], "text")
            return self._one(name, lambda row: f"{row.alias}.key = {native}")
        portal, native = ids_of(draft, type_, read)
        return self._one(name, lambda row: self._is(row, portal, native))

    def _nodes(self, ids: Operand) -> str:
        """Return the list of things of any type: each id is looked up in the table of its own."""
        self.objects.draft.mixed = True
        past = self.objects.draft.past

        def part(index: int) -> Read:
            return lambda call: [named(each)[index] for each in _few(ids.read(call.values))]

        def named(id_: str) -> tuple[str, str, str]:
            found = parsed(id_)
            if past is not None:
                ensure_kept(entity_type(found[0]))
            return found

        types, portals, natives = (self.objects.draft.bind(part(index), "text[]") for index in range(3))
        told = [type_ for type_ in EntityType if past is None or type_ is not EntityType.DATASET]
        cases = [f"WHEN '{type_}' THEN {self._given(type_)}" for type_ in told]
        cases.append(f"WHEN 'Portal' THEN {self._one('Portal', lambda row: f'{row.alias}.key = g.native')}")
        items = f"string_agg(CASE g.type {' '.join(cases)} ELSE {NULL} END, ',' ORDER BY g.n)"
        given = f"unnest({types}, {portals}, {natives}) WITH ORDINALITY AS g(type, portal, native, n)"
        return f"(SELECT {list_text(items)} FROM {given} LEFT JOIN portal k ON k.key = g.portal)"

    def _given(self, type_: EntityType) -> str:
        past = self.objects.draft.past
        rows = table_of(type_).name if past is None else past.chosen(type_)
        named = (
            "{0}.portal = k.number AND {0}.native_id = g.native"  # no sub-select: no past would use its index
        )
        return self._one(type_.value, lambda row: named.format(row.alias), rows)

    def _look_up(self, type_: EntityType, arguments: dict[str, Operand]) -> str:
        native, slug = arguments.get("nativeId"), arguments.get("slug")
        if (native is None) == (slug is None):
            raise Problem(Code.BAD_USER_INPUT, "Name one thing: give `nativeId` or `slug`, and not both.")
        portal = self._text(arguments["portal"])
        if native:
            found = self._text(native)
            return self._one(type_.value, lambda row: self._is(row, portal, found))
        assert slug is not None
        wanted = self._text(slug)
        return self._one(
            type_.value,
            lambda row: (
                f"{row.alias}.portal = {portal_number(portal)} AND {row.alias}.slug = {wanted}"
                f" ORDER BY {row.alias}.presence = 'PRESENT' DESC, {row.alias}.id DESC LIMIT 1"
            ),
        )

    def _is(self, row: Row, portal: str, native: str) -> str:
        """Return the condition that *row* is the one with these SQL portal key and native id."""
        return f"{row.alias}.portal = {portal_number(portal)} AND {row.alias}.native_id = {native}"

    def _one(self, name: str, condition: Callable[[Row], str], rows: str = "") -> str:
        """Return the thing of type *name* that meets *condition*, null where there is none.

        *rows* is what stands after FROM, where those of its type are not simply read.
        """
        row, type_ = self._row(name), entity_type(name)
        rows = rows or (PORTAL.name if type_ is None else self.objects.draft.rows(type_))
        found = f"SELECT {self._object(row)} FROM {rows} {row.alias} WHERE {condition(row)}"
        return f"coalesce(({found}), {NULL})"

    def _row(self, name: str) -> Row:
        draft, type_ = self.objects.draft, entity_type(name)
        table = PORTAL if type_ is None else table_of(type_)
        return Row(draft, name, draft.alias(), table)

    def _object(self, row: Row) -> str:
        type_ = self.objects.selections.schema.type_map[row.type_name]
        assert isinstance(type_, GraphQLObjectType)
        return self.objects.of(type_, self.nodes, row)


def _few(ids: list[str]) -> list[str]:
    if len(ids) > MOST_IDS:
        raise Problem(Code.BAD_USER_INPUT, f"`nodes` takes at most {MOST_IDS} ids, not {len(ids)}.")
    return ids
