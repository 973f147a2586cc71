"""From documents to rows: what a unit will stage, and what cannot be read or stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import Entity
from gateway.model.enums import EntityType
from gateway.store.bookkeeping import encode
from gateway.store.shape import ADDRESS, Row, Unstorable, shape

Normalise: TypeAlias = Callable[[Document], Iterable[Entity | Rejection]]

Spoken: TypeAlias = tuple[EntityType, Any, Row, bool]
"""Type, identity and staged row of an entity, and whether its document is named after it.

The identity is the native id; of a dataset also that of the record that tells of it, None where there is none.
"""
_PLACES = {name: place - len(ADDRESS) for place, (name, _) in enumerate(ADDRESS)}
_FETCH, _SPEAKER = _PLACES["fetch_id"], _PLACES["speaker"]
_NOWHERE = (None,) * len(ADDRESS)
_RECORD, _DATASET = EntityType.HARVEST_RECORD, EntityType.DATASET


class Reading(NamedTuple):
    """What one document says, in the form in which it is stored, but for the answer that it came with."""

    document: Document
    entities: Sequence[Spoken]
    rejected: Sequence[Rejection]


@dataclass(slots=True)
class Layout:
    """Rows to stage by type, the latest of each identity, and what could not be read."""

    rows: dict[EntityType, dict[Any, Row]] = field(default_factory=lambda: defaultdict(dict))
    rejected: list[tuple[Document, Rejection]] = field(default_factory=list)
    """What could not be read, and the document that it was in, or that it is."""


def read(document: Document, normalise: Normalise) -> Reading:
    """Normalise *document*; what cannot be read or stored is told, never raised."""
    entities: list[Spoken] = []
    rejected: list[Rejection] = []
    speaker: str | None = None
    try:
        for entity in normalise(document):
            if isinstance(entity, Rejection):
                rejected.append(entity)
                continue
            type_, native_id = entity.type, entity.native_id
            identity: Any = native_id
            named = native_id == document.native_id and type_ is document.type
            address = _address(document) if named else _NOWHERE
            if type_ is _RECORD:
                speaker = native_id
            elif type_ is _DATASET and speaker is not None:
                identity, address = (native_id, speaker), (*address[:_SPEAKER], speaker)
            entities.append((type_, identity, shape(type_).row(entity, address), named))
    except Unstorable as error:
        return Reading(document, (), (_rejection(document, str(error)),))
    return Reading(document, entities, rejected)


def lay_out(readings: Iterable[Reading], fetches: Mapping[Fetch, int]) -> Layout:
    """Return the rows of what was read; *fetches* are the keys of the answers that it came with."""
    layout = Layout()
    fetch, key = None, None
    for document, entities, rejected in readings:
        if rejected:
            layout.rejected.extend((document, rejection) for rejection in rejected)
        if document.fetch is not fetch:
            fetch = document.fetch
            key = fetches.get(fetch)
        for type_, identity, row, named in entities:
            if named:
                row[_FETCH] = key
            layout.rows[type_][identity] = row
    return layout


def _address(document: Document) -> tuple[Any, ...]:
    """Return where *document* came from, for the entity that it is named after, but for the answer."""
    counted = None if document.counted is None else encode(document.counted)
    return document.hash, document.body, document.parent, document.position, counted, None, None


def _rejection(document: Document, reason: str) -> Rejection:
    return Rejection(
        document.type,
        reason,
        document.body,
        document.fetch,
        native_id=document.native_id,
        parent=document.parent,
        position=document.position,
    )
