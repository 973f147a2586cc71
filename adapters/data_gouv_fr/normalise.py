"""What a document of the portal says in the words of the common model: pure, total, by the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from adapters.data_gouv_fr.counts import as_counters, counted
from adapters.data_gouv_fr.subjects import subject
from adapters.data_gouv_fr.tables import DATASET, ERROR, JOB, RECORD, TABLES, Element
from adapters.data_gouv_fr.values import listed, name, part, text
from gateway.fetch.decode import DecodeError, storable
from gateway.model.document import Document, Rejection
from gateway.model.entities import Entity
from gateway.model.enums import EntityType
from gateway.model.identity import error_id

Said = list[Entity | Rejection]


def normalise(document: Document) -> Iterable[Entity | Rejection]:
    """Return the entities that *document* describes, a Rejection for what cannot be read. Never raises."""
    try:
        element = storable(document.body)
    except DecodeError as error:
        return [_rejected(document, f"it is not JSON: {error}")]
    read = _READERS.get(document.type)
    if read is None:
        return [_rejected(document, "the portal has no such elements")]
    if not isinstance(element, dict):
        return [_rejected(document, "it is no object")]
    return read(document, element)


def _named(document: Document, element: Element) -> Said:
    """Return the entity of an element that says its id."""
    if name(element.get("id")) != document.native_id:
        return [_rejected(document, "it does not say its id")]
    return [TABLES[document.type].read(element)]


def _job(document: Document, element: Element) -> Said:
    """Return a run and its own errors."""
    element = _as_linked(document, element)
    job = name(element.get("id"))
    if job is None or job != document.native_id:
        return [_rejected(document, "it does not say its id")]
    source = document.parent or name(part(element.get("source"), "id"))
    return [JOB.read(element, source=source), *_errors(document, element, job=job, record=None)]


def _as_linked(document: Document, element: Element) -> Element:
    """Return a run as udata 17 gives it: with its counters, whether its items were cut off or are inside.

    A preview is a run that has no id: it is called as its document is.
    """
    items = element.get("items")
    if isinstance(items, Mapping):
        return element
    held = isinstance(items, list)
    counters = as_counters(counted(listed(items)) if held else document.counted)
    named = {"id": document.native_id} if held and element.get("id", ...) is None else {}
    return {**element, "items": counters, **named}


def _record(document: Document, element: Element) -> Said:
    """Return an item's record, its dataset or data service, and its errors."""
    record = document.native_id
    job, position = document.parent, document.position
    if not job or position is None:
        owner, _, place = record.rpartition("/")
        job = job or owner
        if position is None and place.isdecimal() and len(place) < 10:
            position = int(place)
    found = RECORD.read(element, native_id=record, job=job, position=position)
    said: Said = [found]
    if found.dataset:
        said.append(DATASET.read(subject(element)))
    return said + _errors(document, element, job=job, record=record) if element.get("errors") else said


def _errors(document: Document, element: Element, *, job: str, record: str | None) -> Said:
    return [
        _error(document, entry, position, job=job, record=record)
        for position, entry in enumerate(listed(element.get("errors")))
    ]


def _error(
    document: Document, entry: Any, position: int, *, job: str, record: str | None
) -> Entity | Rejection:
    native_id = error_id(document.native_id, position)
    if isinstance(entry, Mapping):
        return ERROR.read(entry, native_id=native_id, job=job, record=record, position=position)
    return Rejection(
        EntityType.HARVEST_ERROR,
        "it is no object",
        (text(entry) or "null").encode(),
        document.fetch,
        native_id=native_id,
        parent=document.native_id,
        position=position,
    )


def _rejected(document: Document, reason: str) -> Rejection:
    return Rejection(
        document.type,
        reason,
        document.body,
        document.fetch,
        native_id=document.native_id,
        parent=document.parent,
        position=document.position,
    )


_READERS: Mapping[EntityType, Callable[[Document, Element], Said]] = {
    EntityType.ORGANIZATION: _named,
    EntityType.PERSON: _named,
    EntityType.HARVEST_BACKEND: _named,
    EntityType.HARVEST_SOURCE: _named,
    EntityType.HARVEST_JOB: _job,
    EntityType.HARVEST_RECORD: _record,
}
