"""The part of the contract that is about normalisers: total, pure, and described by their own tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from enum import Enum
from typing import Any, ClassVar

from gateway.model.document import Document, Rejection
from gateway.model.entities import ENTITIES, Entity
from gateway.model.enums import EntityType
from gateway.model.expected import Drift, DriftKind, drifts
from gateway.model.mapping import Rule
from gateway.ports import Adapter
from gateway.testing import garbage
from gateway.testing.memory import MemoryKnown

POINTER = re.compile(r"(/([^~/]|~[01])*)*")
SPOILED = 3
"""So many documents of each type are spoiled in every way."""


class NormaliserContract:
    """What a normaliser keeps. A subclass names *adapter* and says where *documents* come from."""

    adapter: ClassVar[Adapter]

    async def documents(self) -> MemoryKnown:
        """Return a store that holds documents of the portal."""
        raise NotImplementedError

    async def test_the_same_document_says_the_same(self) -> None:
        """Normalising is pure, names the document that it read, and says what can be stored."""
        for document in (await self.documents()).documents.values():
            said = list(self.adapter.normalise(document))
            assert said == list(self.adapter.normalise(document))
            assert not any(isinstance(one, Rejection) for one in said)
            assert document.native_id in {one.native_id for one in said}
            assert _faults(said) == []

    async def test_documents_hold_what_is_expected(self) -> None:
        """Each type of documents is described; what a portal sends today is known, but for words of tomorrow."""
        found: set[tuple[EntityType, Drift]] = set()
        for document in (await self.documents()).documents.values():
            element = json.loads(document.body)
            found.update(
                (document.type, one) for one in drifts(element, self.adapter.expected[document.type])
            )
        assert {one for one in found if one[1].kind is not DriftKind.UNKNOWN_WORD} == set()

    async def test_spoiled_documents_are_taken(self) -> None:
        """Any value anywhere, or none, is taken; a word that no vocabulary has is no rejection, and is kept."""
        for document in _samples((await self.documents()).documents.values()):
            for spoiled in garbage.spoiled(document):
                assert _faults(self.adapter.normalise(spoiled)) == [], spoiled.body
            for rule, changed in self._with_new_words(document):
                said = list(self.adapter.normalise(changed))
                assert not any(isinstance(one, Rejection) for one in said), rule.pointer
                assert garbage.NEW_WORD in repr(said), f"{rule.field} lost the word at {rule.pointer}"

    def test_garbage_is_refused(self) -> None:
        """What is no element gives an answer all the same, and never raises."""
        for kind in EntityType:
            for body in garbage.BODIES:
                said = list(self.adapter.normalise(garbage.document(kind, body)))
                assert _faults(said) == [], (kind, body[:80])
                assert said, (kind, body[:80])

    def test_every_rule_names_a_field_and_a_place(self) -> None:
        """Fields exist, once each; places are JSON pointers."""
        for kind, table in self.adapter.tables.items():
            assert table.entity is ENTITIES[kind]
            known = {field.name for field in fields(table.entity)}
            named = [rule.field for rule in table.rules]
            assert len(named) == len(set(named)), kind
            for rule in table.rules:
                assert rule.field in known, (kind, rule.field)
                assert POINTER.fullmatch(rule.pointer), (kind, rule.pointer)

    def test_every_rule_takes_anything(self) -> None:
        """No rule raises, whatever it is given."""
        for table in self.adapter.tables.values():
            for rule in table.rules:
                for value in garbage.VALUES:
                    rule.read(value)

    def _with_new_words(self, document: Document) -> Iterator[tuple[Rule, Document]]:
        """Yield *document* with a new word in each place that an enum is read from."""
        element = json.loads(document.body)
        for rule in self.adapter.tables[document.type].rules:
            found = _at(element, rule.path) if rule.path else None
            if isinstance(found, str) and isinstance(rule.read(found), Enum) and rule.path != ("id",):
                yield (
                    rule,
                    garbage.changed(document, garbage.with_value(element, rule.path, garbage.NEW_WORD)),
                )


def _at(element: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        element = element.get(step) if isinstance(element, dict) else None
    return element


def _samples(documents: Iterable[Document]) -> list[Document]:
    """Return a few documents of each type, the longest: they hold the most."""
    found: dict[EntityType, list[Document]] = {}
    for document in sorted(documents, key=lambda one: len(one.body), reverse=True):
        found.setdefault(document.type, []).append(document)
    return [document for listed in found.values() for document in listed[:SPOILED]]


def _faults(said: Iterable[Entity | Rejection]) -> list[str]:
    """Return what of the entities could not be stored."""
    return [
        f"{one.type} {one.native_id}: {fault}"
        for one in said
        if isinstance(one, Entity)
        for fault in garbage.faults(one)
    ]
