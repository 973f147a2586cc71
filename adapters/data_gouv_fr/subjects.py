"""What an item is about: its dataset or data service, as a reference or, on old portals and in previews, in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from adapters.data_gouv_fr.values import instant, name, part, text, texts
from gateway.model.enums import RecordType
from gateway.model.mapping import public

Element = Mapping[str, Any]

RIGHTS = frozenset({"permissions"})
"""The rights of who asked: nobody's data."""
_MODIFIED = {RecordType.DATASET: "last_modified", RecordType.DATA_SERVICE: "metadata_modified_at"}
"""Where each kind says when it was last changed."""
_READ = frozenset({"class", "id", "title", "acronym", "page", "self_web_url", "uri", "self_api_url"}) | {
    "description",
    "license",
    "tags",
}
"""Keys that fields of the model read, or that say nothing of the dataset."""


def subject(item: Any) -> tuple[Element, RecordType] | None:
    """Return the dataset or data service that an item is about."""
    if isinstance(item, dict):
        if isinstance(found := item.get("dataset"), dict):
            return found, RecordType.DATASET
        if isinstance(found := item.get("dataservice"), dict):
            return found, RecordType.DATA_SERVICE
    return None


def subject_id(item: Any) -> str | None:
    """Return the id of the dataset or data service that an item is about."""
    return name(_of(item, "id"))


def subject_type(item: Any) -> RecordType | None:
    """Return which of a dataset and a data service an item is about."""
    found = subject(item)
    return found[1] if found else None


def of_subject(*keys: str) -> Callable[[Any], str | None]:
    """Return a reader of the first of *keys* that the item's dataset or data service has, as text."""

    def read(item: Any) -> str | None:
        found = subject(item)
        present = [value for key in keys if (value := found[0].get(key)) is not None] if found else ()
        return text(present[0]) if present else None

    return read


def of_item_or_harvest(key: str) -> Callable[[Any], str | None]:
    """Return a reader of an item's *key*, else of that key of what its dataset says of its harvest."""

    def read(item: Any) -> str | None:
        own = text(part(item, key))
        return text(part(_of(item, "harvest"), key)) if own is None else own

    return read


def keywords(item: Any) -> tuple[str, ...] | None:
    """Return the tags of the item's dataset or data service."""
    return texts(_of(item, "tags"))


def publisher(item: Any) -> str | None:
    """Return the name of the organization whose dataset or data service it is."""
    return text(part(_of(item, "organization"), "name"))


def modified(item: Any) -> datetime | None:
    """Return when the metadata of the item's dataset or data service was last changed."""
    found = subject(item)
    return instant(found[0].get(_MODIFIED[found[1]])) if found else None


def rest(item: Any) -> Mapping[str, Any] | None:
    """Return the keys of the item's dataset or data service that no field reads, without anybody's rights."""
    found = subject(item)
    if found is None:
        return None
    body, kind = found
    read = _READ if instant(body.get(_MODIFIED[kind])) is None else _READ | {_MODIFIED[kind]}
    kept: Mapping[str, Any] = public({key: body[key] for key in body if key not in read}, RIGHTS)
    return kept or None


def _of(item: Any, key: str) -> Any:
    found = subject(item)
    return found[0].get(key) if found else None
