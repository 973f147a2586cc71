"""The schema as it is written down."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import build_schema, get_introspection_query, graphql_sync, parse, print_schema, validate

from gateway.resources import operations, schema_file
from gateway.store.ledger import Portal
from gateway.store.tables import ROWS
from harvest_graphql.plan.relations import snake
from harvest_graphql.schema import core, sdl


def test_the_written_schema_is_current() -> None:
    assert schema_file().read_text("utf-8") == sdl(), "run: gateway schema --write"


def test_the_written_schema_is_a_schema() -> None:
    assert print_schema(build_schema(sdl())).strip() == sdl().strip()


@pytest.mark.parametrize("name", sorted(operations()))
def test_operations_fit_the_schema(name: str) -> None:
    assert validate(core(), parse(operations()[name])) == []


def test_everything_is_described() -> None:
    found = graphql_sync(core(), get_introspection_query(input_value_deprecation=True)).data["__schema"]
    bare = []
    for type_ in found["types"]:
        if type_["name"].startswith("__"):
            continue
        parts = [(type_["name"], type_)]
        for field in type_["fields"] or []:
            parts.append((f"{type_['name']}.{field['name']}", field))
            parts += [(f"{type_['name']}.{field['name']}({each['name']})", each) for each in field["args"]]
        for kind in ("inputFields", "enumValues"):
            parts += [(f"{type_['name']}.{each['name']}", each) for each in type_[kind] or []]
        bare += [name for name, part in parts if not (part["description"] or "").strip()]
    bare += [f"@{each['name']}" for each in found["directives"] if not each["description"]]
    assert bare == []


INTERNAL = {
    "id", "portal", "native_id", "document_hash", "row_hash", "wire_status", "text_record_id", "number",
}  # fmt: skip
"""Columns that no field shows under their own name."""


@pytest.mark.parametrize("type_", [*ROWS, "Portal"])
def test_every_column_has_a_field(type_: Any) -> None:
    """Columns of relations lose ``_id``; embedded objects lend theirs a prefix, or none."""
    row: Any = ROWS.get(type_, Portal)
    table = row.__table__
    shown: set[str] = set()

    def collect(name: str, prefix: str) -> None:
        for field, definition in core().type_map[name].fields.items():
            marks = definition.extensions["strawberry-definition"].metadata
            shown.add(prefix + snake(field))
            if "embedded" in marks:
                named = definition.type
                while hasattr(named, "of_type"):
                    named = named.of_type
                collect(named.name, prefix + marks["embedded"])

    collect(str(type_), "")
    columns = {
        column.name.removesuffix("_id") if "refers" in column.info else column.name
        for column in table.columns
    }
    assert columns - shown - INTERNAL == set() or columns - shown - INTERNAL == {"text_record"}


def test_the_words_of_the_model_are_the_words_of_the_schema() -> None:
    for row in ROWS.values():
        for column in row.__table__.columns:
            if enum := column.info.get("enum"):
                assert list(core().type_map[enum.__name__].values) == [word.value for word in enum]
