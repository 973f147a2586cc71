"""What a document may ask for: how each limit is counted, and that what people really send is within them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_introspection_query

from gateway.errors import ConfigurationError
from gateway.resources import operations
from harvest_graphql.documents import Documents, Refused
from harvest_graphql.limits import Limits, limits
from harvest_graphql.literals import ensure_small
from harvest_graphql.problems import Code, Problem
from harvest_graphql.schema import core

ARGUMENTS = "fields { args { type { inputFields { name } } } }"
LIMITS = Limits()
SMALL = Limits(schema=0)


def many(count: int, write: Callable[[int], str]) -> str:
    return " ".join(write(number) for number in range(count))


def code(text: str, within: Limits = LIMITS) -> str:
    """Return the code with which *text* is refused, OK where it is not."""
    try:
        Documents(core(), within).read(text)
    except Problem as problem:
        return problem.code
    except Refused as refused:
        return refused.code
    return "OK"


def portals(body: str) -> str:
    return f"{{ portals {{ {body} }} }}"


def alike(width: int, levels: list[str]) -> str:
    """Return *levels* of fields, each of them written *width* times."""
    if not levels:
        return "id"
    return many(width, lambda _: f"{levels[0]} {{ {alike(width, levels[1:])} }}")


def chain(length: int, body: str) -> str:
    parts = many(length, lambda n: f"fragment F{n} on Portal {{ {body} ...F{n + 1} }}")
    return f"{portals('...F0')} {parts} fragment F{length} on Portal {{ key }}"


AT = [
    (lambda n: portals(many(n, lambda _: "key")), LIMITS.siblings),
    (lambda n: portals(many(n, lambda i: f"a{i}: key")), LIMITS.aliases),
    (lambda n: portals(f"key {many(n, lambda i: f'@a{i}')}"), LIMITS.repeated),
    (lambda n: portals(many(n // 4, lambda _: f"... {'@include(if: true) ' * 4} {{ key }}")), LIMITS.directives),
    (lambda n: f"query ({many(n, lambda i: f'$v{i}: Int')}) {portals('key')}", LIMITS.variables),
    (lambda n: f"{{ nodes(ids: [{many(n - 1, lambda _: '5')}]) {{ id }} }}", LIMITS.values),
    (lambda n: f'{{ portal(key: "{"x" * n}") {{ key }} }}', LIMITS.text),
    (lambda n: "{ " + many(n, lambda i: f"a{i}: portals {{ key }}") + " }", LIMITS.roots),
    (lambda n: f"{{ harvestJobs(first: {'1' * n}) {{ totalCount }} }}", 100),
    (lambda n: f"{portals('key')} {many(n - 1, lambda i: f'fragment F{i} on Portal {{ key }}')}", LIMITS.definitions),
]  # fmt: skip


@pytest.mark.parametrize(("write", "most"), AT, ids=range(len(AT)))
def test_as_much_as_is_allowed_and_no_more(write: Callable[[int], str], most: int) -> None:
    assert code(write(most)) != "DOCUMENT_TOO_LARGE"
    assert code(write(most + 4)) == "DOCUMENT_TOO_LARGE"


@pytest.mark.parametrize(
    "text",
    [
        "{ " + alike(5, ["harvestSources", "nodes", "lastJob", "source"]) + " }",
        "{ " + many(15, lambda _: "... { " + alike(3, ["harvestSources", "nodes"]) + " }") + " }",
        chain(40, "title key baseUrl siteUrl sandbox title key baseUrl"),
        portals(many(20, lambda i: f"...F{i % 10}"))
        + many(10, lambda i: f"fragment F{i} on Portal {{ {many(15, lambda _: 'key')} }}"),
        "{ " + many(20, lambda _: f"harvestJobs(filter: {{id: [{'1 ' * 24}]}}) {{ totalCount }}") + " }",
        portals(many(20, lambda _: f"sync {{ {many(9, lambda i: f'...F{i}')} }}"))
        + many(9, lambda i: f"fragment F{i} on SyncInfo {{ state }}"),
    ],
    ids=["siblings", "inline", "chain", "fragments", "arguments", "spreads"],
)
def test_fields_that_graphql_core_would_compare_for_long(text: str) -> None:
    """Each of them takes graphql-core's rule on overlapping fields a quarter of a second or its like."""
    assert code(text) == "DOCUMENT_TOO_LARGE"


def test_limits_are_laid_over_the_usual_ones() -> None:
    assert limits({"depth": 3}) == Limits(depth=3)
    assert limits({"schema": 9}, locked=True).schema == 0
    with pytest.raises(ConfigurationError, match="deapth"):
        limits({"deapth": 3})


def test_fragments_that_hold_themselves() -> None:
    for text in (
        "{ portals { ...A } } fragment A on Portal { key ...B } fragment B on Portal { ...A }",
        "{ portals { key } } fragment A on Portal { key ...A }",
        "{ portals { ...A } } fragment A on Portal { sync { ... { ...A } } }",
    ):
        assert code(text) == "GRAPHQL_VALIDATION_FAILED"


def test_a_dag_of_fragments_is_counted_written_out() -> None:
    parts = many(40, lambda n: f"fragment F{n} on Portal {{ ...F{n + 1} ...F{n + 1} }}")
    for last in ("key", "...Nowhere"):
        text = f"{portals('...F0')} {parts} fragment F40 on Portal {{ {last} }}"
        assert code(text) == "DOCUMENT_TOO_LARGE"


def test_fields_of_all_operations_count_together() -> None:
    part = "fragment F on Portal { " + many(20, lambda _: "key") + " }"
    asked = many(48, lambda n: f"query Q{n} {{ portals {{ ...F }} }}")
    assert code(f"{asked} {part}") == "DOCUMENT_TOO_LARGE"


@pytest.mark.parametrize("text", operations().values(), ids=operations().keys())
def test_operations_of_the_house_are_within_the_limits(text: str) -> None:
    assert code(text) == "OK"
    assert code(text, SMALL) == "OK"


def test_what_tools_ask_of_the_schema() -> None:
    for text in (
        get_introspection_query(),
        get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
        ),
        '{ a: __type(name: "Portal") { name fields { name } } b: __type(name: "Query") { name } }',
    ):
        assert code(text) == "OK"


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "{ __schema { types { a: fields { name } b: fields { name } } } }",
        "{ a: __schema { types { name } } b: __schema { types { name } } }",
        "{ ...F } fragment F on Query { __schema { ...G } } fragment G on __Schema { types { x: name } }",
        "{ "
        + many(60, lambda i: f'a{i}: __type(name: "Query") {{ {ARGUMENTS} }}')
        + " }",
    ],
)  # fmt: skip
def test_too_much_asked_of_the_schema(text: str) -> None:
    assert code(text) in {"DOCUMENT_TOO_LARGE", "GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{ __typename }", "OK"),
        ("{ portals { __typename } }", "OK"),
        ('{ __type(name: "Portal") { name } }', "OK"),
        ('{ __type(name: "Portal") { __typename name kind } }', "OK"),
        ('{ __type(name: "Portal") { ...F } } fragment F on __Type { name }', "OK"),
        ('{ __type(name: "Portal") { description } }', "INTROSPECTION_DISABLED"),
        ('{ __type(name: "Portal") { x: fields { name } } }', "INTROSPECTION_DISABLED"),
        ('{ __type(name: "Portal") { ...F } } fragment F on __Type { enumValues { name } }', "INTROSPECTION_DISABLED"),
        ("{ __schema { queryType { name } } }", "INTROSPECTION_DISABLED"),
        ("{ portals { key } ... { x: __schema { description } } }", "INTROSPECTION_DISABLED"),
        ("query A { portals { key } } query B { __schema { description } }", "INTROSPECTION_DISABLED"),
        (get_introspection_query(), "INTROSPECTION_DISABLED"),
    ],
)  # fmt: skip
def test_a_schema_that_is_not_told(text: str, found: str) -> None:
    assert code(text, SMALL) == found


@pytest.mark.parametrize(
    "variables",
    [
        {"a": [1] * 501},
        {"a": [[1] * 300, [2] * 300]},
        {"a": {str(number): number for number in range(501)}},
        {str(number): None for number in range(501)},
        {"a": "x" * 10_001},
        {"a": [{"b": "x" * 10_001}]},
    ],
    ids=["list", "nested", "object", "many", "text", "deep"],
)
def test_variables_that_hold_too_much(variables: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        ensure_small(variables, values=LIMITS.values, text=LIMITS.text)
    assert caught.value.code is Code.BAD_USER_INPUT


def test_variables_that_hold_a_lot() -> None:
    ensure_small({"a": ["x" * 10_000] * 400, "b": {"c": [None]}}, values=LIMITS.values, text=LIMITS.text)


@pytest.mark.parametrize(
    "text",
    [
        "{ harvestSource }",
        "{ portls { key } }",
        "{ portals { kei } }",
        "{ portals(x: 1) { key } }",
        "{ harvestJobs(frst: 1) { totalCount } }",
        "{ harvestJobs(filter: {statu: [FAILED]}) { totalCount } }",
        "{ harvestJobs(filter: {status: [FAILD]}) { totalCount } }",
        "query ($a: HarvestJobFilte) { harvestJobs(filter: $a) { totalCount } }",
        "{ nodes(ids: []) { ... on HarvestJo { id } } }",
        "{ nodes(ids: []) { native } }",
        "{ portals @includ(if: true) { key } }",
        "{ portals @include(iff: true) { key } }",
        "{ portals { ...Frg } } fragment Frag on Portal { key }",
        "{ portals { .. } }",
        "{ portals { ...F } } fragment F on Portal { key .. }",
        "{ portal(key: 'x') { key } }",
    ],
)
def test_no_error_suggests_anything(text: str) -> None:
    with pytest.raises(Refused) as caught:
        Documents(core(), LIMITS).read(text)
    told = json.dumps([error.formatted for error in caught.value.errors])
    assert "did you mean" not in told.lower()
