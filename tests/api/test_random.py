"""Whatever valid document is asked, the answer is what the schema promises: keys, order, types, nulls."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from graphql import (
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    parse,
)

from harvest_graphql.engine import Engine
from harvest_graphql.schema import core
from harvest_graphql.visibility import READ_PRIVATE

KINDS: dict[str, Any] = {"Int": int, "Float": (int, float), "Boolean": bool, "JSON": object}
TOO_MUCH = {"DOCUMENT_TOO_LARGE", "TOO_EXPENSIVE"}
"""What chance may ask for too much of."""


class Author:
    """Writes valid documents at random."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def document(self) -> str:
        return "{ " + self.selection(core().query_type, self.random.randint(1, 5)) + " }"

    def selection(self, type_: Any, depth: int) -> str:
        words = []
        for name in self.random.sample(list(type_.fields), min(len(type_.fields), self.random.randint(1, 8))):
            field = type_.fields[name]
            named = get_named_type(field.type)
            needy = name not in {"provenance", "groups"} and any(
                map(is_required_argument, field.args.values())
            )
            if is_abstract_type(named) or needy or (depth == 0 and not is_leaf_type(named)):
                continue
            alias = f"x{self.random.randint(0, 9)}_{name}: " if self.random.random() < 0.1 else ""
            below = "" if is_leaf_type(named) else f" {{ {self.selection(named, depth - 1)} }}"
            words.append(f"{alias}{name}{self.arguments(type_, field)}{below}")
        return " ".join(words) or "__typename"

    def arguments(self, type_: Any, field: Any) -> str:
        if "field" in field.args:
            names = ("id", "status", "message", "title", "counts.total")
            known = [each for each in names if each.partition(".")[0] in type_.fields]
            return f'(field: "{self.random.choice(known)}")'
        if "by" in field.args:
            keys = list(get_named_type(field.args["by"].type).values)
            chosen = self.random.sample(keys, self.random.randint(1, 3))
            return (
                f'(by: [{", ".join(chosen)}], first: {self.random.randint(0, 9)}, timeZone: "Asia/Kathmandu")'
            )
        if "first" not in field.args:
            return ""
        if "orderBy" not in field.args:
            return self.random.choice(["", f"(first: {self.random.randint(0, 4)})"])
        keys = get_named_type(get_named_type(field.args["orderBy"].type).fields["field"].type).values
        way = self.random.choice(["ASC", "DESC"])
        order = f"orderBy: {{field: {self.random.choice(list(keys))}, direction: {way}}}"
        size = f"{self.random.choice(['first', 'last'])}: {self.random.randint(0, 4)}"
        everything = "filter: {presence: [PRESENT, GONE, EXPIRED, DELETED, UNKNOWN]}"
        chosen = [each for each in (order, size, everything) if self.random.random() < 0.4]
        return f"({', '.join(chosen)})" if chosen else ""


def hold(type_: Any, value: Any, selection: Any, path: str) -> None:
    """Assert that *value* is what *type_* and *selection* promise."""
    if is_non_null_type(type_):
        assert value is not None, path
        return hold(type_.of_type, value, selection, path)
    if value is None:
        return None
    if is_list_type(type_):
        for place, each in enumerate(value):
            hold(type_.of_type, each, selection, f"{path}[{place}]")
        return None
    if is_leaf_type(type_):
        assert (
            value in type_.values if is_enum_type(type_) else isinstance(value, KINDS.get(type_.name, str))
        ), path
        return None
    keys = [node.alias.value if node.alias else node.name.value for node in selection.selections]
    assert list(value) == list(dict.fromkeys(keys)), path
    for key, node in zip(keys, selection.selections, strict=True):
        if node.name.value == "__typename":
            assert value[key] == type_.name
        else:
            hold(type_.fields[node.name.value].type, value[key], node.selection_set, f"{path}.{key}")
    return None


@pytest.mark.parametrize("block", range(8))
async def test_answers_hold_what_the_schema_promises(engine: Engine, block: int) -> None:
    answered = 0
    for seed in range(block * 40, block * 40 + 40):
        document = Author(seed).document()
        scopes = frozenset({READ_PRIVATE}) if seed % 2 else frozenset()
        answer = json.loads(await engine.execute(document, scopes=scopes))
        if "errors" in answer:
            assert answer["errors"][0]["extensions"]["code"] in TOO_MUCH, document
            continue
        answered += 1
        (operation,) = parse(document).definitions
        hold(core().query_type, answer["data"], operation.selection_set, "data")  # type: ignore[attr-defined]
    assert answered > 30
