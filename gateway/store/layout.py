"""From documents to rows: what a unit will stage, and what cannot be read or stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import Entity
from gateway.model.enums import EntityType
from gateway.store.bookkeeping import encode
from gateway.store.shape import Unstorable, shape

Normalise: TypeAlias = Callable[[Document], Iterable[Entity | Rejection]]

Spoken: TypeAlias = tuple[EntityType, str, tuple[Any, ...], str | None]
"""Type, native id and values of an entity; for a dataset the record that tells of it."""
_NOWHERE = (None,) * 6
"""The address of what no document is named after."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one document says, in the form in which it is stored."""

    document: Document
    entities: Sequence[Spoken]
    rejected: Sequence[Rejection]


@dataclass(slots=True)
class Layout:
    """Rows to stage by type, the latest of each identity, and what could not be read."""

    rows: dict[EntityType, dict[Any, tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(dict))
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
            if type_ is EntityType.HARVEST_RECORD:
                speaker = native_id
            values = shape(type_).row(entity)
            entities.append((type_, native_id, values, speaker if type_ is EntityType.DATASET else None))
    except Unstorable as error:
        return Reading(document, (), (_rejection(document, str(error)),))
    return Reading(document, entities, rejected)


def lay_out(readings: Iterable[Reading], fetches: Mapping[Fetch, int]) -> Layout:
    """Return the rows of what was read; *fetches* are the keys of the answers that it came with."""
    layout = Layout()
    for reading in readings:
        document = reading.document
        layout.rejected.extend((document, rejection) for rejection in reading.rejected)
        for type_, native_id, values, speaker in reading.entities:
            address = _NOWHERE
            if type_ is document.type and native_id == document.native_id:
                address = _address(document, fetches.get(document.fetch))
            key = native_id if speaker is None else (native_id, speaker)
            layout.rows[type_][key] = (*values, *address, speaker)
    return layout


def _address(document: Document, fetch: int | None) -> tuple[Any, ...]:
    """Return where *document* came from, for the entity that it is named after."""
    place = (document.parent, document.position, encode(document.counted))
    return (document.hash, document.body, *place, fetch)


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
