"""Questions about the past without a database: which tables they read, what they may not ask, what is said of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.model.enums import EntityType
from gateway.store import tables
from harvest_graphql.documents import Documents
from harvest_graphql.hindsight import Known, notices
from harvest_graphql.limits import Limits
from harvest_graphql.plan.draft import Call
from harvest_graphql.plan.instants import Instant, instants
from harvest_graphql.plan.operands import shape
from harvest_graphql.plan.past import LASTING, Past
from harvest_graphql.plan.planner import Plan, Statement, plan
from harvest_graphql.plan.relations import table_of
from harvest_graphql.problems import Problem
from harvest_graphql.schema import core

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TREE = """
query ($at: DateTime) { harvestSources(asOf: $at) { totalCount nodes {
    organization { name sourceCount sources { nodes { id } } } backend { label } owner { slug }
    config { filters { key } } lastJob { status }
    jobs(filter: { hasErrors: true, backend: ["SGFydmVzdEJhY2tlbmQ6ZGF0YS1nb3Y6YQ"] }) { nodes { records { totalCount
        nodes { job { source { name } } document { hash } errors { nodes { message document { hash } } } } } } }
} } }
"""


def planned(text: str, **values: Any) -> Plan:
    operation = Documents(core(), Limits(depth=30)).read(text).operation(None)
    return plan(core(), operation.node, operation.fragments, values)


def sql(text: str, **values: Any) -> str:
    (found,) = planned(text, **values).fields
    assert isinstance(found, Statement)
    return found.sql


def test_everything_below_is_read_as_of_then() -> None:
    found = sql(TREE, at=NOON)
    ahead, _, shown = found.partition("SELECT convert_to(")
    now = {str(row.__tablename__) for row in tables.ROWS.values()}
    read = {name for name in now if f"FROM {name} " in shown or f"JOIN {name} " in shown}
    assert read == {"harvest_backend"}, "but for the key of an id"
    assert shown.count("FROM harvest_backend ") == shown.count("(SELECT w.id FROM harvest_backend w")
    for name in ("organization", "harvest_backend", "harvest_source", "harvest_job"):
        assert f"FROM {name} UNION ALL" in ahead
        assert f"FROM {name}_history" in ahead
    for name in ("person", "harvest_record", "harvest_error"):
        assert f"FROM {name} r WHERE r.first_seen_at <=" in ahead
    assert "rollup" not in found


def test_now_is_asked_as_ever() -> None:
    found = sql(TREE)
    assert found == sql(TREE.replace("(asOf: $at)", "").replace("query ($at: DateTime)", ""))
    assert "_then" not in found
    assert not found.startswith("WITH")


def test_each_query_stands_before_those_that_read_it() -> None:
    past = Past("$1::timestamptz")
    past.rows(EntityType.HARVEST_RECORD)
    past.rows(EntityType.HARVEST_SOURCE)
    written = past.ahead()
    assert written.index("harvest_job_then AS") < written.index("harvest_record_then AS")
    assert written.count("harvest_job_then AS") == 1


def test_the_instant_is_a_parameter_and_its_presence_chooses_the_plan() -> None:
    (found,) = planned(TREE, at=NOON).fields
    assert isinstance(found, Statement)
    assert NOON in found.arguments(Call({"at": NOON}, ("data-gouv-fr", "data-gov")))
    none = frozenset[str]()
    assert shape({"at": NOON}, none) == shape({"at": datetime(2020, 1, 1, tzinfo=UTC)}, none)
    assert shape({"at": NOON}, none) != shape({"at": None}, none)


def test_what_lies_in_the_future_is_refused() -> None:
    (found,) = planned("query ($at: DateTime) { harvestJobs(asOf: $at) { totalCount } }", at=NOON).fields
    assert isinstance(found, Statement)
    found.arguments(Call({"at": NOON}, (), lambda: NOON))
    with pytest.raises(Problem, match="in the future"):
        found.arguments(Call({"at": NOON}, (), lambda: NOON.replace(hour=11)))


@pytest.mark.parametrize(
    "selection",
    [
        "harvestRecords(asOf: $at) { nodes { dataset { title } } }",
        "harvestSources(asOf: $at) { nodes { datasets { totalCount } } }",
        "harvestJobs(asOf: $at) { groups(by: [STATUS]) { count } }",
        "harvestSources(asOf: $at) { nodes { jobs { groups(by: [STATUS]) { count } } } }",
    ],
)
def test_what_has_no_past_is_refused(selection: str) -> None:
    with pytest.raises(Problem, match="asOf"):
        planned(f"query ($at: DateTime) {{ {selection} }}", at=NOON)


def test_what_names_a_row_is_in_its_table() -> None:
    record, error = table_of(EntityType.HARVEST_RECORD), table_of(EntityType.HARVEST_ERROR)
    assert {*record.c.keys(), *error.c.keys()} >= LASTING


@pytest.mark.parametrize(
    ("text", "portals", "partly"),
    [
        ('{ harvestSource(portal: "a", slug: "s", asOf: "2026-11-20T12:00Z") { id } }', ("a",), False),
        ('{ harvestJobs(asOf: "2026-11-20T12:00Z") { totalCount } }', None, False),
        ('{ harvestJobs(asOf: "2026-11-20T12:00Z", filter: {portal: ["a", "b"]}) { totalCount } }', ("a", "b"), False),
        ('{ harvestRecords(asOf: "2026-11-20T12:00Z") { totalCount } }', None, True),
        ('{ harvestJobs(asOf: "2026-11-20T12:00Z", filter: {hasErrors: true}) { totalCount } }', None, True),
    ],
)  # fmt: skip
def test_what_is_asked_of_the_past(text: str, portals: tuple[str, ...] | None, partly: bool) -> None:
    asked = planned(text).asked
    assert instants([*asked, *asked], {}) == (Instant(NOON, portals, partly),)


LATER = NOON.replace(day=21)


@pytest.mark.parametrize(
    ("known", "portals", "partly", "expected"),
    [
        (Known("A", LATER, None), None, False, [("NOT_KNOWN_YET", "a", "2026-11-21T12:00:00Z")]),
        (Known("A", None, None), ("a",), False, [("NOT_KNOWN_YET", "a", None)]),
        (Known("A", NOON.replace(day=1), LATER), None, False, [("PRUNED", "a", "2026-11-21T12:00:00Z")]),
        (Known("A", NOON, NOON), None, True, [("PARTLY_KNOWN", None, None)]),
        (Known("A", LATER, None), ("b",), False, []),
    ],
)
def test_what_is_said_of_the_past(
    known: Known, portals: tuple[str, ...] | None, partly: bool, expected: list[tuple[Any, ...]]
) -> None:
    found = notices({"a": known}, [Instant(NOON, portals, partly)])
    assert [(each["code"], each.get("portal"), each.get("since")) for each in found] == expected
    assert all(each["asOf"] == "2026-11-20T12:00:00Z" and each["message"] for each in found)
    json.dumps(found)
