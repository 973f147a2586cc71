"""Which fields one can ask the provenance of: those that the schema has, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from api.world import FR, Ask, gid

from gateway import registry
from gateway.model.enums import EntityType
from gateway.store.provenance import told
from harvest_graphql.plan.fieldnames import known_field
from harvest_graphql.schema import core

ASKED = """query ($id: ID!, $field: String!) {
  node(id: $id) { ... on Entity { provenance(field: $field) { field } } } }"""
SEVERAL = """query ($ids: [ID!]!, $field: String!) {
  nodes(ids: $ids) { ... on Entity { provenance(field: $field) { field } } } }"""
FOUND = """query ($field: String!) {
  search(text: "air") { nodes { node { provenance(field: $field) { field } } } } }"""
JOB = gid("HarvestJob", "geo-1", FR)


@pytest.mark.parametrize("adapter", registry.adapters().values(), ids=lambda each: each.name)
def test_everything_that_is_told_is_of_a_field(adapter: Any) -> None:
    rows = list(told(adapter))
    assert len(rows) > 100
    for row in rows:
        known_field([core().type_map[row.entity_type]], row.field)


@pytest.mark.parametrize(
    "field", ["status", "counts.total", "counts", "source.organization.name", "jobs", "id"]
)
def test_names_of_fields(field: str) -> None:
    assert known_field([core().type_map[name] for name in EntityType], field) == field


async def test_a_field_of_which_nothing_is_known_is_null(data: Ask) -> None:
    assert (await data(ASKED, id=JOB, field="counts.total"))["node"]["provenance"] == {
        "field": "counts.total"
    }
    assert (await data(ASKED, id=JOB, field="records"))["node"]["provenance"] is None


@pytest.mark.parametrize(
    "field",
    [
        *("", "Status", "wire_status", "title", "counts.", "counts.totl", "status.x", ".", "x' OR true --"),
        pytest.param("a" * 9000, id="long"),
        pytest.param("source." * 1400, id="deep"),
    ],
)
async def test_what_is_no_field_is_a_mistake_of_who_asks(answer: Ask, field: str) -> None:
    found = await answer(ASKED, id=JOB, field=field)
    (error,) = found["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith("HarvestJob has no field ")
    assert "total" not in error["message"].replace(field[:100], "")
    assert len(error["message"]) < 300


async def test_things_of_several_types_are_asked_for_what_one_of_them_has(data: Ask, answer: Ask) -> None:
    ids = [JOB, gid("Dataset", "no2"), gid("HarvestSource", "nobody")]
    found = await data(SEVERAL, ids=ids, field="title")
    assert found["nodes"] == [{"provenance": None}, {"provenance": {"field": "title"}}, None]
    assert (await data(FOUND, field="url"))["search"]["nodes"]
    for document in (SEVERAL, FOUND):
        refused = await answer(document, ids=ids, field="titel")
        assert [error["extensions"]["code"] for error in refused["errors"]] == ["BAD_USER_INPUT"]
