"""The schema as it is written down."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import (
    DEFAULT_DEPRECATION_REASON,
    GraphQLInputObjectType,
    build_schema,
    get_introspection_query,
    get_named_type,
    graphql_sync,
    parse,
    print_schema,
    validate,
)

from gateway.model.entities import ENTITIES
from gateway.resources import operations, schema_file
from gateway.store.ledger import Document, FetchLog, Portal
from gateway.store.tables import ROWS
from harvest_graphql.plan.relations import BACKREF, is_private, snake
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


def test_every_deprecation_says_what_to_use_instead() -> None:
    """None says only that it is deprecated: that would be graphql-core's own words, or nothing."""
    found = graphql_sync(core(), get_introspection_query(input_value_deprecation=True)).data["__schema"]
    parts = [part for type_ in found["types"] for part in deprecable(type_)]
    assert len(parts) > 1000
    reasons = [part["deprecationReason"] for part in parts if part["isDeprecated"]]
    assert not {"", None, DEFAULT_DEPRECATION_REASON} & set(reasons)


def deprecable(type_: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a type that can be deprecated."""
    arguments = [each for field in type_["fields"] or [] for each in field["args"]]
    return [
        *(part for kind in ("fields", "inputFields", "enumValues") for part in type_[kind] or []),
        *arguments,
    ]


def test_orders_say_that_rows_can_move() -> None:
    """A key that no row ever changes is one that it was born with."""
    born = {"CREATED_AT", "FIRST_SEEN_AT", "POSITION"}
    found = 0
    for name, type_ in core().type_map.items():
        if name.endswith("OrderField"):
            for word, value in type_.values.items():
                found += 1
                assert ("move" in (value.description or "")) is (word not in born), (name, word)
    assert found > 20


ELSEWHERE = {
    "id": "the key of joins; `id` in the schema is the global one, of type, portal and native id",
    "portal": "the portal's number; `portal` in the schema is the portal itself",
    "number": "the same of the portal's own row",
    "native_private": "`native` gives it to those who may read it",
    "document_hash": "`document.hash`",
    "row_hash": "how the merge sees a change: no datum of a portal",
    "wire_status": '`provenance(field: "status")` tells the word\'s own rule; `status` is what was concluded',
    "plain_name": "`name` as searches compare it",
    "name_words": "what searches rank by: the words of `name` and labels",
    "breaker_since": "`sync.breaker.since`",
    "breaker_reason": "`sync.breaker.reason`",
    "breaker_failures": "`sync.breaker.failures`",
    "breaker_openings": "how the breaker comes to its next pause",
    "forgetting_since": "for operators: `gateway portals`; nothing of the portal is to be relied on",
    "text_record": "whose document `document` is, on its way to `latestRecord`",
}
"""Columns that no field shows under their own name, and why."""


def shown(name: str, prefix: str = "") -> set[str]:
    """Return the columns that the fields of a type show, and those of the objects that its row embeds."""
    found: set[str] = set()
    for field, definition in core().type_map[name].fields.items():
        marks = definition.extensions[BACKREF].metadata
        found.add(prefix + snake(field))
        if "embedded" in marks:
            found |= shown(get_named_type(definition.type).name, prefix + marks["embedded"])
    return found


def columns(row: Any) -> set[str]:
    """Return the columns of a table; those of relations without ``_id``."""
    return {
        column.name.removesuffix("_id") if "refers" in column.info else column.name
        for column in row.__table__.columns
    }


@pytest.mark.parametrize("type_", [*ROWS, "Portal"])
def test_every_column_has_a_field(type_: Any) -> None:
    assert columns(ROWS.get(type_, Portal)) - shown(str(type_)) - set(ELSEWHERE) == set()


def test_every_exception_is_one() -> None:
    everything = set().union(*(columns(row) for row in (*ROWS.values(), Portal)))
    assert set(ELSEWHERE) - everything == set()


def test_every_column_of_a_document_and_of_its_fetch_has_a_field() -> None:
    told = {"entity_type", "entity_id", "fetch", "run", "body"} | set(ELSEWHERE)
    assert (columns(Document) | columns(FetchLog)) - shown("Document") - told == set()


def test_every_field_of_the_model_has_a_field() -> None:
    """What a normaliser can say is what the API can tell."""
    for type_, entity in ENTITIES.items():
        fields = set(entity.__dataclass_fields__) - {"type"}
        assert fields - shown(type_) - set(ELSEWHERE) == set()


def test_nothing_private_can_be_filtered_or_ordered_by() -> None:
    rows = [column for row in ROWS.values() for column in row.__table__.columns]
    private = {column.name for column in rows if is_private(column)}
    assert "notification_emails" in private
    keys: set[str] = set()
    for name, type_ in core().type_map.items():
        if name.endswith("OrderField"):
            keys |= {str(value.value) for value in type_.values.values()}
        elif name.endswith("Filter") and isinstance(type_, GraphQLInputObjectType):
            marks = {field: each.extensions[BACKREF].metadata for field, each in type_.fields.items()}
            keys |= {each.get("column", snake(field)) for field, each in marks.items()}
    assert {"name", "url_contains", "status"} < keys
    assert {key.removesuffix("_contains") for key in keys} & private == set()


def test_the_words_of_the_model_are_the_words_of_the_schema() -> None:
    for row in ROWS.values():
        for column in row.__table__.columns:
            if enum := column.info.get("enum"):
                assert list(core().type_map[enum.__name__].values) == [word.value for word in enum]
