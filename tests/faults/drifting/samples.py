"""Whole elements of each wire: what its sandbox portal shows, with every further member that is expected."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from acceptance.wires import Wire

from gateway import registry
from gateway.model.document import Document
from gateway.model.enums import EntityType
from gateway.model.expected import Expected, JsonType, json_type
from gateway.ports import Adapter, Scope
from gateway.sandbox.control import running
from gateway.testing.contract import Bench

EPOCH = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
FEW = 3
"""Scopes of each stream that are read."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One type of documents of a wire."""

    type: EntityType
    whole: Any
    """An element with every member."""
    original: Document
    """The document that it was made of."""
    expected: Expected


async def samples(wire: Wire, seed: int) -> tuple[Adapter, list[Sample], list[Document]]:
    """Return a wire's adapter, a whole element of each type, and documents as the sandbox gives them."""
    adapter = registry.adapters()[wire.adapter]
    begun: dict[str, int] = {}

    def wanted(scope: Scope) -> bool:
        begun[scope.stream] = begun.get(scope.stream, 0) + 1
        return begun[scope.stream] <= FEW

    portal = registry.sandboxes()[wire.adapter]
    async with running(portal, seed=seed, scale=1, epoch=EPOCH, dialect=wire.dialect) as server:
        known = await Bench(adapter, server, wire.settings).loaded(wanted=wanted)
    documents = list(known.documents.values())
    found = [
        _sample(type_, expected, [document for document in documents if document.type is type_])
        for type_, expected in adapter.expected.items()
    ]
    return adapter, [sample for sample in found if sample is not None], documents


def _sample(type_: EntityType, expected: Expected, documents: Iterable[Document]) -> Sample | None:
    richest = sorted(documents, key=lambda document: len(document.body), reverse=True)[:50]
    if not richest:
        return None
    elements = [json.loads(document.body) for document in richest]
    return Sample(type_, _whole(expected, elements), richest[0], expected)


def _whole(expected: Expected, values: list[Any]) -> Any:
    """Return the first of *values*, each of its members filled from the others or made up."""
    values = [value for value in values if value is not None] or [_made(expected)]
    first = values[0]
    if isinstance(first, dict) and expected.members is not None:
        objects = [value for value in values if isinstance(value, dict)]
        named = {
            name: _whole(below, [each.get(name) for each in objects])
            for name, below in expected.members.items()
        }
        return {**first, **named}
    if isinstance(first, list) and expected.each is not None:
        return [
            _whole(expected.each, [each for value in values if isinstance(value, list) for each in value])
        ]
    return first


def _made(expected: Expected) -> Any:
    """Return a value as it is expected."""
    if expected.words:
        return min(expected.words)
    made: dict[JsonType, Any] = {
        JsonType.STRING: "made up",
        JsonType.NUMBER: 7,
        JsonType.BOOLEAN: False,
        JsonType.ARRAY: ["made up"] if expected.each is None else [_made(expected.each)],
        JsonType.OBJECT: {name: _made(below) for name, below in (expected.members or {}).items()},
    }
    found = made[min(expected.types)] if expected.types else "made up"
    assert not expected.types or json_type(found) in expected.types
    return found
