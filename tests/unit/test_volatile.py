"""What is marked volatile: every field and filter whose value can change without a move of the data version."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from gateway.model.identity import global_id
from gateway.store.bookkeeping import READABLE
from gateway.store.declared import METADATA
from harvest_graphql.documents import Documents
from harvest_graphql.limits import Limits
from harvest_graphql.plan.planner import Plan, Statement, plan
from harvest_graphql.schema import core
from harvest_graphql.visibility import NOBODY, READ_PRIVATE

LAST_SEEN = re.compile(
    r"\(SELECT w\.reconciled_at FROM sync_stream w WHERE w\.portal = \S+"
    r" AND w\.stream IN \([^)]*\) ORDER BY array_position\([^)]*\) LIMIT 1\)"
)
"""What is read of a table that moves no version, but for this column, by ``end_stream``."""
UNREADABLE = sorted(set(METADATA.tables) - READABLE)
MOVES_UNTOLD = re.compile(
    rf"(?:FROM|JOIN|,)\s+(?:{'|'.join(UNREADABLE)})\b|\b(?:now|clock_timestamp|statement_timestamp)\(|\bcurrent_"
)
LITERALS = {
    "ID": f'"{global_id("HarvestSource", "data-gov", "x")}"',
    "Int": "1",
    "Float": "1.5",
    "Boolean": "true",
    "DateTime": '"2026-01-01T00:00:00Z"',
    "Duration": '"PT1H"',
}


def literal(type_: GraphQLInputType) -> str:
    """Return a value of *type_* as a document has it."""
    if isinstance(type_, GraphQLNonNull):
        return literal(type_.of_type)
    if isinstance(type_, GraphQLList):
        return f"[{literal(type_.of_type)}]"
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        names = [name for name, each in type_.fields.items() if is_required_input_field(each)] or [
            next(iter(type_.fields))
        ]
        return f"{{{', '.join(f'{name}: {literal(type_.fields[name].type)}' for name in names)}}}"
    return LITERALS.get(get_named_type(type_).name, '"x"')


def called(name: str, field: GraphQLField) -> str:
    """Return how a field is selected, with the arguments that it needs."""
    given = [f"{key}: {literal(each.type)}" for key, each in field.args.items() if is_required_argument(each)]
    if "nativeId" in field.args and not is_required_argument(field.args["nativeId"]):
        given.append('nativeId: "x"')
    return f"{name}({', '.join(given)})" if given else name


def below(field: GraphQLField) -> Iterator[tuple[str, GraphQLObjectType]]:
    """Yield the object types that a field can hold, and what has to stand before their fields."""
    named = get_named_type(field.type)
    if isinstance(named, GraphQLObjectType):
        yield "", named
    elif isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        for each in core().get_possible_types(named):
            yield f"... on {each.name} ", each


def fields() -> Iterator[tuple[str, str]]:
    """Yield each field of the schema by its name, and a document that selects it by the shortest way."""
    root = core().query_type
    assert root is not None
    queue = deque([(root, "{ %s }")])
    known = {root.name}
    while queue:
        type_, way = queue.popleft()
        for name, field in type_.fields.items():
            if is_leaf_type(get_named_type(field.type)):
                yield f"{type_.name}.{name}", way % called(name, field)
                continue
            said = called(name, field).replace("%", "%%")
            yield f"{type_.name}.{name}", way % f"{said} {{ __typename }}"
            for condition, each in below(field) if name != "node" else ():  # its id says which type it is
                if each.name not in known:
                    known.add(each.name)
                    inner = f"{condition}{{ %s }}" if condition else "%s"
                    queue.append((each, way % f"{said} {{ {inner} }}"))


def filters() -> Iterator[tuple[str, str]]:
    """Yield each member of the root's filters by its name, and a document that uses it."""
    root = core().query_type
    assert root is not None
    for name, field in root.fields.items():
        if "filter" in field.args:
            type_ = get_named_type(field.args["filter"].type)
            assert isinstance(type_, GraphQLInputObjectType)
            for member, each in type_.fields.items():
                given = f"filter: {{{member}: {literal(each.type)}}}"
                page = get_named_type(field.type)
                assert isinstance(page, GraphQLObjectType)
                counted = "totalCount " if "totalCount" in page.fields else ""
                yield f"{type_.name}.{member}", f"{{ {name}({given}) {{ {counted}nodes {{ id }} }} }}"


def planned(text: str, *, private: bool) -> Plan:
    operation = Documents(core(), Limits(depth=30)).read(text).operation(None)
    scopes = frozenset({READ_PRIVATE}) if private else NOBODY
    return plan(core(), operation.node, operation.fragments, {}, scopes)


def moves_untold(found: Plan) -> list[str]:
    """Return what the plan's statements read that can change without a move of the data version."""
    sql = " ".join(LAST_SEEN.sub("", each.sql) for each in found.fields if isinstance(each, Statement))
    return MOVES_UNTOLD.findall(sql)


FIELDS, FILTERS = dict(fields()), dict(filters())
ALL = {**FIELDS, **FILTERS}


@pytest.mark.parametrize("private", [False, True])
def test_what_can_change_without_a_move_of_the_version_is_volatile(private: bool) -> None:
    plans = {name: planned(text, private=private) for name, text in ALL.items()}
    unmarked = [name for name, found in plans.items() if not found.volatile and moves_untold(found)]
    assert unmarked == [], "these need the mark volatile=True"


def test_every_type_of_an_answer_is_reached() -> None:
    types = {
        name
        for name, each in core().type_map.items()
        if isinstance(each, GraphQLObjectType) and not name.startswith("__")
    }
    subscribed = {name for name in types if name.endswith("Progress") or name == "Subscription"}
    mutation = core().mutation_type
    assert mutation is not None
    payloads = {get_named_type(field.type).name for field in mutation.fields.values()}
    done = {mutation.name, "BlankedRows", *payloads}  # never kept, since what they answer was just done
    assert {name.partition(".")[0] for name in FIELDS} == types - subscribed - done


@pytest.mark.parametrize(
    ("name", "volatile"),
    [
        ("Portal.sync", True),
        ("Portal.counts", False),
        ("PortalCounts.quarantined", True),
        ("PortalCounts.records", False),
        ("Portal.capabilities", False),
        ("HarvestSource.lastSeenAt", False),
        ("HarvestJobFilter.createdAt", False),
    ],
)
def test_what_is_kept_and_what_is_not(name: str, volatile: bool) -> None:
    assert planned(ALL[name], private=True).volatile is volatile


def test_the_test_sees_what_it_looks_for() -> None:
    assert moves_untold(planned(ALL["Portal.sync"], private=False))
    assert moves_untold(planned(ALL["PortalCounts.quarantined"], private=False))
    assert {"sync_run", "quarantine", "lease"} <= set(UNREADABLE)
