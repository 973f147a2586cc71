"""Documents that schemathesis draws from the schema: valid ones, with whatever values the types allow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase

SCHEMA = Path(__file__).resolve().parents[3] / "graphql" / "schema.graphql"


def drawn(count: int, seed: int, send: Callable[[str], None]) -> None:
    """Hand *count* documents to *send*, about as many for each root field."""
    operations = [each.ok() for each in schemathesis.graphql.from_path(SCHEMA).get_all_operations()]
    sent = 0
    while sent < count:
        for operation in operations:
            share = min(count - sent, -(-count // len(operations)))
            if share > 0:
                sent += _drawn(operation, share, seed + sent, send)


def _drawn(operation: object, count: int, seed: int, send: Callable[[str], None]) -> int:
    texts: list[str] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())  # type: ignore[attr-defined]
    def take(case: schemathesis.Case) -> None:
        texts.append(str(case.body))

    take()
    for text in texts[:count]:
        send(text)
    return len(texts[:count])
