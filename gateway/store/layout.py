"""From documents to rows: what a unit will stage, and what cannot be read or stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import Dataset, Entity, HarvestRecord
from gateway.model.enums import EntityType
from gateway.store.bookkeeping import encode
from gateway.store.shape import Unstorable, shape

Normalise: TypeAlias = Callable[[Document], Iterable[Entity | Rejection]]

Staged: TypeAlias = tuple[EntityType, Any, tuple[Any, ...]]
"""Type, identity within the unit, and values in the order of the type's stage."""


@dataclass(slots=True)
class Layout:
    """Rows to stage by type, the latest of each identity, and what could not be read."""

    rows: dict[EntityType, dict[Any, tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(dict))
    rejected: list[tuple[Document, Rejection]] = field(default_factory=list)
    """What could not be read, and the document that it was in, or that it is."""


def lay_out(documents: Sequence[Document], normalise: Normalise, fetches: Mapping[Fetch, int]) -> Layout:
    """Normalise *documents* into rows; one that cannot be read or stored harms no other."""
    layout = Layout()
    for document in documents:
        try:
            rows, rejected = _rows(document, normalise, fetches.get(document.fetch))
        except Unstorable as error:
            rows, rejected = [], [_rejection(document, str(error))]
        layout.rejected.extend((document, rejection) for rejection in rejected)
        for type_, key, row in rows:
            layout.rows[type_][key] = row
    return layout


def _rows(
    document: Document, normalise: Normalise, fetch_id: int | None
) -> tuple[list[Staged], list[Rejection]]:
    rows: list[Staged] = []
    rejected: list[Rejection] = []
    speaker: str | None = None
    for entity in normalise(document):
        if isinstance(entity, Rejection):
            rejected.append(entity)
            continue
        if isinstance(entity, HarvestRecord):
            speaker = entity.native_id
        rows.append(_staged(entity, document, fetch_id, speaker if isinstance(entity, Dataset) else None))
    return rows, rejected


def _staged(entity: Entity, document: Document, fetch_id: int | None, speaker: str | None) -> Staged:
    """Return the row of *entity*; *document*'s address goes with the entity that it is named after."""
    address: tuple[Any, ...] = (None, None, None, None, None, None, speaker)
    if entity.type is document.type and entity.native_id == document.native_id:
        place = (document.parent, document.position, encode(document.counted))
        address = (document.hash, document.body, *place, fetch_id, speaker)
    key = entity.native_id if speaker is None else (entity.native_id, speaker)
    return entity.type, key, (*shape(entity.type).row(entity), *address)


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
