"""What an adapter makes of a captured element, held against what the facts say of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acceptance.wire.capture import Capture
from acceptance.wire.replay import NOW

from gateway.model.document import Document, Fetch, Rejection, digest
from gateway.model.entities import Entity
from gateway.model.enums import EntityType
from gateway.ports import Adapter

UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Element:
    """One captured element and where it stood."""

    type: EntityType
    native_id: str
    body: dict[str, Any]
    parent: str | None = None
    position: int | None = None

    def document(self, capture: Capture) -> Document:
        """Return the element as a document."""
        fetch = Fetch(capture.path, capture.headers.get("X-Fields"), NOW, digest(capture.raw))
        body = json.dumps(self.body, ensure_ascii=False).encode()
        return Document.of(self.type, self.native_id, body, fetch, parent=self.parent, position=self.position)


Expected = Mapping[str, Any]
"""Field of an entity -> its value."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entity that an element must give."""

    type: EntityType
    native_id: str
    fields: Expected


def said(adapter: Adapter, element: Element, capture: Capture) -> tuple[list[Entity], list[str]]:
    """Return what the adapter reads out of *element*, and what it should not have done."""
    try:
        found = list(adapter.normalise(element.document(capture)))
    except Exception as error:  # noqa: BLE001 - "never raises" is what is shown here
        return [], [f"{element.native_id}: normalise raises {error!r}"]
    rejected = [f"{element.native_id}: rejected, {one.reason}" for one in found if isinstance(one, Rejection)]
    return [one for one in found if not isinstance(one, Rejection)], rejected


def wrong(entities: Iterable[Entity], wanted: Iterable[Wanted]) -> Iterator[str]:
    """Yield how *entities* differ from those *wanted*: none missing, none more, each field as told."""
    found = {(entity.type, entity.native_id): entity for entity in entities}
    for one in wanted:
        entity = found.pop((one.type, one.native_id), None)
        if entity is None:
            yield f"{one.native_id}: no {one.type}"
            continue
        for field, value in one.fields.items():
            if getattr(entity, field) != value:
                yield f"{one.native_id}: {field} is {getattr(entity, field)!r}, the facts say {value!r}"
    for type_, native_id in found:
        yield f"{native_id}: an unexpected {type_}"


def unknown_words(entities: Iterable[Entity], fields: Iterable[str]) -> Iterator[str]:
    """Yield the *fields* whose word the adapter did not know."""
    for entity in entities:
        for field in fields:
            if getattr(entity, field, None) == UNKNOWN:
                yield f"{entity.native_id}: {field} is UNKNOWN"


def iso(text: str | None) -> datetime | None:
    """Return the instant of an ISO 8601 text."""
    return None if text is None else datetime.fromisoformat(text)


def told(element: Mapping[str, Any], **pairs: tuple[str, Any]) -> dict[str, Any]:
    """Return the fields whose key the element has: masks leave keys out."""
    return {field: value for field, (key, value) in pairs.items() if key in element}
