"""Whatever is asked of an instant, the answer is what the schema promises; where nothing came since, then is now."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api.test_random import Author, hold
from api.world import hours_ago
from graphql import get_named_type, parse

from harvest_graphql.engine import Engine
from harvest_graphql.schema import core

PAST_FREE = {"dataset", "datasets", "groups", "nextRunAt", "lastSeenAt"}
"""Fields that cannot be asked for with ``asOf``, or whose value of then is not that of now."""
DERIVED = ("lastJob", "consecutiveFailures", "NEXT_RUN_AT", "CONSECUTIVE_FAILURES")
"""What follows from runs, which the seeded world says by itself."""


class Historian(Author):
    """Writes valid documents about the past at random."""

    def document(self) -> str:
        """Return a document with one root field, with a place for its ``asOf``."""
        root = core().query_type
        assert root is not None
        roots = [
            name for name, field in root.fields.items() if "asOf" in field.args and "first" in field.args
        ]
        name = self.random.choice(roots)
        selection = self.selection(get_named_type(root.fields[name].type), self.random.randint(2, 5))
        return f'{{ {name}(%s filter: {{portal: ["data-gov"]}}) {{ {selection} }} }}'

    def selection(self, type_: Any, depth: int) -> str:
        """Return fields of *type_* that have a past."""
        kept = {name: field for name, field in type_.fields.items() if name not in PAST_FREE}
        return super().selection(_Narrowed(kept), depth)


class _Narrowed:
    """A type with fewer fields."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields


@pytest.mark.parametrize("block", range(4))
async def test_where_nothing_came_since_then_is_now(engine: Engine, block: int) -> None:
    answered = 0
    for seed in range(block * 25, block * 25 + 25):
        document = Historian(seed).document()
        then = json.loads(await engine.execute(document % f'asOf: "{hours_ago(5).isoformat()}",'))
        if "errors" in then:
            assert then["errors"][0]["extensions"]["code"] == "DOCUMENT_TOO_LARGE", (document, then)
            continue
        answered += 1
        (operation,) = parse(document % "").definitions
        hold(core().query_type, then["data"], operation.selection_set, "data")  # type: ignore[attr-defined]
        if any(word in document for word in DERIVED):
            continue
        assert then["data"] == json.loads(await engine.execute(document % ""))["data"], document
    assert answered > 15
