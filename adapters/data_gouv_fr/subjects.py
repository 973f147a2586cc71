"""What an item is about: its dataset or data service, as a reference or, on old portals and in previews, in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from adapters.data_gouv_fr.values import instant, name, part, text
from gateway.model.enums import RecordType
from gateway.model.mapping import public

Element = Mapping[str, Any]
_A_DATASET = RecordType.DATASET

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


def subject(item: Element) -> Element | None:
    """Return what an item is about, and the item, found once for all rules that read them.

    ``item``, ``body`` (the dataset or data service) and ``kind`` (which of them it is); None where it is about nothing.
    """
    if isinstance(found := item.get("dataset"), dict):
        return {"item": item, "body": found, "kind": _A_DATASET}
    if isinstance(found := item.get("dataservice"), dict):
        return {"item": item, "body": found, "kind": RecordType.DATA_SERVICE}
    return None


def subject_id(item: Any) -> str | None:
    """Return the id of the dataset or data service that an item is about."""
    if not isinstance(item, dict):
        return None
    if not isinstance(found := item.get("dataset"), dict) and not isinstance(
        found := item.get("dataservice"), dict
    ):
        return None
    return name(found.get("id"))


def subject_type(item: Any) -> RecordType | None:
    """Return which of a dataset and a data service an item is about."""
    if not isinstance(item, dict):
        return None
    if isinstance(item.get("dataset"), dict):
        return _A_DATASET
    return RecordType.DATA_SERVICE if isinstance(item.get("dataservice"), dict) else None


def first_of(*keys: str) -> Callable[[Any], str | None]:
    """Return a reader of the first of *keys* that a dataset or data service has, as text."""

    def read(body: Any) -> str | None:
        if isinstance(body, dict):
            for key in keys:
                if (value := body.get(key)) is not None:
                    return value if value.__class__ is str else text(value)
        return None

    return read


def of_item_or_harvest(key: str) -> Callable[[Any], str | None]:
    """Return a reader of an item's *key*, else of that key of what its dataset says of its harvest."""

    def read(found: Any) -> str | None:
        if not isinstance(found, dict):
            return None
        value = part(found.get("item"), key)
        if value is None:
            value = part(part(found.get("body"), "harvest"), key)
        return value if value is None or value.__class__ is str else text(value)

    return read


def modified(found: Any) -> datetime | None:
    """Return when the metadata of the item's dataset or data service was last changed."""
    if not isinstance(found, dict):
        return None
    kind = found.get("kind")
    key = _MODIFIED.get(kind) if isinstance(kind, RecordType) else None
    said = part(found.get("body"), key) if key else None
    return None if said is None else instant(said)


def rest(found: Any) -> Mapping[str, Any] | None:
    """Return the keys of the item's dataset or data service that no field reads, without anybody's rights."""
    body = part(found, "body")
    if not isinstance(body, dict) or _READ.issuperset(body):
        return None
    read = _READ if modified(found) is None else _READ | {_MODIFIED[found["kind"]]}
    kept: Mapping[str, Any] = public({key: body[key] for key in body if key not in read}, RIGHTS)
    return kept or None
