"""The planner without a database: what it compiles, how it tells calls apart, how little hostile documents cost."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from gateway.errors import UsageError
from gateway.model.enums import EntityType
from harvest_graphql.documents import Documents, Refused, Remembered
from harvest_graphql.limits import Limits, check
from harvest_graphql.plan.cursors import Position, read_cursor
from harvest_graphql.plan.draft import Call
from harvest_graphql.plan.leaves import object_text
from harvest_graphql.plan.operands import shape
from harvest_graphql.plan.planner import Introspection, Known, Statement, plan
from harvest_graphql.plan.relations import entity_type, snake, table_of, to_many, to_one
from harvest_graphql.problems import Problem
from harvest_graphql.schema import core
from harvest_graphql.visibility import READ_PRIVATE

ALLOWED_SECONDS = 0.25


def statements(text: str, **values: Any) -> list[Statement]:
    operation = Documents(core(), Limits()).read(text).operation(None)
    found = plan(core(), operation.node, operation.fragments, values)
    return [each for each in found.fields if isinstance(each, Statement)]


def test_each_root_field_is_one_statement() -> None:
    found = statements("{ a: harvestSources { totalCount } b: harvestJobs { totalCount } portals { key } }")
    assert [each.key for each in found] == ["a", "b", "portals"]
    assert all(each.sql.startswith("SELECT convert_to(") for each in found)


def test_what_is_known_without_asking() -> None:
    operation = Documents(core(), Limits()).read("{ __typename __schema { __typename } }").operation(None)
    known, asked = plan(core(), operation.node, operation.fragments, {}).fields
    assert known == Known("__typename", b'"Query"')
    assert isinstance(asked, Introspection)


def test_only_columns_that_are_selected_are_read() -> None:
    (found,) = statements("{ harvestSources { nodes { name } } }")
    assert ".name" in found.sql
    assert ".description" not in found.sql


def test_a_page_reads_one_row_more_only_to_know_whether_there_is_one() -> None:
    (plain,) = statements("{ harvestSources(first: 7) { nodes { name } pageInfo { endCursor } } }")
    (more,) = statements("{ harvestSources(first: 7) { nodes { name } pageInfo { hasNextPage } } }")
    assert "LIMIT 7" in plain.sql
    assert "LIMIT 8" in more.sql


PRIVATE = """{ harvestSources { nodes { notificationEmails native document { hash text json } } } }"""


def test_private_fields_are_read_with_the_scope_alone() -> None:
    operation = Documents(core(), Limits()).read(PRIVATE).operation(None)
    for scopes in (frozenset(), frozenset({"write"})):
        found = plan(core(), operation.node, operation.fragments, {}, scopes)
        assert found.private == ("Document.json", "Document.text", "HarvestSource.notificationEmails")
        (statement,) = found.fields
        assert isinstance(statement, Statement)
        assert "notification_emails" not in statement.sql
        assert "native_private" not in statement.sql
        assert "text_json" not in statement.sql
    found = plan(core(), operation.node, operation.fragments, {}, frozenset({READ_PRIVATE}))
    assert found.private == ()
    (statement,) = found.fields
    assert isinstance(statement, Statement)
    assert "notification_emails" in statement.sql
    assert "native_private" in statement.sql
    assert "text_json" in statement.sql


def test_the_field_of_a_provenance_is_a_parameter() -> None:
    (found,) = statements('{ harvestSources { nodes { provenance(field: "name") { field } } } }')
    assert "'name'" not in found.sql
    assert found.arguments(Call({}, ())) == ["name"]


def test_relations_are_found_in_the_metadata() -> None:
    source, job = table_of(EntityType.HARVEST_SOURCE), table_of(EntityType.HARVEST_JOB)
    assert to_one(source, "last_job") == ("last_job_id", EntityType.HARVEST_JOB)
    assert to_one(source, "validation_by") == ("validation_by_id", EntityType.PERSON)
    assert to_many(EntityType.HARVEST_JOB, source, None) == "source_id"
    assert to_many(EntityType.HARVEST_ERROR, job, None) == "job_id"
    assert to_many(EntityType.HARVEST_SOURCE, table_of(EntityType.PERSON), "owner_id") == "owner_id"
    assert entity_type("PageInfo") is None
    assert snake("nativeSourceCount") == "native_source_count"


def test_objects_of_any_width() -> None:
    assert object_text([]) == "'{}'"
    assert object_text([("a", "'null'"), ("b", "'\"x\"'")]) == """'{"a":null,"b":"x"}'"""
    assert object_text([("a", "t.a"), ("b", "'1'")]) == """concat('{"a":', t.a, ',"b":1}')"""
    assert object_text([(f"a{n}", "x") for n in range(300)]).count("concat(") > 6


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": "x"}, {"a": "y"}, True),
        ({"a": "x"}, {"a": None}, False),
        ({"a": "x"}, {}, False),
        ({"a": ["x"]}, {"a": ["y"]}, True),
        ({"a": ["x"]}, {"a": ["x", "y"]}, False),
        ({"a": ["x", "y"]}, {"a": ["x", "y", "z"]}, True),
        ({"a": True}, {"a": False}, False),
        ({"a": 1}, {"a": 2}, False),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, True),
        ({"a": {"b": "x"}}, {"a": {"c": "x"}}, False),
        ({"a": {"b": "x"}}, {"a": {"b": None}}, False),
        ({"a": Position("K", "ASC", "x", 1)}, {"a": Position("K", "ASC", "y", 2)}, True),
        ({"a": Position("K", "ASC", "x", 1)}, {"a": Position("K", "ASC", None, 2)}, False),
    ],
)
def test_the_shape_of_variables(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    assert (shape(one, frozenset()) == shape(other, frozenset())) is same


def test_the_type_of_an_id_is_part_of_the_shape() -> None:
    source = "SGFydmVzdFNvdXJjZTpwOjE"
    assert shape({"id": source}, frozenset({"id"})) == (("id", "HarvestSource"),)
    assert shape({"id": "rubbish"}, frozenset({"id"})) == (("id", "malformed"),)


@pytest.mark.parametrize("text", ["", "x", "é", "W10", "eyJhIjoxfQ", "A" * 5000, "WyJBIiwiQVNDIiwieCIsMV0=x"])
def test_cursors_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        read_cursor(text)


def test_what_was_asked_for_last_is_remembered() -> None:
    held: Remembered[int] = Remembered(2, lambda _: 1)
    for key in (1, 2, 1, 3):
        assert held.get(key, lambda key=key: key) == key  # type: ignore[misc]
    assert held.get(1, lambda: 10) == 1
    assert held.get(2, lambda: 20) == 20
    assert len(held) == 2


def test_the_standard_introspection_is_allowed() -> None:
    check(parse(get_introspection_query(input_value_deprecation=True, specified_by_url=True)), Limits())


CHAIN = "".join(f"fragment F{n} on HarvestSource {{ ...F{n + 1} ...F{n + 1} }} " for n in range(30))
HOSTILE = {
    "doubling fragments": f"{{ harvestSources {{ nodes {{ ...F0 }} }} }} {CHAIN}"
    " fragment F30 on HarvestSource { id }",
    "doubling fragments with fields": "{ harvestSources { nodes { ...A0 } } } "
    + "".join(
        f"fragment A{n} on HarvestSource {{ a: lastJob {{ source {{ ...A{n + 1} }} }} "
        f"b: lastJob {{ source {{ ...A{n + 1} }} }} }} "
        for n in range(20)
    )
    + "fragment A20 on HarvestSource { id }",
    "circular fragments": "{ harvestSources { nodes { ...A } } } fragment A on HarvestSource { ...B }"
    " fragment B on HarvestSource { ...A }",
    "one field very often": "{ portals { " + "key " * 3900 + "} }",
    "one aliased field very often": "{ portals { " + "a: key " * 1300 + "} }",
    "one object very often": "{ " + "portals { key } " * 900 + "}",
    "many aliases": "{ portals { " + " ".join(f"a{n}: key" for n in range(1000)) + "} }",
    "many directives": "{ portals { key " + "@include(if: true) " * 600 + "} }",
    "many unknown directives": "{ portals { key " + "@x " * 1900 + "} }",
    "many unknown fields": "{ " + " ".join(f"f{n}" for n in range(990)) + " }",
    "many unused fragments": "{ portals { key } } "
    + " ".join(f"fragment F{n} on Portal {{ key }}" for n in range(500)),
    "many operations": " ".join(f"query Q{n} {{ portals {{ key }} }}" for n in range(500)),
    "many variables": "query (" + " ".join(f"$v{n}: Int" for n in range(900)) + ") { portals { key } }",
    "many spreads": "{ portals { " + "...F " * 1300 + "} } fragment F on Portal { key }",
    "many comments": "#\n" * 7000 + "{ portals { key } }",
    "deep": "{ harvestSources { nodes " + "{ lastJob { source " * 300 + "{ id }" + "} }" * 300 + "} }",
    "deep inline fragments": "{ portals " + "{ ... " * 700 + "{ key }" + "}" * 701,
    "deep list": "{ harvestJobs(filter: " + "[" * 7000 + "1" + "]" * 7000 + ") { totalCount } }",
    "deep object": "{ harvestJobs(filter: " + "{a:" * 2000 + "1" + "}" * 2000 + ") { totalCount } }",
    "circular introspection": "{ __schema { types "
    + "{ fields { type { fields { type " * 4
    + "{ name }"
    + "} } } }" * 4
    + "} }",
    "long string": '{ portal(key: "' + "x" * 14000 + '") { key } }',
    "long name": "{ " + "x" * 14000 + " }",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_cheap_to_judge(name: str) -> None:
    """By the best of three: the first may pay for a garbage collection of everything that other tests left."""

    def judged() -> float:
        began = time.process_time()
        with suppress(Problem, Refused):
            operation = Documents(core(), Limits()).read(HOSTILE[name]).operation(None)
            plan(core(), operation.node, operation.fragments, {})
        return time.process_time() - began

    assert min(judged() for _ in range(3)) < ALLOWED_SECONDS, name
